"""The whole record through `xianban import parking`: raw, dirt flagged, twice the same."""

import gzip
from collections import Counter
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import xianban_plugin_parking_replay.plugin as replay
from sqlalchemy import select
from xianban_parking import hookspecs
from xianban_parking.importer import import_parking
from xianban_parking.repository import metadata
from xianban_parking.repository.tables import observation
from xianban_sdk.clock import SystemClock
from xianban_sdk.ids import UlidIds
from xianban_sdk.plugins import build
from xianban_sdk.settings import Settings
from xianban_sdk.storage import Database, Keyring, install_keys, migrate

PACKED = files("xianban_plugin_parking_replay").joinpath("birmingham-occupancy.csv.gz")


# Two whole imports of 35,717 rows: seconds when idle, more beside other work.
def test_the_record_is_imported_raw_once_with_its_dirt_flagged(tmp_path: Path) -> None:
    install_keys(Keyring.derive(b"0" * 32))
    path = tmp_path / "birmingham-occupancy.csv"
    path.write_bytes(gzip.decompress(PACKED.read_bytes()))
    db = Database.open(f"sqlite:///{tmp_path / 'parking.db'}", owner="parking")
    migrate(db)
    metadata.create_all(db.engine)
    resources = SimpleNamespace(
        db=db,
        clock=SystemClock(),
        ids=UlidIds(),
        hooks=build("parking", hookspecs, [replay]),
        settings=Settings(data=tmp_path),
    )
    report = import_parking(path, resources, lambda _: None, {})
    assert (report.accepted, report.duplicates, report.rejected) == (35_501, 216, 0)
    with db.read() as conn:
        verdicts = Counter(conn.scalars(select(observation.c.verdict)))
    assert set(verdicts) == {"fresh", "implausible"}
    # 373 rows over capacity and 12 below zero, less those that were told twice.
    assert 380 <= verdicts["implausible"] <= 385
    again = import_parking(path, resources, lambda _: None, {})
    assert (again.accepted, again.duplicates, again.rejected) == (0, 35_717, 0)
    db.close()
