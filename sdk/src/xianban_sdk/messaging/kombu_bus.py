"""The bus over RabbitMQ: confirmed, mandatory, several events per message, quorum queues."""

from __future__ import annotations

# kombu ships partial types:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
import threading
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from amqp.exceptions import MessageNacked
from kombu.connection import Connection
from kombu.messaging import Producer

from xianban_sdk.instruments import QUEUE, Seen
from xianban_sdk.messaging import topology
from xianban_sdk.messaging.bus import BusUnavailable, Deliver, Subscription
from xianban_sdk.messaging.event import Event, encode_batch
from xianban_sdk.messaging.framing import pack
from xianban_sdk.messaging.kombu_consumer import QueueConsumer, TransientConsumer
from xianban_sdk.messaging.unrouted import adopt

__all__ = ["KombuBus", "Publisher", "seen_by"]

_log = structlog.get_logger("xianban.messaging")

_CONFIRM_SECONDS = 10
_CONNECT_SECONDS = 5
_PERSISTENT = 2
_PASSING = 1


class KombuBus:
    """RabbitMQ at `url` (amqp:// or amqps://). Constructing it does not connect."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._events = Publisher(url, confirm=True)
        self._transient = Publisher(url, confirm=False)
        self._running: list[Subscription] = []
        self._unobserve: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def declare(self, group: str, patterns: Sequence[str]) -> None:
        def on_broker(connection: Connection) -> None:
            if not topology.exists(connection, group):
                adopt(connection, group, patterns)
            topology.declare_group(connection, group, patterns)

        self._events.use(on_broker)

    def publish(self, events: list[Event]) -> None:
        for frame in pack(events):
            self._events.send(topology.EVENTS.name, frame)

    def publish_transient(self, event: Event) -> None:
        self._transient.send(topology.TRANSIENT.name, [event])

    def subscribe(self, group: str, patterns: Sequence[str], deliver: Deliver) -> Subscription:
        def declare() -> None:
            self.declare(group, patterns)

        names = [topology.queue_name(group), topology.dead_name(group), topology.UNROUTED_NAME]
        self._unobserve.append(QUEUE.observe(lambda: seen_by(self._events, names)))
        return self._keep(QueueConsumer(self._url, group, declare, deliver))

    def subscribe_transient(
        self, patterns: Sequence[str], deliver: Callable[[Event], None]
    ) -> Subscription:
        return self._keep(TransientConsumer(self._url, patterns, deliver))

    def ready(self) -> bool:
        def touch(connection: Connection) -> None:
            transport: Any = connection.connection
            transport.send_heartbeat()

        try:
            self._events.use(touch)
        except BusUnavailable:
            return False
        return True

    def close(self) -> None:
        with self._lock:
            running, self._running = self._running, []
        for end in self._unobserve:
            end()
        for subscription in running:
            subscription.close()
        self._events.close()
        self._transient.close()

    def _keep(self, subscription: Subscription) -> Subscription:
        with self._lock:
            self._running.append(subscription)
        return subscription


def seen_by(publisher: Publisher, names: Sequence[str]) -> list[Seen]:
    """How long these queues are, for their gauge; asked on the publisher's own connection."""
    found: dict[str, int] = {}
    publisher.use(lambda connection: found.update(topology.depths(connection, names)))
    return [(count, {"messaging.destination.name": name}) for name, count in found.items()]


class Publisher:
    """One connection, one frame at a time; reconnects at the next use after a failure."""

    def __init__(self, url: str, *, confirm: bool) -> None:
        self._url = url
        self._confirm = confirm
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._producer: Producer | None = None
        self._returned: list[str] = []
        self._closed = False

    def send(self, exchange: str, frame: list[Event]) -> None:
        key, headers = frame[0].routing_key, _headers(frame)
        self.put(exchange, key, encode_batch(frame), topology.CONTENT_TYPE, headers)

    def put(
        self, exchange: str, key: str, body: bytes, content_type: str, headers: dict[str, Any]
    ) -> None:
        """Any message; with confirms it returns when the broker has it safe in a queue."""

        def publish(_connection: Connection) -> None:
            assert self._producer is not None
            self._producer.publish(
                body,
                exchange=exchange,
                routing_key=key,
                content_type=content_type,
                content_encoding="binary",
                delivery_mode=_PERSISTENT if self._confirm else _PASSING,
                headers=headers,
                mandatory=self._confirm,
                confirm_timeout=_CONFIRM_SECONDS,
            )
            self._check_returned()

        self.use(publish)

    def use(self, action: Callable[[Connection], None]) -> None:
        """Do something on the connection; any failure of it is `BusUnavailable`."""
        with self._lock:
            if self._closed:
                # Health and relays look once more while a process stops: nobody would close it.
                raise BusUnavailable("the bus is closed")
            connection = self._connection or self._new_connection()
            try:
                if self._connection is None:
                    self._connect(connection)
                action(connection)
            except (*_failures(connection), MessageNacked, OSError, BusUnavailable) as error:
                self._drop()
                raise BusUnavailable(f"RabbitMQ: {error!r}") from error

    def close(self) -> None:
        """For good: a later use is `BusUnavailable`."""
        with self._lock:
            self._closed = True
            self._drop()

    def _new_connection(self) -> Connection:
        return Connection(
            self._url,
            connect_timeout=_CONNECT_SECONDS,
            transport_options={"confirm_publish": self._confirm},
        )

    def _connect(self, connection: Connection) -> None:
        self._connection = connection
        connection.connect()
        topology.declare_common(connection)
        self._producer = Producer(
            connection.default_channel, auto_declare=False, on_return=self._on_return
        )

    def _on_return(self, error: Exception, _exchange: str, key: str, _message: Any) -> None:
        self._returned.append(f"{key}: {error}")

    def _check_returned(self) -> None:
        """Unrouted events go to the alternate exchange; a return means that even it is gone."""
        if self._returned:
            returned, self._returned = self._returned, []
            raise BusUnavailable(f"unroutable: {returned}")

    def _drop(self) -> None:
        connection, self._connection, self._producer = self._connection, None, None
        if connection is None:
            return
        try:
            connection.release()
        except _failures(connection) as error:
            _log.debug("broken_connection_released", error=repr(error))


def _failures(connection: Connection) -> tuple[type[Exception], ...]:
    # AttributeError: what py-amqp raises when the connection goes away under a call.
    return (*connection.connection_errors, *connection.channel_errors, AttributeError)


def _headers(frame: list[Event]) -> dict[str, str]:
    """For people and tools that look at the broker; consumers read each event's own context."""
    first = frame[0]
    return {"traceparent": first.traceparent} if first.traceparent else {}
