from datetime import UTC, datetime

import pytest
from xianban_sdk.messaging import BusUnavailable, Event, MemoryBus

EVENT = Event("1", "s", "t", "x.v1.y", "", "a", datetime(2026, 1, 1, tzinfo=UTC), b"")


def test_a_declared_group_without_a_consumer_holds_its_events_back() -> None:
    bus = MemoryBus()
    bus.declare("desk", ["x.#"])
    with pytest.raises(BusUnavailable, match="desk"):
        bus.publish([EVENT])
    assert not bus.ready()
    taken: list[Event] = []
    bus.subscribe("desk", ["x.#"], taken.extend)
    bus.publish([EVENT])
    assert taken == [EVENT]
    bus.close()


def test_publishing_returns_only_when_a_group_has_settled() -> None:
    bus = MemoryBus(settle_seconds=0.1)
    hold = __import__("threading").Event()
    bus.subscribe("desk", ["x.#"], lambda _events: hold.wait(5) and None)
    with pytest.raises(BusUnavailable, match="has not settled"):
        bus.publish([EVENT])
    hold.set()
    bus.close()


def test_a_closed_bus_takes_nothing() -> None:
    bus = MemoryBus()
    bus.close()
    with pytest.raises(BusUnavailable):
        bus.publish([EVENT])


def test_a_group_has_one_consumer() -> None:
    bus = MemoryBus()
    bus.subscribe("desk", ["#"], lambda _events: None)
    with pytest.raises(RuntimeError, match="has a consumer"):
        bus.subscribe("desk", ["#"], lambda _events: None)
    bus.close()
