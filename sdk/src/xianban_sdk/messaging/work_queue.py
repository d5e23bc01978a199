"""Work for other processes: JSON CloudEvents on a quorum queue, with pauses and dead letters.

For workers that are no service of the suite (nameko, or anything that speaks AMQP and JSON). The
exchange is named as nameko names a service's events: ``<source>.events``.
"""

# kombu ships partial types:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
import structlog
from google.protobuf import json_format
from google.protobuf.message import Message
from kombu.connection import Connection
from kombu.entity import Exchange, Queue
from kombu.message import Message as Frame
from kombu.messaging import Consumer

from xianban_sdk.instruments import QUEUE
from xianban_sdk.messaging import topology
from xianban_sdk.messaging.bus import DeliveryStopped
from xianban_sdk.messaging.event import Event, Undecodable, event_type
from xianban_sdk.messaging.kombu_bus import Publisher, seen_by
from xianban_sdk.messaging.kombu_consumer import Connected

__all__ = [
    "CONTENT_TYPE",
    "PAUSES",
    "TRIES",
    "WorkInbox",
    "WorkOutlet",
    "WorkQueue",
    "decode_json",
    "encode_json",
    "workers_at",
]

_log = structlog.get_logger("xianban.messaging")

CONTENT_TYPE: Final = "application/cloudevents+json"
# The header that counts how often a handler raised.
TRIES: Final = "x-xianban-tries"
PAUSES: Final = (2, 10, 60)
# A message that kills its worker this often is dead.
_DELIVERY_LIMIT: Final = 20
_IDLE: Final = 0.25
_PREFETCH: Final = 50


@dataclass(frozen=True, slots=True)
class WorkQueue:
    """One kind of work: who asks, the routing key, and the queue's name."""

    source: str
    key: str
    name: str
    # Seconds before a handler that raised is called again; after the last the message is dead.
    pauses: tuple[int, ...] = PAUSES

    @property
    def exchange(self) -> Exchange:
        return Exchange(f"{self.source}.events", "topic", durable=True)

    @property
    def queue(self) -> Queue:
        """Any number of workers share it."""
        arguments = {
            "x-queue-type": "quorum",
            "x-delivery-limit": _DELIVERY_LIMIT,
            "x-dead-letter-exchange": "xianban.dead",
            "x-dead-letter-routing-key": self.name,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        }
        return Queue(
            topology.queue_name(self.name),
            self.exchange,
            routing_key=self.key,
            durable=True,
            queue_arguments=arguments,
        )

    def pause(self, seconds: int) -> Queue:
        """Holds what is tried again, and gives it back by itself."""
        arguments = {
            "x-queue-type": "quorum",
            "x-message-ttl": seconds * 1000,
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": topology.queue_name(self.name),
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        }
        name = f"{topology.queue_name(self.name)}.again-{seconds}s"
        return Queue(name, durable=True, queue_arguments=arguments)

    def declare(self, connection: Connection) -> None:
        """Dead letters and pauses first: nothing may fall between queues."""
        channel: Any = connection.default_channel
        topology.declare_common(connection)
        version = topology.server_version(connection)
        topology.dead_queue(self.name, version)(channel).declare()
        for seconds in self.pauses:
            self.pause(seconds)(channel).declare()
        self.queue(channel).declare()


def encode_json(event: Event, message: Message) -> bytes:
    """A CloudEvent 1.0 in structured JSON, `message` as its data."""
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": event.id,
            "source": event.source,
            "type": event.type,
            "subject": event.subject,
            "time": event.time.isoformat(),
            "datacontenttype": "application/json",
            "aggregate": event.aggregate,
            "routingkey": event.routing_key,
            "traceparent": event.traceparent,
            "data": json_format.MessageToDict(message),
        }
    )


