"""What only RabbitMQ can do wrong."""

import os
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from kombu import Connection
from xianban_sdk.messaging import Bus, BusUnavailable, Event, topology, unrouted
from xianban_sdk.messaging.event import encode_batch
from xianban_sdk.messaging.kombu_bus import KombuBus

BROKER = os.environ.get("XIANBAN_TEST_BROKER", "")
pytestmark = [
    pytest.mark.backends,
    pytest.mark.skipif(not BROKER, reason="XIANBAN_TEST_BROKER names no RabbitMQ"),
]
PATIENCE = 10


@pytest.fixture
def group() -> str:
    return f"t{secrets.token_hex(6)}"


@pytest.fixture
def broker(group: str) -> Iterator[Connection]:
    with Connection(BROKER, transport_options={"confirm_publish": True}) as connection:
        connection.connect()
        topology.declare_common(connection)
        yield connection
        for queue in (topology.queue_name(group), topology.dead_name(group)):
            connection.default_channel.queue_delete(queue)


@pytest.fixture
def bus(broker: Connection) -> Iterator[Bus]:
    made = KombuBus(BROKER)
    yield made
    made.close()


def event(group: str, number: int, name: str = "happened") -> Event:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    return Event(str(number), "s", "t", f"{group}.v1.{name}", "", "a", now, b"")


def wait_until(condition: Callable[[], object]) -> None:
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.02)


def test_events_published_before_a_group_existed_are_not_lost(bus: Bus, group: str) -> None:
    bus.publish([event(group, 1), event(group, 2, "other"), event(group, 3)])
    received: list[Event] = []
    bus.declare(group, [f"{group}.v1.happened"])
    bus.publish([event(group, 4)])
    bus.subscribe(group, [f"{group}.v1.happened"], received.extend)
    wait_until(lambda: len(received) == 3)
    assert [each.id for each in received] == ["1", "3", "4"]


def test_a_declared_group_keeps_its_events_until_it_consumes(bus: Bus, group: str) -> None:
    bus.declare(group, [f"{group}.#"])
    bus.publish([event(group, number) for number in range(5)])
    received: list[Event] = []
    bus.subscribe(group, [f"{group}.#"], received.extend)
    wait_until(lambda: len(received) == 5)


def test_an_undecodable_frame_goes_to_the_dead_queue_and_the_rest_goes_on(
    bus: Bus, group: str, broker: Connection
) -> None:
    received: list[Event] = []
    bus.declare(group, [f"{group}.#"])
    broker.Producer(broker.default_channel).publish(
        b"\xff\xff garbage", exchange="", routing_key=topology.queue_name(group),
        content_encoding="binary", content_type="application/octet-stream",
    )  # fmt: skip
    bus.publish([event(group, 1)])
    bus.subscribe(group, [f"{group}.#"], received.extend)
    wait_until(lambda: [each.id for each in received] == ["1"])
    wait_until(lambda: unrouted.count(broker, topology.dead_name(group)) == 1)


def test_dead_frames_can_be_given_to_their_group_again(
    bus: Bus, group: str, broker: Connection
) -> None:
    bus.declare(group, [f"{group}.#"])
    broker.Producer(broker.default_channel).publish(
        encode_batch([event(group, 1)]), exchange="", routing_key=topology.dead_name(group),
        content_encoding="binary", content_type=topology.CONTENT_TYPE,
    )  # fmt: skip
    wait_until(lambda: unrouted.count(broker, topology.dead_name(group)) == 1)
    assert unrouted.requeue_dead(broker, group) == 1
    received: list[Event] = []
    bus.subscribe(group, [f"{group}.#"], received.extend)
    wait_until(lambda: [each.id for each in received] == ["1"])


def test_publisher_and_consumer_come_back_after_a_lost_connection(bus: Bus, group: str) -> None:
    assert isinstance(bus, KombuBus)
    received: list[Event] = []
    bus.declare(group, [f"{group}.#"])
    subscription = bus.subscribe(group, [f"{group}.#"], received.extend)
    bus.publish([event(group, 1)])
    wait_until(lambda: len(received) == 1)
    cut(bus._events._connection)  # pyright: ignore
    cut(subscription._connection)  # pyright: ignore
    with pytest.raises(BusUnavailable):
        bus.publish([event(group, 2)])
    bus.publish([event(group, 2)])
    wait_until(lambda: "2" in [each.id for each in received])


def cut(connection: Connection) -> None:
    """The network goes away under it."""
    connection.connection.transport.sock.shutdown(2)


def test_without_a_broker_it_starts_says_so_and_stops() -> None:
    away = KombuBus("amqp://guest:guest@127.0.0.1:1//")
    assert not away.ready()
    with pytest.raises(BusUnavailable):
        away.publish([event("x", 1)])
    away.subscribe("x", ["x.#"], lambda _events: None)
    away.close()
