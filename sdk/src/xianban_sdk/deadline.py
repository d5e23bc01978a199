"""How long a call may still take, shrinking with every hop."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

__all__ = ["HOP_MARGIN", "Deadline", "current_deadline", "hop_timeout"]

# What a hop keeps back, so that it can still answer when the next one runs out of time.
HOP_MARGIN: Final = 0.05

current_deadline: ContextVar[Deadline | None] = ContextVar("xianban_deadline", default=None)


class Deadline:
    """A point on the monotonic clock; None seconds = no end (streams)."""

    __slots__ = ("_end", "_monotonic", "is_abandoned")

    def __init__(
        self,
        seconds: float | None,
        monotonic: Callable[[], float] = time.monotonic,
        is_abandoned: Callable[[], bool] = lambda: False,
    ) -> None:
        self._monotonic = monotonic
        # Whether the caller went away: work that takes long asks now and then.
        self.is_abandoned = is_abandoned
        self._end = float("inf") if seconds is None else monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left; negative when over, infinite when there is no end."""
        return self._end - self._monotonic()

    @property
    def over(self) -> bool:
        """True when no time is left."""
        return self.remaining() <= 0

    def check(self) -> None:
        """Raises DeadlineExceeded when no time is left."""
        if self.over:
            raise _over()


def hop_timeout(default: float, asked: float | None = None) -> float:
    """The timeout for a call made from inside a call: never beyond our own, minus the margin."""
    timeout = default if asked is None else asked
    deadline = current_deadline.get()
    if deadline is not None:
        timeout = min(timeout, deadline.remaining() - HOP_MARGIN)
    if timeout <= 0:
        raise _over()
    return timeout


def _over() -> Exception:
    # Imported here: a delivery worker counts time too and must not meet grpc.
    from xianban_sdk.errors import DeadlineExceeded

    return DeadlineExceeded("DEADLINE_EXCEEDED")
