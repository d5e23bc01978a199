"""The threads of one server, counted: how many serve, how many calls wait for one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from xianban_sdk.instruments import (
    CALLS_WAITING,
    SERVICE,
    THREADS_BUSY,
    THREADS_MOST,
    Labels,
    Seen,
)

__all__ = ["Pool"]


class Pool(ThreadPoolExecutor):
    """What grpc hands its calls to."""

    def __init__(self, threads: int, service: str, lane: str) -> None:
        super().__init__(threads, thread_name_prefix="rpc")
        self._counting = threading.Lock()
        self._waits = self._serves = 0
        self._of: Labels = {SERVICE: service, "xianban.lane": lane or "unary"}
        self._ends = (
            THREADS_BUSY.observe(self._busy),
            CALLS_WAITING.observe(self._waiting),
            THREADS_MOST.observe(lambda: [(threads, self._of)]),
        )

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """As an executor does."""
        self._move(waits=1)
        return super().submit(self._counted, fn, *args, **kwargs)

    def _counted(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self._move(waits=-1, serves=1)
        try:
            return fn(*args, **kwargs)
        finally:
            self._move(serves=-1)

    def _move(self, *, waits: int = 0, serves: int = 0) -> None:
        with self._counting:
            self._waits += waits
            self._serves += serves

    def close(self) -> None:
        """Nobody looks at it any more; grpc ends the threads."""
        for end in self._ends:
            end()

    def _busy(self) -> Iterator[Seen]:
        yield self._serves, self._of

    def _waiting(self) -> Iterator[Seen]:
        yield self._waits, self._of