def decode_json(raw: bytes, kind: type[Message]) -> Event:
    """Raises `Undecodable`."""
    try:
        found: dict[str, Any] = orjson.loads(raw)
        if found["specversion"] != "1.0" or found["type"] != event_type(kind):
            raise Undecodable(f"no {event_type(kind)}")
        data = json_format.ParseDict(found["data"], kind(), ignore_unknown_fields=True)
        texts = {name: str(found.get(name, "")) for name in ("subject", "aggregate", "traceparent")}
        return Event(
            id=str(found["id"]),
            source=str(found["source"]),
            type=str(found["type"]),
            routing_key=str(found["routingkey"]),
            time=datetime.fromisoformat(found["time"]),
            data=data.SerializeToString(deterministic=True),
            **texts,
        )
    except (ValueError, KeyError, TypeError, json_format.ParseError) as error:
        raise Undecodable(str(error)) from error


class WorkOutlet:
    """Hands work to a queue, confirmed; `BusUnavailable` when it did not get there."""

    def __init__(self, url: str, work: WorkQueue) -> None:
        self._work = work
        self._publisher = Publisher(url, confirm=True)
        self._declared = False
        self._unobserve: Callable[[], None] = _nothing

    def put(self, event: Event, message: Message) -> None:
        """Returns when the broker has it safe."""
        self._prepare()
        exchange = f"{self._work.source}.events"
        body = encode_json(event, message)
        try:
            self._publisher.put(exchange, self._work.key, body, CONTENT_TYPE, {})
        except Exception:
            # The queue may have gone with its broker.
            self._declared = False
            raise

    def put_to(self, queue: Queue, body: bytes, headers: dict[str, Any]) -> None:
        """Straight into one of the work's own queues."""
        self._publisher.put("", str(queue.name), body, CONTENT_TYPE, headers)

    def bury(self, body: bytes, headers: dict[str, Any]) -> None:
        """Among the dead letters, for people to look at."""
        self._publisher.put("xianban.dead", self._work.name, body, CONTENT_TYPE, headers)

    def observe(self) -> None:
        """The queue's length and its dead letters' from now on, until it is closed."""
        names = [topology.queue_name(self._work.name), topology.dead_name(self._work.name)]
        self._unobserve = QUEUE.observe(lambda: seen_by(self._publisher, names))

    def close(self) -> None:
        self._unobserve()
        self._publisher.close()

    def _prepare(self) -> None:
        if not self._declared:
            self._publisher.use(self._work.declare)
            self._declared = True


def _nothing() -> None:
    """Nobody looks yet."""


def workers_at(url: str, work: WorkQueue) -> int:
    """How many consume now; `BusUnavailable` when nobody can say.

    A worker that hangs or died misses two heartbeats of its connection, and is counted no longer.
    """
    found: list[int] = []

    def look(connection: Connection) -> None:
        work.declare(connection)
        queue: Any = work.queue(connection.default_channel)
        found.append(queue.queue_declare(passive=True).consumer_count)

    asking = Publisher(url, confirm=False)
    try:
        asking.use(look)
    finally:
        asking.close()
    return found[0]


class WorkInbox(Connected):
    """Takes a queue's JSON CloudEvents to `deliver`, and acknowledges what that settled."""

    def __init__(
        self,
        url: str,
        work: WorkQueue,
        kind: type[Message],
        deliver: Callable[[list[Event]], None],
    ) -> None:
        super().__init__(url, work.name)
        self._work = work
        self._kind = kind
        self._deliver = deliver
        self._thread.start()

    def _consume(self, connection: Connection) -> None:
        self._work.declare(connection)
        consumer = Consumer(
            connection.default_channel,
            [self._work.queue],
            on_message=self._receive,
            prefetch_count=_PREFETCH,
            auto_declare=False,
        )
        consumer.consume()
        while not self._closing.is_set():
            self._drain(connection, _IDLE)
            connection.heartbeat_check()
        consumer.cancel()

    def _receive(self, frame: Frame) -> None:
        body: Any = frame.body
        try:
            event = decode_json(body if isinstance(body, bytes) else str(body).encode(), self._kind)
        except Undecodable as error:
            _log.error("work_undecodable", queue=self._work.name, error=str(error))
            frame.reject()  # to the dead-letter queue
            return
        try:
            self._deliver([event])
        except DeliveryStopped:
            return  # comes again at the next start
        frame.ack()
