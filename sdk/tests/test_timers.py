import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Column, MetaData, Table, Text, insert, select
from sqlalchemy.exc import DBAPIError
from xianban_sdk.clock import ManualClock
from xianban_sdk.ids import SeededIds
from xianban_sdk.storage import Database, UnitOfWork, open_unit_of_work
from xianban_sdk.timers import Timer, Timers

metadata = MetaData()
rung = Table("rung", metadata, Column("key", Text))

HOUR = timedelta(hours=1)


class Ladder:
    """A handler whose failures can be chosen; its effect is a row."""

    def __init__(self) -> None:
        self.failures = 0
        self.fired: list[Timer] = []

    def __call__(self, timer: Timer, *, uow: UnitOfWork) -> None:
        uow.conn.execute(insert(rung).values(key=timer.key))
        if self.failures:
            self.failures -= 1
            raise ZeroDivisionError
        self.fired.append(timer)


@pytest.fixture
def ladder() -> Ladder:
    return Ladder()


@pytest.fixture
def timers(database: Database, clock: ManualClock, ids: SeededIds, ladder: Ladder) -> Timers:
    with database.begin() as conn:
        metadata.create_all(conn)
    return Timers(database, {"escalate": ladder}, clock=clock, ids=ids)


def schedule(database: Database, clock: ManualClock, key: str, after: timedelta) -> None:
    with open_unit_of_work(database, clock=clock, ids=SeededIds(1, clock)) as uow:
        uow.schedule("escalate", key, clock.now() + after, b"payload")


def effects(database: Database) -> list[str]:
    with database.read() as conn:
        return list(conn.scalars(select(rung.c.key)))


def test_a_timer_fires_when_due_and_once(
    database: Database, clock: ManualClock, timers: Timers, ladder: Ladder
) -> None:
    schedule(database, clock, "alert/1", HOUR)
    assert timers.fire_due() == 0
    due = clock.advance(HOUR)
    assert timers.fire_due() == 1
    assert timers.fire_due() == 0
    assert effects(database) == ["alert/1"]
    assert ladder.fired == [Timer("escalate", "alert/1", due, b"payload")]


def test_it_survives_a_restart_and_a_late_start(
    database: Database, clock: ManualClock, timers: Timers, ladder: Ladder, ids: SeededIds
) -> None:
    schedule(database, clock, "alert/1", HOUR)
    clock.advance(30 * HOUR)
    assert Timers(database, {"escalate": ladder}, clock=clock, ids=ids).fire_due() == 1


def test_timers_fire_in_the_order_they_are_due(
    database: Database, clock: ManualClock, timers: Timers, ladder: Ladder
) -> None:
    for key, hours in (("third", 3), ("first", 1), ("second", 2)):
        schedule(database, clock, key, hours * HOUR)
    clock.advance(5 * HOUR)
    assert timers.fire_due() == 3
    assert effects(database) == ["first", "second", "third"]


def test_scheduling_again_moves_it(database: Database, clock: ManualClock, timers: Timers) -> None:
    schedule(database, clock, "alert/1", HOUR)
    schedule(database, clock, "alert/1", 3 * HOUR)
    clock.advance(2 * HOUR)
    assert timers.fire_due() == 0
    clock.advance(HOUR)
    assert timers.fire_due() == 1


def test_a_cancelled_timer_never_fires(
    database: Database, clock: ManualClock, timers: Timers, ids: SeededIds
) -> None:
    schedule(database, clock, "alert/1", HOUR)
    with open_unit_of_work(database, clock=clock, ids=ids) as uow:
        assert uow.cancel("escalate", "alert/1")
        assert not uow.cancel("escalate", "alert/1")
    clock.advance(2 * HOUR)
    assert timers.fire_due() == 0


def test_a_failing_handler_leaves_no_effect_and_is_tried_again(
    database: Database, clock: ManualClock, timers: Timers, ladder: Ladder
) -> None:
    schedule(database, clock, "alert/1", HOUR)
    due = clock.advance(HOUR)
    ladder.failures = 2
    assert timers.fire_due() == 0
    assert effects(database) == []
    clock.advance(timedelta(seconds=1))
    assert timers.fire_due() == 0
    clock.advance(timedelta(seconds=2))
    assert timers.fire_due() == 1
    assert effects(database) == ["alert/1"]
    assert ladder.fired[0].due_at == due


def test_a_failing_timer_does_not_hold_up_the_others(
    database: Database, clock: ManualClock, timers: Timers, ladder: Ladder
) -> None:
    schedule(database, clock, "broken", HOUR)
    schedule(database, clock, "fine", 2 * HOUR)
    clock.advance(3 * HOUR)
    ladder.failures = 1
    assert timers.fire_due() == 1
    assert effects(database) == ["fine"]


