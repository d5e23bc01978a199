import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from xianban_sdk.errors import ResourceExhausted
from xianban_sdk.readings import Readings
from xianban_sdk.readings.group_commit import GroupCommit
from xianban_sdk.readings.tables import reading, reading_late
from xianban_sdk.readings.upkeep import Kept, Upkeep
from xianban_sdk.repository import MachineScope


def hours(world: Any) -> list[tuple[float, float, float, int]]:
    end = world.clock.now()
    with world.db.read() as conn:
        found = Readings(conn, MachineScope("test"), world.kinds).hours(
            world.elder, "heart-rate", end - timedelta(days=60), end
        )
    return [(one.low, one.mean, one.high, one.count) for one in found]


def count(world: Any, table: Any = reading) -> int:
    with world.db.read() as conn:
        return conn.scalar(select(func.count()).select_from(table)) or 0


def test_an_hour_is_summed_up_without_what_cannot_be_true(world: Any) -> None:
    for value in (60, 70, 80, 0):
        world.take(world.raw(value))
        world.clock.advance(timedelta(minutes=10))
    upkeep = Upkeep(world.db, world.clock)
    upkeep.sum_up()
    assert hours(world) == []
    world.clock.advance(timedelta(hours=1))
    upkeep.sum_up()
    assert hours(world) == [(60, 70, 80, 3)]


def test_devices_of_one_subject_are_summed_together(world: Any) -> None:
    world.take(world.raw(60), world.raw(90, device="SECOND"))
    world.clock.advance(timedelta(hours=2))
    Upkeep(world.db, world.clock).sum_up()
    assert hours(world) == [(60, 75, 90, 2)]


def test_a_late_reading_changes_its_hour(world: Any, ago: Any) -> None:
    world.take(world.raw(60))
    world.clock.advance(timedelta(hours=5))
    upkeep = Upkeep(world.db, world.clock)
    upkeep.sum_up()
    world.take(world.raw(100, ago(hours=5) + timedelta(minutes=1)))
    assert count(world, reading_late) == 1
    upkeep.sum_up()
    assert hours(world) == [(60, 80, 100, 2)]
    assert count(world, reading_late) == 0


def test_raw_readings_go_and_their_hours_stay(world: Any) -> None:
    world.take(world.raw(60))
    world.clock.advance(timedelta(days=3))
    world.take(world.raw(70))
    world.clock.advance(timedelta(hours=2))
    upkeep = Upkeep(world.db, world.clock, Kept(raw=timedelta(days=2)))
    upkeep.sum_up()
    upkeep.drop_old()
    assert count(world) == 1
    assert len(hours(world)) == 2


def test_partitions_are_made_ahead_and_dropped(world: Any) -> None:
    if world.db.dialect == "sqlite":
        pytest.skip("SQLite has no partitions")
    upkeep = Upkeep(world.db, world.clock)
    upkeep.make_ahead()
    upkeep.make_ahead()
    names = text("SELECT count(*) FROM pg_inherits WHERE inhparent = 'reading'::regclass")
    with world.db.read() as conn:
        assert conn.scalar(names) == 5
    world.clock.advance(timedelta(days=32))
    upkeep.drop_old()
    with world.db.read() as conn:
        # Of the 22nd to the 26th, the 25th still has hours of the last 30 days.
        assert conn.scalar(names) == 2


def test_single_readings_are_committed_in_groups(
    world: Any, background: Callable[..., threading.Event]
) -> None:
    group = GroupCommit(world.ingest, world.db, clock=world.clock, ids=world.ids)
    background(group.run)
    waiting = [group.submit(world.raw(60 + n, device=f"D{n}")) for n in range(30)]
    waiting.append(group.submit(world.raw(70, kind="mood")))
    answers = [future.result(30) for future in waiting]
    assert answers[:30] == [None] * 30
    assert answers[30] is not None
    assert answers[30].reason == "READING_KIND_UNKNOWN"
    assert count(world) == 30


def test_a_full_buffer_refuses_and_drops_nothing(world: Any) -> None:
    group = GroupCommit(world.ingest, world.db, clock=world.clock, ids=world.ids, most=2, limit=3)
    waiting = [group.submit(world.raw(60, device=f"D{n}")) for n in range(3)]
    with pytest.raises(ResourceExhausted) as refused:
        group.submit(world.raw(60))
    assert refused.value.reason == "INGEST_BACKLOG"
    group.flush()
    assert [future.result(0) for future in waiting] == [None] * 3
    assert count(world) == 3
