import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from xianban.common.v1.messages_pb2 import MessageRequested
from xianban_sdk.clock import ManualClock
from xianban_sdk.ids import SeededIds, UlidIds
from xianban_sdk.messaging import BusUnavailable, Event, MemoryBus, Relay, Shard, pending
from xianban_sdk.storage import Database, open_unit_of_work, prune, tables

Background = Callable[[Callable[[threading.Event], None]], threading.Event]


class Wire(MemoryBus):
    """A bus that keeps what it took, and is away when told."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[Event] = []
        self.away = 0

    def publish(self, events: list[Event]) -> None:
        if self.away:
            self.away -= 1
            raise BusUnavailable("away")
        self.taken += events


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def relay(database: Database, wire: Wire, clock: ManualClock) -> Relay:
    return Relay(database, wire, clock)


def emit(database: Database, clock: ManualClock, *aggregates: str) -> list[str]:
    with open_unit_of_work(database, clock=clock, ids=UlidIds(clock)) as uow:
        return [uow.emit(MessageRequested(), aggregate=aggregate) for aggregate in aggregates]


def test_what_was_committed_is_published_once_in_order(
    database: Database, clock: ManualClock, relay: Relay, wire: Wire
) -> None:
    sent = emit(database, clock, "a", "b") + emit(database, clock, "a")
    assert relay.flush() == 3
    assert relay.flush() == 0
    assert [event.id for event in wire.taken] == sent


def test_more_than_one_claim_goes_out_in_order(
    database: Database, clock: ManualClock, relay: Relay, wire: Wire
) -> None:
    sent = emit(database, clock, *(f"a{number % 7}" for number in range(1201)))
    assert relay.flush() == 1201
    assert [event.id for event in wire.taken] == sent


def test_nothing_is_marked_sent_that_the_bus_did_not_take(
    database: Database, clock: ManualClock, relay: Relay, wire: Wire
) -> None:
    emit(database, clock, "a")
    wire.away = 1
    with pytest.raises(BusUnavailable):
        relay.flush()
    with database.read() as conn:
        assert pending(conn).events == 1
        assert pending(conn).oldest == clock.now()
    assert relay.flush() == 1


def test_rows_committed_out_of_number_order_are_all_sent(
    database: Database, clock: ManualClock, relay: Relay, wire: Wire
) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite has one writer: numbers follow commits")
    with open_unit_of_work(database, clock=clock, ids=SeededIds(1, clock)) as slow:
        slow.emit(MessageRequested(), aggregate="slow")
        slow.flush()  # has its number, is not committed
        slow._events.clear()  # pyright: ignore
        emit(database, clock, "quick")
        assert relay.flush() == 1
    assert relay.flush() == 1
    assert [event.aggregate for event in wire.taken] == ["quick", "slow"]


def test_one_relay_of_a_shard_is_active(
    database: Database, clock: ManualClock, wire: Wire, background: Background
) -> None:
    stop = background(Relay(database, wire, clock).run)
    emit(database, clock, "a")
    wait_until(lambda: len(wire.taken) == 1)
    assert Relay(database, wire, clock).flush() == 0
    emit(database, clock, "b")
    wait_until(lambda: len(wire.taken) == 2)
    stop.set()
    emit(database, clock, "c")
    standby = Relay(database, wire, clock)
    wait_until(lambda: standby.flush() == 1 or len(wire.taken) == 3)


def test_it_goes_on_by_itself_when_the_bus_is_back(
    database: Database, clock: ManualClock, wire: Wire, relay: Relay, background: Background
) -> None:
    wire.away = 3
    sent = emit(database, clock, "a", "a")
    background(relay.run)
    wait_until(lambda: [event.id for event in wire.taken] == sent)


def test_it_goes_on_when_its_database_connections_were_killed(
    database: Database, clock: ManualClock, wire: Wire, relay: Relay, background: Background
) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite has no connections to lose")
    background(relay.run)
    emit(database, clock, "a")
    wait_until(lambda: len(wire.taken) == 1)
    name = f"xianban-{database.owner}"
    other = Database.open(str(database.engine.url.render_as_string(False)), owner="killer")
    with other.begin() as conn:
        conn.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name=:n"
            ),
            {"n": name},
        )
    other.close()
    write_when_back(database, clock)
    # The first is sent again when the kill came before it was marked as sent.
    wait_until(lambda: len({event.id for event in wire.taken}) == 2)


def write_when_back(database: Database, clock: ManualClock) -> None:
    for _ in range(20):
        try:
            emit(database, clock, "b")
            return
        except Exception:  # the pool notices each lost connection once
            time.sleep(0.05)


def test_shards_share_the_aggregates_out(
    database: Database, clock: ManualClock, wire: Wire
) -> None:
    emit(database, clock, *(f"a{number}" for number in range(50)))
    counts = [Relay(database, wire, clock, Shard(index, 3)).flush() for index in range(3)]
    assert sum(counts) == 50
    assert all(counts)
    assert len({event.id for event in wire.taken}) == 50


def test_pruning_forgets_only_what_was_sent_long_ago(
    database: Database, clock: ManualClock, relay: Relay
) -> None:
    emit(database, clock, "old")
    relay.flush()
    clock.advance(timedelta(days=8))
    emit(database, clock, "unsent")
    assert prune(database, clock.now()) == 1
    with database.read() as conn:
        assert conn.scalars(select(tables.outbox.c.aggregate)).all() == ["unsent"]


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.01)
