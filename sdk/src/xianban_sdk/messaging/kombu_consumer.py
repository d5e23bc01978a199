"""Consumers on RabbitMQ: one thread talks to the broker, another applies.

Apart, so that heartbeats go on while a frame waits for a database that is away.
"""

# kombu ships partial types:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from kombu.connection import Connection
from kombu.entity import Queue
from kombu.message import Message
from kombu.messaging import Consumer

from xianban_sdk.messaging import topology
from xianban_sdk.messaging.bus import Deliver, DeliveryStopped
from xianban_sdk.messaging.event import Event, Undecodable, decode_batch
from xianban_sdk.threads import background

__all__ = ["Connected", "QueueConsumer", "TransientConsumer"]

_log = structlog.get_logger("xianban.messaging")

_PREFETCH = 50
_HEARTBEAT = 20
_CONNECT_SECONDS = 5
_IDLE = 0.25
_WORKING = 0.02  # acknowledgements leave this late at most
_LONGEST_PAUSE = 5.0
_TRANSIENT_KEPT = 256


class Connected:
    """A thread that keeps a connection and consumes on it, until closed."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"amqp-{name}", daemon=True)

    def close(self) -> None:
        self._closing.set()
        self._thread.join(timeout=15)

    def _consume(self, connection: Connection) -> None:
        raise NotImplementedError

    def _run(self) -> None:
        pause = _IDLE
        while not self._closing.is_set():
            started = time.monotonic()
            try:
                with Connection(
                    self._url, heartbeat=_HEARTBEAT, connect_timeout=_CONNECT_SECONDS
                ) as connection:
                    connection.connect()
                    self._consume(connection)
            except Exception as error:
                lasted = time.monotonic() - started
                pause = _IDLE if lasted > _LONGEST_PAUSE else min(pause * 2, _LONGEST_PAUSE)
                _log.warning("consumer_reconnects", name=self._name, error=repr(error))
                self._closing.wait(pause)

    def _drain(self, connection: Connection, seconds: float) -> None:
        try:
            connection.drain_events(timeout=seconds)
        except TimeoutError:
            return  # nothing came


@dataclass(frozen=True, slots=True)
class _Frame:
    """A message with the connection it came over: on another one its tag means nothing."""

    connection: Connection
    message: Message
    events: list[Event]


class QueueConsumer(Connected):
    """Consumes a group's queue in order; acknowledges what is settled."""

    def __init__(self, url: str, group: str, declare: Callable[[], None], deliver: Deliver) -> None:
        super().__init__(url, group)
        self._group = group
        self._declare = declare
        self._deliver = deliver
        self._connection: Connection | None = None
        self._waiting: queue.SimpleQueue[_Frame] = queue.SimpleQueue()
        self._settled: queue.SimpleQueue[_Frame] = queue.SimpleQueue()
        self._in_flight = 0
        self._worker = background(f"inbox-{group}", self._apply)
        self._thread.start()

    def _consume(self, connection: Connection) -> None:
        self._declare()
        self._connection, self._in_flight = connection, 0
        consumer = Consumer(
            connection.default_channel,
            [topology.group_queue(self._group)],
            on_message=self._receive,
            prefetch_count=_PREFETCH,
            auto_declare=False,
        )
        consumer.consume()
        while not self._closing.is_set():
            self._drain(connection, _WORKING if self._in_flight else _IDLE)
            self._acknowledge()
            connection.heartbeat_check()
        consumer.cancel()
        self._worker.join(timeout=10)
        self._acknowledge()

    def _receive(self, message: Message) -> None:
        try:
            events = decode_batch(_body(message))
        except Undecodable as error:
            _log.error("frame_undecodable", group=self._group, error=str(error))
            message.reject()  # to the dead-letter queue
            return
        assert self._connection is not None
        self._in_flight += 1
        self._waiting.put(_Frame(self._connection, message, events))

    def _acknowledge(self) -> None:
        """Frames settle in the order they came, so the last stands for all before it."""
        last: _Frame | None = None
        while (frame := _next(self._settled, 0)) is not None:
            if frame.connection is self._connection:
                last = frame
                self._in_flight -= 1
        if last is not None:
            last.message.ack(multiple=True)

    def _apply(self) -> None:
        while not self._closing.is_set():
            frame = _next(self._waiting, _IDLE)
            if frame is None or frame.connection is not self._connection:
                continue  # of a lost connection: the broker delivers it again
            if self._settle(frame.events):
                self._settled.put(frame)

    def _settle(self, events: list[Event]) -> bool:
        while not self._closing.is_set():
            try:
                self._deliver(events)
            except DeliveryStopped:
                return False
            except Exception:
                _log.exception("delivery_failed", group=self._group)
                self._closing.wait(1)
            else:
                return True
        return False


class TransientConsumer(Connected):
    """Listens to what is never stored, on a queue that goes with the connection."""

    def __init__(self, url: str, patterns: Sequence[str], deliver: Callable[[Event], None]) -> None:
        super().__init__(url, "transient")
        self._patterns = list(patterns)
        self._deliver = deliver
        self._thread.start()

    def _consume(self, connection: Connection) -> None:
        topology.declare_common(connection)
        channel: Any = connection.default_channel
        own: Any = Queue(
            "",
            exclusive=True,
            auto_delete=True,
            durable=False,
            queue_arguments={"x-max-length": _TRANSIENT_KEPT},
        )(channel)
        own.declare()
        for pattern in self._patterns:
            own.bind_to(exchange=topology.TRANSIENT.name, routing_key=pattern)
        with Consumer(channel, [own], on_message=self._receive, no_ack=True, auto_declare=False):
            while not self._closing.is_set():
                self._drain(connection, _IDLE)
                connection.heartbeat_check()

    def _receive(self, message: Message) -> None:
        try:
            for event in decode_batch(_body(message)):
                self._deliver(event)
        except Exception:
            _log.exception("transient_failed")


def _body(message: Message) -> bytes:
    body: Any = message.body
    return body if isinstance(body, bytes) else str(body).encode()


def _next(frames: "queue.SimpleQueue[_Frame]", seconds: float) -> _Frame | None:
    try:
        return frames.get(block=seconds > 0, timeout=seconds or None)
    except queue.Empty:
        return None
