"""Writes log lines, several per system call."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

from xianban_sdk.threads import background

__all__ = ["Lines", "lines_to"]

# Lines wait at most this long for others to share a write with.
_GATHER: Final = 0.1
_STDERR: Final = 2


@cache
def lines_to(path: str) -> Lines:
    """The one writer of a log file; "" is standard error."""
    if not path:
        return Lines(_STDERR)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    return Lines(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600))


class Lines:
    """Log lines, several per system call; an error goes out at once.

    A call writes one line: a write() each would cost as much as the rest of the line together.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: deque[bytes] = deque()
        self._writing = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        # Hears what was written, in the writer's thread.
        self.listener: Callable[[Sequence[bytes]], None] | None = None
        atexit.register(self.flush)

    def __call__(self, *_: Any) -> Lines:
        return self

    def info(self, line: bytes) -> None:
        self._waiting.append(line)
        if self._thread is None:
            self._start()
        if not self._wake.is_set():
            self._wake.set()

    def error(self, line: bytes) -> None:
        self._waiting.append(line)
        self.flush()

    # structlog calls the method of the line's level.
    debug = warning = msg = log = info
    critical = exception = fatal = error

    def flush(self) -> None:
        """Writes what waits."""
        with self._writing:
            # Others go on adding: only what is there now is taken, by its number.
            lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if lines:
                _write_all(self._descriptor, b"\n".join(lines) + b"\n")
        if lines and self.listener is not None:
            # Whoever listens must not cost anybody a line.
            with suppress(Exception):
                self.listener(lines)

    def _start(self) -> None:
        with self._writing:
            if self._thread is None:
                self._thread = background("log", self._loop)

    def _loop(self) -> None:
        while True:
            self._wake.wait()
            time.sleep(_GATHER)
            self._wake.clear()
            self.flush()


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
