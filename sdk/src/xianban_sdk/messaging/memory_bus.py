"""The bus of a suite in one process: the outbox rows are its only store.

`publish` returns when every group has settled its events, so the relay marks a row as sent only
then; after `kill -9` the unsent rows come again and the inboxes drop what they already know.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from xianban_sdk.messaging.bus import BusUnavailable, Deliver, DeliveryStopped, Subscription
from xianban_sdk.messaging.event import Event, matches
from xianban_sdk.threads import background

__all__ = ["MemoryBus"]

_log = structlog.get_logger("xianban.messaging")

_TRANSIENT_BACKLOG = 256


class MemoryBus:
    """Hands events to the groups of this process."""

    def __init__(self, *, settle_seconds: float = 60.0) -> None:
        self._groups: dict[str, _Group] = {}
        self._listeners: list[_Listener] = []
        self._lock = threading.Lock()
        self._settle_seconds = settle_seconds
        self._closed = False

    def declare(self, group: str, patterns: Sequence[str]) -> None:
        with self._lock:
            self._groups.setdefault(group, _Group(group)).patterns = tuple(patterns)

    def subscribe(self, group: str, patterns: Sequence[str], deliver: Deliver) -> Subscription:
        self.declare(group, patterns)
        with self._lock:
            declared = self._groups[group]
            if declared.consumer is not None:
                raise RuntimeError(f"group {group!r} has a consumer in this process already")
            declared.consumer = _Consumer(declared, deliver)
        return declared.consumer

    def subscribe_transient(
        self, patterns: Sequence[str], deliver: Callable[[Event], None]
    ) -> Subscription:
        listener = _Listener(tuple(patterns), deliver, self._forget)
        with self._lock:
            self._listeners.append(listener)
        return listener

    def publish(self, events: list[Event]) -> None:
        if self._closed:
            raise BusUnavailable("the bus is closed")
        with self._lock:
            groups = list(self._groups.values())
        handed = [group.hand(wanted) for group in groups if (wanted := group.wanted(events))]
        for delivery in handed:
            delivery.wait(self._settle_seconds)

    def publish_transient(self, event: Event) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener.offer(event)

    def ready(self) -> bool:
        with self._lock:
            return not self._closed and all(group.consumer for group in self._groups.values())

    def close(self) -> None:
        self._closed = True
        with self._lock:
            consumers = [group.consumer for group in self._groups.values() if group.consumer]
            listeners = list(self._listeners)
        for running in [*consumers, *listeners]:
            running.close()

    def _forget(self, listener: "_Listener") -> None:
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)


@dataclass
class _Delivery:
    """One hand-over to one group."""

    group: str
    events: list[Event]
    done: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None

    def settle(self, error: Exception | None = None) -> None:
        self.error = error
        self.done.set()

    def wait(self, seconds: float) -> None:
        if not self.done.wait(seconds):
            raise BusUnavailable(f"{self.group} has not settled its events in {seconds:.0f} s")
        if self.error is not None:
            raise BusUnavailable(f"{self.group}: {self.error!r}")


@dataclass
class _Group:
    name: str
    patterns: tuple[str, ...] = ()
    consumer: "_Consumer | None" = None

    def wanted(self, events: list[Event]) -> list[Event]:
        return [
            event
            for event in events
            if any(matches(pattern, event.routing_key) for pattern in self.patterns)
        ]

    def hand(self, events: list[Event]) -> _Delivery:
        delivery = _Delivery(self.name, events)
        consumer = self.consumer
        if consumer is None:
            delivery.settle(DeliveryStopped("no consumer"))
        else:
            consumer.take(delivery)
        return delivery


class _Consumer:
    """A group's thread."""

    def __init__(self, group: _Group, deliver: Deliver) -> None:
        self._group = group
        self._deliver = deliver
        self._lock = threading.Lock()
        self._closed = False
        self._deliveries: queue.SimpleQueue[_Delivery | None] = queue.SimpleQueue()
        self._thread = background(f"consume-{group.name}", self._run)

    def take(self, delivery: _Delivery) -> None:
        with self._lock:
            if not self._closed:
                self._deliveries.put(delivery)
                return
        delivery.settle(DeliveryStopped("closing"))

    def close(self) -> None:
        with self._lock:
            self._closed = True
        self._deliveries.put(None)
        self._thread.join(timeout=10)
        self._group.consumer = None

    def _run(self) -> None:
        while (delivery := self._deliveries.get()) is not None:
            try:
                self._deliver(delivery.events)
            except Exception as error:
                if not isinstance(error, DeliveryStopped):
                    _log.exception("delivery_failed", group=self._group.name)
                delivery.settle(error)
            else:
                delivery.settle()


class _Listener:
    """One listener to transient events; when it is slow the oldest are dropped, as they may."""

    def __init__(
        self,
        patterns: tuple[str, ...],
        deliver: Callable[[Event], None],
        closed: "Callable[[_Listener], None]",
    ) -> None:
        self._patterns = patterns
        self._deliver = deliver
        self._on_close = closed
        self._events: queue.Queue[Event | None] = queue.Queue(_TRANSIENT_BACKLOG)
        self._thread = threading.Thread(target=self._run, name="transient", daemon=True)
        self._thread.start()

    def offer(self, event: Event) -> None:
        if any(matches(pattern, event.routing_key) for pattern in self._patterns):
            self._put(event)

    def close(self) -> None:
        self._on_close(self)
        self._put(None)
        self._thread.join(timeout=10)

    def _put(self, item: Event | None) -> None:
        while True:
            try:
                self._events.put_nowait(item)
                return
            except queue.Full:
                self._drop_oldest()

    def _drop_oldest(self) -> None:
        try:
            self._events.get_nowait()
        except queue.Empty:
            return  # the thread was quicker: there is room now

    def _run(self) -> None:
        while (event := self._events.get()) is not None:
            try:
                self._deliver(event)
            except Exception:
                _log.exception("transient_failed", routing_key=event.routing_key)
