"""Personal data: erased once, again when it came late, and not while something holds it."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Connection, MetaData, Table, Text, insert, select
from typer.testing import CliRunner
from xianban.identity.v1 import events_pb2
from xianban_sdk.cli.bundle import bundle
from xianban_sdk.cli.commands import command_line
from xianban_sdk.clock import ManualClock
from xianban_sdk.ids import SeededIds
from xianban_sdk.messaging import Event
from xianban_sdk.messaging.event import event_type, routing_key
from xianban_sdk.messaging.inbox import Inbox
from xianban_sdk.personal import Fate, Hold, Holding, PersonalData
from xianban_sdk.personal.erasing import SWEEP_TIMER, erasure_consumer, erasure_timer
from xianban_sdk.storage import Database, insert_new
from xianban_sdk.timers import Timers

note = Table(
    "note",
    MetaData(),
    Column("id", Text, primary_key=True),
    Column("resident", Text, nullable=False),
    Column("writer", Text, nullable=False),
    Column("writer_display", Text, nullable=False),
)
debts: set[str] = set()


def holds(_conn: Connection, person: str, _now: datetime) -> Iterator[Hold]:
    if person in debts:
        yield Hold("ARREARS")


PERSONAL = PersonalData(
    holdings=(
        Holding(
            table=note,
            category="notes",
            subjects=("resident",),
            actors=("writer",),
            displays={"writer": "writer_display"},
            fate=Fate.ERASED,
        ),
    ),
    holds=holds,
)


@pytest.fixture
def notes(database: Database) -> Database:
    debts.clear()
    with database.begin() as conn:
        note.create(conn)
        rows = [
            ("1", "WANG", "LI", "李"),
            ("2", "LI", "WANG", "王"),
            ("3", "LI", "LI", "李"),
        ]
        conn.execute(insert(note), [dict(zip(note.c.keys(), row, strict=True)) for row in rows])
    return database


@pytest.fixture
def told(notes: Database, clock: ManualClock, ids: SeededIds) -> Any:
    made = Inbox(notes, "notes", [erasure_consumer(PERSONAL)], clock=clock, ids=ids)
    message = events_pb2.PersonErased(person="WANG", receipt="RECEIPT")
    event = Event(
        id="event-1",
        source="/services/identity",
        type=event_type(message),
        routing_key=routing_key(message),
        subject="WANG",
        aggregate="residents/WANG",
        time=clock.now(),
        data=message.SerializeToString(),
    )
    return lambda: made.deliver([event])


@pytest.fixture
def timers(notes: Database, clock: ManualClock, ids: SeededIds) -> Timers:
    return Timers(notes, {SWEEP_TIMER: erasure_timer(PERSONAL)}, clock=clock, ids=ids)


def kept(db: Database) -> list[tuple[str, ...]]:
    with db.read() as conn:
        return [tuple(row) for row in conn.execute(select(note).order_by(note.c.id))]


def write(db: Database, note_id: str, resident: str) -> None:
    row = {"id": note_id, "resident": resident, "writer": resident, "writer_display": "王"}
    with db.begin() as conn:
        insert_new(conn, note, row)


def test_own_rows_go_and_others_rows_lose_the_name(notes: Database, told: Any) -> None:
    told()
    assert kept(notes) == [("2", "LI", "RECEIPT", ""), ("3", "LI", "LI", "李")]


def test_what_comes_late_goes_with_the_second_sweep(
    notes: Database, told: Any, timers: Timers, clock: ManualClock
) -> None:
    told()
    write(notes, "4", "WANG")
    told()  # the same event again does nothing
    assert ("4", "WANG", "WANG", "王") in kept(notes)
    clock.advance(timedelta(minutes=16))
    assert timers.fire_due() == 1
    assert all("WANG" not in row for row in kept(notes))


def test_a_debt_made_meanwhile_postpones_it_until_it_is_paid(
    notes: Database, told: Any, timers: Timers, clock: ManualClock
) -> None:
    debts.add("WANG")
    told()
    clock.advance(timedelta(days=1))
    timers.fire_due()
    assert len(kept(notes)) == 3
    debts.clear()
    clock.advance(timedelta(days=1))
    timers.fire_due()
    assert all("WANG" not in row for row in kept(notes))


def test_what_stays_must_say_why() -> None:
    with pytest.raises(ValueError, match="needs a reason"):
        Holding(table=note, category="notes", subjects=("resident",), fate=Fate.KEPT)


def test_a_column_that_is_not_there_stops_the_start() -> None:
    with pytest.raises(ValueError, match="no column"):
        Holding(table=note, category="notes", subjects=("person",), fate=Fate.ERASED)


def test_a_name_that_is_shown_belongs_to_an_actor() -> None:
    with pytest.raises(ValueError, match="no actor"):
        Holding(
            table=note,
            category="notes",
            subjects=("resident",),
            displays={"resident": "writer_display"},
            fate=Fate.ERASED,
        )


def test_a_bundle_is_its_owners_alone(tmp_path: Path) -> None:
    with bundle(tmp_path / "a.zip", "WANG") as made:
        made.archive.writestr("x", "y")
    assert stat.S_IMODE((tmp_path / "a.zip").stat().st_mode) == 0o600
    assert zipfile.ZipFile(tmp_path / "a.zip").testzip() is None


def test_a_bundle_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("the one before")
    with pytest.raises(ZeroDivisionError), bundle(tmp_path / "a.zip", "WANG") as made:
        made.archive.writestr("x", str(1 / 0))
    assert (tmp_path / "a.zip").read_text() == "the one before"
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize("command", [["relay", "parking"], ["serve", "parking", "--no-relay"]])
def test_a_sqlite_outbox_is_relayed_by_its_owner_alone(command: list[str], tmp_path: Path) -> None:
    done = CliRunner().invoke(command_line(), [*command, "--data", str(tmp_path), "--database", ""])
    assert done.exit_code == 1
    assert "SQLite file has one owner" in done.stderr