def test_a_handler_may_set_its_own_timer_again(
    database: Database, clock: ManualClock, timers: Timers, ids: SeededIds
) -> None:
    def repeat(timer: Timer, *, uow: UnitOfWork) -> None:
        uow.schedule(timer.kind, timer.key, timer.due_at + HOUR)
        uow.conn.execute(insert(rung).values(key=timer.key))

    repeating = Timers(database, {"escalate": repeat}, clock=clock, ids=ids)
    schedule(database, clock, "daily", HOUR)
    for _ in range(3):
        clock.advance(HOUR)
        assert repeating.fire_due() == 1
    assert effects(database) == ["daily"] * 3


def test_a_handler_may_set_its_own_timer_again_for_the_same_instant(
    database: Database, clock: ManualClock, timers: Timers, ids: SeededIds
) -> None:
    def again_once(timer: Timer, *, uow: UnitOfWork) -> None:
        if not timer.payload.startswith(b"again"):
            uow.schedule(timer.kind, timer.key, timer.due_at, b"again")
        uow.conn.execute(insert(rung).values(key=timer.key))

    repeating = Timers(database, {"escalate": again_once}, clock=clock, ids=ids)
    schedule(database, clock, "rung", HOUR)
    clock.advance(HOUR)
    assert repeating.fire_due() == 2
    assert repeating.fire_due() == 0


class TestWhoeverComesFirst:
    """A deed locks a thing and then its timer, while the timer fires and wants the thing."""

    @pytest.fixture
    def late(
        self, database: Database, clock: ManualClock, timers: Timers, ids: SeededIds
    ) -> "Late":
        with database.begin() as conn:
            conn.execute(insert(rung).values(key="the thing"))
        schedule(database, clock, "the thing", HOUR)
        clock.advance(HOUR)
        return Late(database, clock, ids)

    def test_nobody_waits_in_a_circle(self, late: "Late") -> None:
        late.during(lambda uow: uow.cancel("escalate", "the thing"))
        assert not late.refused
        assert late.timers.fire_due() == 0

    def test_a_timer_that_was_moved_meanwhile_does_nothing_yet(self, late: "Late") -> None:
        then = late.clock.now() + HOUR
        late.during(lambda uow: uow.schedule("escalate", "the thing", then))
        assert effects(late.db) == ["the thing"]
        late.clock.advance(HOUR)
        assert late.timers.fire_due() == 1
        assert effects(late.db) == ["the thing", "fired"]


class Late:
    """Its handler waits for the thing."""

    def __init__(self, db: Database, clock: ManualClock, ids: SeededIds) -> None:
        self.db, self.clock, self.ids = db, clock, ids
        self.looking, self.refused = threading.Event(), list[DBAPIError]()
        self.timers = Timers(db, {"escalate": self}, clock=clock, ids=ids)

    def __call__(self, timer: Timer, *, uow: UnitOfWork) -> None:
        self.looking.set()
        try:
            uow.conn.execute(select(rung).with_for_update()).all()
        except DBAPIError as error:
            self.refused.append(error)
            raise
        uow.conn.execute(insert(rung).values(key="fired"))

    def during(self, deed: Callable[[UnitOfWork], object]) -> None:
        runner = threading.Thread(target=self.timers.fire_due)
        with open_unit_of_work(self.db, clock=self.clock, ids=self.ids) as uow:
            uow.conn.execute(select(rung).with_for_update()).all()
            runner.start()
            self.looking.wait(0.5)  # on SQLite it looks only when we have committed
            deed(uow)
        runner.join()


def test_several_runners_fire_each_timer_once(
    database: Database, clock: ManualClock, timers: Timers
) -> None:
    for number in range(20):
        schedule(database, clock, f"alert/{number}", HOUR)
    clock.advance(HOUR)
    threads = [threading.Thread(target=timers.fire_due) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(effects(database)) == sorted(f"alert/{number}" for number in range(20))


def test_the_loop_fires_what_is_due_and_stops_when_told(
    database: Database,
    clock: ManualClock,
    timers: Timers,
    ladder: Ladder,
    background: Callable[[Callable[[threading.Event], None]], threading.Event],
) -> None:
    stop = background(timers.run)
    schedule(database, clock, "now", timedelta(0))
    for _ in range(500):
        if effects(database):
            break
        stop.wait(0.02)
    assert effects(database) == ["now"]
