"""What every bus promises; the same suite for the one in memory and for RabbitMQ."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from xianban_sdk.messaging import Bus, BusUnavailable, DeliveryStopped, Event

PATIENCE = 10


class Received:
    """Collects deliveries and lets a test wait for them."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._changed = threading.Condition()

    def __call__(self, events: list[Event]) -> None:
        with self._changed:
            self.events.extend(events)
            self._changed.notify_all()

    def one(self, event: Event) -> None:
        self([event])

    def wait_for(self, count: int) -> list[str]:
        with self._changed:
            enough = self._changed.wait_for(lambda: len(self.events) >= count, PATIENCE)
            assert enough, f"{len(self.events)} of {count} came"
            return [event.id for event in self.events]


@pytest.fixture
def event(group: str) -> Callable[..., Event]:
    """Events of a domain that only this test has."""

    def make(number: int, name: str = "happened", aggregate: str = "a/1") -> Event:
        return Event(
            id=str(number),
            source="/services/test",
            type="xianban.test.v1.Happened",
            routing_key=f"{group}.v1.{name}",
            subject="",
            aggregate=aggregate,
            time=datetime(2026, 11, 23, tzinfo=UTC),
            data=b"data",
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )

    return make


def test_events_come_whole_and_in_order(bus: Bus, group: str, event: Callable[..., Event]) -> None:
    received = Received()
    bus.declare(group, [f"{group}.v1.*"])
    bus.subscribe(group, [f"{group}.v1.*"], received)
    sent = [event(number, ("happened", "ended")[number % 3 == 0]) for number in range(300)]
    bus.publish(sent)
    received.wait_for(300)
    assert received.events == sent


def test_a_group_gets_only_what_it_asked_for(
    bus: Bus, group: str, event: Callable[..., Event]
) -> None:
    received = Received()
    bus.declare(group, [f"{group}.v1.ended"])
    bus.subscribe(group, [f"{group}.v1.ended"], received)
    bus.publish([event(1), event(2, "ended", "a/2"), event(3)])
    bus.publish([event(4, "ended")])
    assert received.wait_for(2) == ["2", "4"]


def test_publishing_what_nobody_asked_for_succeeds(bus: Bus, event: Callable[..., Event]) -> None:
    bus.publish([event(1)])


def test_what_a_stopping_consumer_did_not_settle_comes_again(
    bus: Bus, group: str, event: Callable[..., Event]
) -> None:
    handed = threading.Event()

    def stopping(_events: list[Event]) -> None:
        handed.set()
        raise DeliveryStopped

    bus.declare(group, [f"{group}.#"])
    first = bus.subscribe(group, [f"{group}.#"], stopping)
    publish_until_taken(bus, [event(1), event(2)], until=handed)
    first.close()
    received = Received()
    bus.subscribe(group, [f"{group}.#"], received)
    publish_until_taken(bus, [event(3)])
    assert received.wait_for(1)
    if "1" in [each.id for each in received.events]:  # a broker keeps them; memory never had them
        assert received.wait_for(3) == ["1", "2", "3"]


def publish_until_taken(
    bus: Bus, events: list[Event], until: threading.Event | None = None
) -> None:
    """As the relay does: again, until the bus has taken it or the test saw enough."""
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        try:
            bus.publish(events)
            break
        except BusUnavailable:
            if until is not None and until.is_set():
                return
            time.sleep(0.05)
    if until is not None:
        assert until.wait(PATIENCE)


def test_a_consumer_that_breaks_gets_the_same_events_again(
    bus: Bus, group: str, event: Callable[..., Event]
) -> None:
    received = Received()
    breaks = [ZeroDivisionError()]

    def fragile(events: list[Event]) -> None:
        if breaks:
            raise breaks.pop()
        received(events)

    bus.declare(group, [f"{group}.#"])
    bus.subscribe(group, [f"{group}.#"], fragile)
    publish_until_taken(bus, [event(1), event(2)])
    assert received.wait_for(2) == ["1", "2"]


def test_two_groups_both_get_everything(bus: Bus, group: str, event: Callable[..., Event]) -> None:
    from xianban_sdk.messaging import MemoryBus

    if not isinstance(bus, MemoryBus):
        pytest.skip("one queue per test is cleaned up; fan-out is the broker's own")
    both = [Received(), Received()]
    for number, received in enumerate(both):
        bus.subscribe(f"{group}-{number}", [f"{group}.#"], received)
    bus.publish([event(1)])
    assert [received.wait_for(1) for received in both] == [["1"], ["1"]]


def test_transient_events_reach_those_who_listen(
    bus: Bus, group: str, event: Callable[..., Event]
) -> None:
    received = Received()
    listening = bus.subscribe_transient([f"{group}.#"], received.one)
    limit = time.monotonic() + PATIENCE
    while not received.events and time.monotonic() < limit:
        bus.publish_transient(event(1))
        time.sleep(0.05)
    assert received.events[0] == event(1)
    listening.close()


def test_it_says_whether_it_is_ready(bus: Bus) -> None:
    assert bus.ready()
    bus.close()
    assert not bus.ready()


def test_once_closed_it_takes_nothing_more(bus: Bus, event: Callable[..., Event]) -> None:
    """Else a last look at its health while a process stops would open it again, for ever."""
    bus.close()
    with pytest.raises(BusUnavailable):
        bus.publish([event(1)])
    assert not bus.ready()
