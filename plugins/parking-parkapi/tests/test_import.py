"""The real files through `xianban import parking` with the real plugins: counts, and twice."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import xianban_plugin_parking_parkapi.plugin as parkapi
from sqlalchemy import func, select
from xianban_parking import hookspecs
from xianban_parking.importer import import_parking
from xianban_parking.repository import metadata
from xianban_parking.repository.tables import lot, observation
from xianban_sdk.clock import SystemClock
from xianban_sdk.ids import UlidIds
from xianban_sdk.plugins import build
from xianban_sdk.settings import Settings
from xianban_sdk.storage import Database, Keyring, install_keys, migrate

REAL = Path(__file__).parents[4] / "shared" / "data" / "parking" / "parkapi"


@pytest.fixture
def resources(tmp_path: Path) -> Iterator[Any]:
    install_keys(Keyring.derive(b"0" * 32))
    db = Database.open(f"sqlite:///{tmp_path / 'parking.db'}", owner="parking")
    migrate(db)
    metadata.create_all(db.engine)
    hooks = build("parking", hookspecs, [parkapi])
    settings = Settings(data=tmp_path)
    yield SimpleNamespace(db=db, clock=SystemClock(), ids=UlidIds(), hooks=hooks, settings=settings)
    db.close()


def test_all_real_files_are_imported_twice_without_doubling(resources: Any) -> None:
    if not REAL.is_dir():
        pytest.skip(f"real data absent: {REAL}")
    report = import_parking(REAL, resources, lambda _: None, {})
    # 2,490 lots and 76 counts; how the refused spread over the files is in test_real_files.
    assert (report.accepted, report.duplicates, report.rejected) == (2566, 0, 635)
    again = import_parking(REAL, resources, lambda _: None, {})
    assert (again.accepted, again.duplicates, again.rejected) == (0, 2566, 635)
    with resources.db.read() as conn:
        assert conn.scalar(select(func.count()).select_from(lot)) == 2490
        assert conn.scalar(select(func.count()).select_from(observation)) == 76


def test_the_suite_is_brought_one_format_of_files() -> None:
    (result,) = build("parking", hookspecs, [parkapi]).registered("register_file_format")
    assert [each.id for each in result.value] == ["parkapi"]
