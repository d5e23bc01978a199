"""Importing: counted, kept aside, the same twice, bounded, on both databases' SQL."""

import csv
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text
from xianban_parking import hookspecs
from xianban_parking.hookspecs import LotFacts, LotObservation, Rejected, hookimpl
from xianban_parking.importer import CHUNK, import_parking
from xianban_parking.repository import MACHINE, Counts, Feeds, Lots, Page, metadata
from xianban_parking.repository.tables import observation
from xianban_sdk.clock import ManualClock
from xianban_sdk.errors import InvalidArgument
from xianban_sdk.ids import SeededIds
from xianban_sdk.importing import ImportReport
from xianban_sdk.plugins import build
from xianban_sdk.settings import Settings
from xianban_sdk.storage import Database, Keyring, install_keys, migrate

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
POSTGRESQL = os.environ.get("XIANBAN_TEST_DATABASE", "")


class LineFormat:
    """One item a line: "lot NAME CAPACITY", "count NAME MINUTE OCCUPIED", anything else is bad."""

    id = "lines"

    def recognises(self, head: bytes) -> bool:
        return head.startswith(b"lines\n")

    def read(self, path: Path) -> Iterator[LotFacts | LotObservation | Rejected]:
        for number, line in enumerate(path.read_text().splitlines()[1:], start=2):
            match line.split():
                case ["lot", name, capacity]:
                    yield LotFacts(name, {"en": name}, 30.9, 121.4, int(capacity))
                case ["count", name, minute, occupied]:
                    at = NOW - timedelta(minutes=int(minute))
                    yield LotObservation(name, at, occupied=int(occupied), capacity=100)
                case _:
                    yield Rejected(f"line {number}", "kind", "UNKNOWN", line)

    @hookimpl
    def register_file_format(self) -> list[Any]:
        return [self]


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param(
            "postgresql",
            marks=[
                pytest.mark.backends,
                pytest.mark.skipif(
                    not POSTGRESQL, reason="XIANBAN_TEST_DATABASE names no PostgreSQL"
                ),
            ],
        ),
    ]
)
def resources(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    install_keys(Keyring.derive(b"0" * 32))
    owner = f"imp{uuid4().hex[:8]}"
    url = f"sqlite:///{tmp_path / 'p.db'}" if request.param == "sqlite" else POSTGRESQL
    db = Database.open(url, owner=owner)
    migrate(db)
    metadata.create_all(db.engine)
    clock = ManualClock(NOW)
    hooks = build("parking", hookspecs, [LineFormat()])
    settings = Settings(data=tmp_path / "data")
    yield SimpleNamespace(
        db=db, clock=clock, ids=SeededIds(1, clock), hooks=hooks, settings=settings
    )
    if request.param == "postgresql":
        with db.begin() as conn:
            conn.execute(text(f"drop schema {owner} cascade"))
    db.close()


def load(resources: Any, path: Path, **options: str) -> tuple[ImportReport, list[int]]:
    steps: list[int] = []
    report = import_parking(path, resources, lambda now: steps.append(now.done), options)
    return report, steps


def write(tmp_path: Path, *lines: str, name: str = "a.txt") -> Path:
    path = tmp_path / name
    path.write_text("\n".join(["lines", *lines]) + "\n")
    return path


def counted(resources: Any) -> int:
    with resources.db.read() as conn:
        return conn.scalar(select(func.count()).select_from(observation))


def test_facts_counts_and_bad_lines_are_counted_and_the_bad_kept_aside(
    resources: Any, tmp_path: Path
) -> None:
    path = write(tmp_path, "lot a 10", "count a 5 3", "rubbish, more", "count b 5 120", "lot c -1")
    report, steps = load(resources, path)
    assert (report.accepted, report.duplicates, report.rejected) == (3, 0, 2)
    assert (report.done, report.total, steps) == (5, 5, [5])
    assert [(one.item, one.field, one.reason) for one in report.rejections] == [
        ("line 4", "kind", "UNKNOWN"),
        ("c", "capacity", "OUT_OF_RANGE"),
    ]
    with Path(report.kept_aside).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[:2] == [
        ["item", "field", "reason", "raw"],
        ["line 4", "kind", "UNKNOWN", "rubbish, more"],
    ]
    with resources.db.read() as conn:
        assert Lots(conn, MACHINE).ids() == {"a"}
        assert Counts(conn, MACHINE).of()["a"].occupied == 3
        feed = Feeds(conn, MACHINE).get("lines")
        assert (feed.items, feed.errors) == (5, 2)
        errors, _ = Feeds(conn, MACHINE).errors("lines", Page(50, ""))
        assert {error.item for error in errors} == {"line 4", "c"}
        (verdict,) = conn.scalars(select(observation.c.verdict).where(observation.c.lot == "b"))
    assert verdict == "implausible"


def test_loading_again_doubles_nothing(resources: Any, tmp_path: Path) -> None:
    path = write(tmp_path, "lot a 10", "count a 5 3", "count b 5 1", "count b 5 1", "bad")
    first, _ = load(resources, path)
    assert (first.accepted, first.duplicates, first.rejected) == (3, 1, 1)
    second, _ = load(resources, path)
    assert (second.accepted, second.duplicates, second.rejected) == (0, 4, 1)
    assert second.kept_aside == first.kept_aside
    assert counted(resources) == 2


def test_a_repaired_file_leaves_nothing_aside(resources: Any, tmp_path: Path) -> None:
    report, _ = load(resources, write(tmp_path, "bad"))
    aside = Path(report.kept_aside)
    assert aside.exists()
    report, _ = load(resources, write(tmp_path, "count b 5 1"))
    assert report.kept_aside == ""
    assert not aside.exists()


def test_another_count_for_the_same_moment_is_refused_not_overwritten(
    resources: Any, tmp_path: Path
) -> None:
    load(resources, write(tmp_path, "count b 5 1"))
    report, _ = load(resources, write(tmp_path, "count b 5 2"))
    (refused,) = report.rejections
    assert (refused.item, refused.reason) == ("b", "OTHER_COUNT_AT_THIS_TIME")


def test_a_long_file_goes_in_chunks_with_progress(resources: Any, tmp_path: Path) -> None:
    path = write(tmp_path, *(f"count b {minute} 1" for minute in range(CHUNK * 2 + 1)))
    report, steps = load(resources, path)
    assert steps == [CHUNK, CHUNK * 2, CHUNK * 2 + 1]
    assert report.accepted == CHUNK * 2 + 1
    assert report.total == CHUNK * 2 + 1


def test_what_was_loaded_before_a_break_stays_and_the_rest_follows(
    resources: Any, tmp_path: Path
) -> None:
    path = write(tmp_path, *(f"count b {minute} 1" for minute in range(CHUNK * 2)))

    def pull_the_plug(report: ImportReport) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_parking(path, resources, pull_the_plug, {})
    assert counted(resources) == CHUNK
    report, _ = load(resources, path)
    assert (report.accepted, report.duplicates) == (CHUNK, CHUNK)


def test_a_folder_is_loaded_file_by_file_and_the_feed_may_be_named(
    resources: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder, "count b 5 1", name="1.txt")
    write(folder, "count b 6 1", "bad", name="2.txt")
    report, _ = load(resources, folder, feed="city")
    assert (report.accepted, report.rejected) == (2, 1)
    with resources.db.read() as conn:
        assert set(conn.scalars(select(observation.c.feed))) == {"city"}
        assert Feeds(conn, MACHINE).get("city").mode == "import"


def test_what_cannot_be_imported_at_all_is_refused_with_a_reason(
    resources: Any, tmp_path: Path
) -> None:
    (tmp_path / "strange").write_bytes(b"\x00\x01")
    (tmp_path / "empty").mkdir()
    good = write(tmp_path, "count b 5 1")
    for path, options, reason in (
        (tmp_path / "strange", {}, "IMPORT_FORMAT_UNKNOWN"),
        (tmp_path / "absent", {}, "IMPORT_FILES_COUNT"),
        (tmp_path / "empty", {}, "IMPORT_FILES_COUNT"),
        (good, {"fed": "x"}, "IMPORT_OPTION_UNKNOWN"),
        (good, {"feed": "Ä B"}, "IMPORT_FEED_INVALID"),
    ):
        with pytest.raises(InvalidArgument) as caught:
            load(resources, path, **options)
        assert caught.value.reason == reason
    assert counted(resources) == 0
