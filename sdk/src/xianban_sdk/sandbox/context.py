"""What a plugin's log lines go out with."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from xianban.plugin.v1.plugin_pb2 import FromPlugin, LogLine

from xianban_sdk.sandbox.frames import Closed

__all__ = ["LinesToHost", "trace"]

_LONGEST: Final = 2000
_EACH_SECOND: Final = 20


class _Trace(threading.local):
    # The W3C trace context of the call that this thread answers.
    parent = ""


trace = _Trace()


class LinesToHost(logging.Handler):
    """Standard logging, told to the host; a plugin that floods it loses its lines."""

    def __init__(self, tell: Callable[[FromPlugin], None]) -> None:
        super().__init__(logging.INFO)
        self._tell = tell
        self._second, self._sent = 0, 0

    def emit(self, record: logging.LogRecord) -> None:
        """Sends a line, if there were not too many in this second."""
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._sent = second, 0
        self._sent += 1
        if self._sent > _EACH_SECOND:
            return
        text = self.format(record)[:_LONGEST].encode("utf-8", "replace").decode("utf-8")
        line = LogLine(level=_level(record.levelno), text=text, traceparent=trace.parent)
        try:
            self._tell(FromPlugin(log_line=line))
        except (Closed, OSError):
            self.handleError(record)


def _level(number: int) -> str:
    if number >= logging.ERROR:
        return "error"
    return "warning" if number >= logging.WARNING else "info"
