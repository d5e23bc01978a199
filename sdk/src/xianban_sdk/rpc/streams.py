"""Open streams are re-authorised on every relation change and at least each second."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from xianban_sdk.clock import Clock
from xianban_sdk.errors import Unauthenticated, Unavailable, XianbanError
from xianban_sdk.identity.relations import FactsSource
from xianban_sdk.rpc.call import Call
from xianban_sdk.telemetry import log

__all__ = ["OpenStreams"]

_EACH: Final = 1.0


@dataclass(slots=True, eq=False)
class _Open:
    call: Call
    authorise: Callable[[], object]
    # Tears the stream down when its handler does not notice; None: nothing to tear.
    cancel: Callable[[], object] | None
    overdue: bool = False


class OpenStreams:
    """Watches the streams of one service."""

    def __init__(self, facts: FactsSource, clock: Clock) -> None:
        self._clock = clock
        self._streams: set[_Open] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        facts.on_change(self._wake.set)

    def start(self) -> None:
        """Starts watching, unless it was stopped meanwhile."""
        with self._lock:
            if self._stop.is_set():
                return
            thread = threading.Thread(target=self._loop, name="open-streams", daemon=True)
            thread.start()
            self._thread = thread

    def stop(self) -> None:
        """Ends every open stream with SHUTTING_DOWN: clients come back elsewhere."""
        with self._lock:
            self._stop.set()
            thread = self._thread
        self._wake.set()
        for stream in self._snapshot():
            stream.call.end(Unavailable("SHUTTING_DOWN"))
        if thread is not None:
            thread.join(2.0)

    def add(
        self, call: Call, authorise: Callable[[], object], cancel: Callable[[], object] | None
    ) -> Callable[[], None]:
        """Watches a stream until the returned function is called."""
        stream = _Open(call, authorise, cancel)
        with self._lock:
            self._streams.add(stream)
        return lambda: self._remove(stream)

    def _remove(self, stream: _Open) -> None:
        with self._lock:
            self._streams.discard(stream)

    def __len__(self) -> int:
        return len(self._streams)

    def _snapshot(self) -> list[_Open]:
        with self._lock:
            return list(self._streams)

    def _loop(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(_EACH)
            self._wake.clear()
            self.check()

    def check(self) -> None:
        """Looks at every open stream once."""
        for stream in self._snapshot():
            if stream.overdue and stream.cancel is not None:
                # It was told a round ago and still sits there: no item may follow a refusal.
                stream.cancel()
            if stream.call.ended:
                stream.overdue = True
                continue
            self._check(stream)

    def _check(self, stream: _Open) -> None:
        principal = stream.call.principal
        now = self._clock.now().timestamp()
        try:
            if principal is not None and 0 < principal.expires < now:
                raise Unauthenticated("TOKEN_EXPIRED")
            stream.authorise()
        except XianbanError as error:
            log.info("stream_withdrawn", action=stream.call.action, reason=error.reason)
            stream.call.end(error)
        except Exception:
            # A fault of ours must not keep a stream open.
            log.exception("stream_check_failed", action=stream.call.action)
            stream.call.end(Unavailable("RELATIONS_STALE"))
