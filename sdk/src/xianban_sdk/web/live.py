"""Live data: one upstream subscription per stream, fanned out to browsers as server-sent events.

    def stream(request: Request) -> Response:
        return live(
            request, "parking-lots",
            lambda: watch(request, parking.WatchLots, WatchLotsRequest()),
            lambda change: Frame("lot-" + change.lot, fragment(request, "parking/_lot.html", …)),
        )

In the page: `<div data-live="/parking/live">…<div data-live-part="lot-…">…</div></div>`: the kit's
script puts each frame's HTML into the part of that name. The upstream belongs to whoever came
first, so a stream of personal data needs the person in its key.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from starlette.requests import HTTPConnection
from starlette.responses import StreamingResponse

Item = TypeVar("Item")
Open = Callable[[], AsyncIterator[Any]]

QUEUE = 64
BEAT_SECONDS = 15.0
FIRST_RETRY_SECONDS = 1.0
LAST_RETRY_SECONDS = 30.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Frame:
    """One event for the browser: the part of the page it is for, and its HTML."""

    part: str
    html: str

    def encode(self) -> bytes:
        lines = "\n".join(f"data: {line}" for line in self.html.splitlines() or [""])
        return f"event: {self.part}\n{lines}\n\n".encode()


@dataclass(frozen=True)
class State:
    """Told to subscribers when the upstream comes or goes."""

    connected: bool


@dataclass(eq=False)
class _Stream:
    open: Open
    queues: set[asyncio.Queue[Any]] = field(default_factory=set[asyncio.Queue[Any]])
    task: asyncio.Task[None] | None = None
    connected: bool = True
    last: object = None

    def publish(self, item: object) -> None:
        if not isinstance(item, State):
            self.last = item
        for queue in self.queues:
            if queue.full():  # A slow browser loses the oldest change, not the newest.
                queue.get_nowait()
            queue.put_nowait(item)


class Hub:
    """The portal's subscriptions. One per process."""

    def __init__(self, *, retry: float = FIRST_RETRY_SECONDS) -> None:
        self._streams: dict[str, _Stream] = {}
        self._retry = retry

    async def subscribe(self, key: str, open_upstream: Open) -> AsyncIterator[Any]:
        """Items of the stream `key`; opened by its first subscriber, closed after the last."""
        stream = self._streams.setdefault(key, _Stream(open_upstream))
        last = stream.last
        queue: asyncio.Queue[Any] = asyncio.Queue(QUEUE)
        stream.queues.add(queue)
        if stream.task is None:
            stream.task = asyncio.create_task(self._pump(stream))
        try:
            yield State(stream.connected)
            if last is not None:  # Who comes later also learns how things stand.
                yield last
            while True:
                yield await _next(queue)
        finally:
            stream.queues.discard(queue)
            if not stream.queues:
                self._close(key, stream)

    async def close(self) -> None:
        """Ends every stream; called when the portal stops."""
        tasks = [stream.task for stream in self._streams.values() if stream.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._streams.clear()

    def _close(self, key: str, stream: _Stream) -> None:
        if self._streams.get(key) is stream:
            del self._streams[key]
        if stream.task:
            stream.task.cancel()

    async def _pump(self, stream: _Stream) -> None:
        wait = self._retry
        while True:
            try:
                async for item in stream.open():
                    wait = self._retry
                    _set_state(stream, connected=True)
                    stream.publish(item)
            except asyncio.CancelledError:
                raise
            except Exception as error:  # the next attempt is the remedy; browsers are told
                _log.warning("live stream interrupted: %s", error)
            _set_state(stream, connected=False)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LAST_RETRY_SECONDS)


def _set_state(stream: _Stream, *, connected: bool) -> None:
    if stream.connected != connected:
        stream.connected = connected
        stream.publish(State(connected))


async def _next(queue: asyncio.Queue[Any]) -> Any:
    """The next item, or None when it is time for a sign of life."""
    with contextlib.suppress(asyncio.TimeoutError):
        return await asyncio.wait_for(queue.get(), BEAT_SECONDS)
    return None


def live(
    request: HTTPConnection,
    key: str,
    open_upstream: Callable[[], AsyncIterator[Item]],
    show: Callable[[Item], Frame | None],
) -> StreamingResponse:
    """Server-sent events of a shared stream, each item shown in this viewer's language."""
    hub: Hub = request.app.state.hub

    async def events() -> AsyncIterator[bytes]:
        async for item in hub.subscribe(key, open_upstream):
            yield _encode(item, show)

    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(events(), media_type="text/event-stream", headers=headers)


def _encode(item: Any, show: Callable[[Any], Frame | None]) -> bytes:
    if item is None:
        return b": alive\n\n"
    if isinstance(item, State):
        word = "on" if item.connected else "off"
        return f"event: live-state\ndata: {word}\n\n".encode()
    frame = show(item)
    return frame.encode() if frame else b""
