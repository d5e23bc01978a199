"""nameko workers that lose nothing: retries with pauses, dead letters, dedupe.

nameko acknowledges a message whose handler raised: it would be gone. This entrypoint puts it into a
pause queue instead, and after the last pause among the dead letters; it calls the handler once per
event id and process, and says when a message comes again because a worker died with it.

The process that imports this is eventlet's: ``eventlet.monkey_patch()`` is its very first line, and
grpc never comes into it.
"""

# nameko and kombu ship no types:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportUntypedBaseClass=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false

from __future__ import annotations

import os
import signal
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import eventlet
import orjson
import structlog
from kombu import serialization
from kombu.connection import Connection
from nameko.messaging import Consumer
from nameko.runners import ServiceRunner

from xianban_sdk.messaging.bus import BusUnavailable
from xianban_sdk.messaging.work_queue import CONTENT_TYPE, TRIES, WorkOutlet, WorkQueue

__all__ = ["Work", "run_worker", "take_work"]

_log = structlog.get_logger("xianban.messaging")

Handler = TypeVar("Handler", bound=Callable[..., None])

_SERIALIZER: Final = "cloudevents"
_REMEMBERED: Final = 10_000
_CONNECT_SECONDS: Final = 5
_LOOK_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Work:
    """One message for a handler."""

    body: bytes
    # A worker died with it, or the broker was away before it was acknowledged.
    again: bool


class TakeWork(Consumer):
    """``@take_work(queue)`` on ``def handle(self, work: Work) -> None``."""

    def __init__(self, work: WorkQueue, **options: Any) -> None:
        self._work = work
        self._done: OrderedDict[str, None] = OrderedDict()
        self._under_way: set[str] = set()
        self._outlet: WorkOutlet | None = None
        super().__init__(work.queue, **options)

    def setup(self) -> None:
        url = self.queue_consumer.amqp_uri
        with Connection(url, connect_timeout=_CONNECT_SECONDS) as connection:
            self._work.declare(connection)
        self._outlet = WorkOutlet(url, self._work)
        super().setup()

    def handle_message(self, body: Any, message: Any) -> None:
        event_id = _id(message)
        # After a lost connection the same comes again while its first handler still runs.
        while event_id in self._under_way:
            eventlet.sleep(_LOOK_SECONDS)  # pyright: ignore[reportArgumentType]
        if event_id in self._done:
            self.queue_consumer.ack_message(message)
            return
        self._under_way |= {event_id} if event_id else set()
        again = bool((message.delivery_info or {}).get("redelivered"))
        super().handle_message(Work(body, again), message)

    def handle_result(
        self, message: Any, worker_ctx: Any, result: Any = None, exc_info: Any = None
    ) -> tuple[Any, Any]:
        if exc_info is None:
            self._remember(_id(message))
            self.queue_consumer.ack_message(message)
        else:
            self._put_off(message, exc_info[1])
        self._under_way.discard(_id(message))
        return result, exc_info

    def _put_off(self, message: Any, error: BaseException) -> None:
        """Safe elsewhere first, acknowledged here then."""
        tries = int((message.headers or {}).get(TRIES, 0))
        headers = {TRIES: tries + 1, "x-xianban-error": repr(error)[:500]}
        try:
            assert self._outlet is not None
            pauses = self._work.pauses
            if tries < len(pauses):
                self._outlet.put_to(self._work.pause(pauses[tries]), message.body, headers)
            else:
                _log.error("work_dead", queue=self._work.name, error=repr(error))
                self._outlet.bury(message.body, headers)
        except BusUnavailable as away:
            _log.warning("work_requeued", queue=self._work.name, error=repr(away))
            eventlet.sleep(1)
            self.queue_consumer.requeue_message(message)
            return
        self.queue_consumer.ack_message(message)

    def _remember(self, event_id: str) -> None:
        self._done[event_id] = None
        if len(self._done) > _REMEMBERED:
            self._done.popitem(last=False)


def take_work(work: WorkQueue) -> Callable[[Handler], Handler]:
    """Marks a nameko service's method as the handler of a queue."""
    marked: Callable[[Handler], Handler] = TakeWork.decorator(work)
    return marked


def run_worker(service: type, url: str, workers: int) -> None:
    """Runs a nameko service until SIGTERM or SIGINT; what is under way ends first."""
    serialization.register(_SERIALIZER, bytes, bytes, CONTENT_TYPE, "binary")
    runner = ServiceRunner(
        {
            "AMQP_URI": url,
            "ACCEPT": [_SERIALIZER],
            "max_workers": workers,
            "HEARTBEAT": 20,
        }
    )
    runner.add_service(service)

    def end(_number: int, _frame: object) -> None:
        eventlet.spawn_n(runner.stop)
        eventlet.spawn_n(_end_without, url)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    runner.start()
    runner.wait()


def _end_without(url: str) -> None:
    """nameko would wait for a broker that is away; what is under way can't be acknowledged
    without one, and comes again."""
    connection = Connection(url, connect_timeout=_CONNECT_SECONDS)
    while True:
        eventlet.sleep(1)
        try:
            connection.connect()
            connection.release()
        except connection.connection_errors as error:
            _log.warning("worker_ends_without_broker", error=repr(error))
            os._exit(0)


def _id(message: Any) -> str:
    """The event's; what has none is never taken for a repetition."""
    try:
        found = orjson.loads(message.body)
        return str(found["id"])
    except (ValueError, KeyError, TypeError):
        return ""
