"""When a failing plugin is left alone for a while, and when a dying one for good."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

__all__ = ["Breaker", "Restarts"]

Monotonic = Callable[[], float]


class Breaker:
    """Opens after some faults in a window; lets one call through when its pause is over.

    A success closes it. A fault of that one call opens it again, for twice as long. What a plugin
    raises in its time may be what it was given: it counts until the next success, so that one
    device's strange message does not silence all of a model.
    """

    FAULTS: Final = 5
    WINDOW: Final = 30.0
    PAUSE: Final = 5.0
    LONGEST: Final = 60.0
    # So often opened without a success between: the plugin does not come right by itself.
    MOST_OPENINGS: Final = 5

    def __init__(self, monotonic: Monotonic = time.monotonic) -> None:
        self._monotonic = monotonic
        self._faults: deque[float] = deque(maxlen=self.FAULTS)
        self._raised: deque[float] = deque(maxlen=self.FAULTS)
        self._openings = 0
        self._until = 0.0
        self._probing = False
        self._lock = threading.Lock()

    @property
    def hopeless(self) -> bool:
        """Whether it has opened too often to try again."""
        return self._openings >= self.MOST_OPENINGS

    @property
    def left(self) -> float:
        """Seconds that the plugin is still left alone, for whoever only looks."""
        return max(self._until - self._monotonic(), 0.0) if self._openings else 0.0

    def pause(self) -> float:
        """Seconds that the plugin is still left alone; 0: it may be asked."""
        if not self._openings:
            return 0.0
        with self._lock:
            left = self._until - self._monotonic()
            if left > 0 or self._probing:
                return max(left, 0.001)
            self._probing = True
            return 0.0

    def succeeded(self) -> None:
        """A call was answered."""
        if self._openings or self._raised:
            with self._lock:
                self._raised.clear()
                if self._openings:
                    self._openings, self._probing = 0, False
                    self._faults.clear()

    def withdrew(self) -> None:
        """A call ended that says nothing about the plugin."""
        self._probing = False

    def failed(self, *, raised: bool = False) -> None:
        """A call ended by the plugin's fault; `raised`: by itself, in its time."""
        with self._lock:
            now = self._monotonic()
            (self._raised if raised else self._faults).append(now)
            if self._probing or self._recent(now) >= self.FAULTS:
                self._until = now + min(self.PAUSE * 2**self._openings, self.LONGEST)
                self._openings += 1
                self._faults.clear()
                self._raised.clear()
            self._probing = False

    def _recent(self, now: float) -> int:
        return sum(now - one <= self.WINDOW for one in (*self._faults, *self._raised))


class Restarts:
    """How often a process may be started anew, and after what pause."""

    MOST: Final = 6
    WINDOW: Final = 60.0
    # The first comes at once, then 1, 3, 7, 15 s: each start takes a CPU from others for 0.1 s.
    PAUSE: Final = 1.0

    def __init__(self, monotonic: Monotonic = time.monotonic) -> None:
        self._monotonic = monotonic
        self._deaths: deque[float] = deque(maxlen=self.MOST)

    def pause(self) -> float | None:
        """Counts a death: seconds to wait before the next start; None when the budget is spent."""
        now = self._monotonic()
        while self._deaths and now - self._deaths[0] > self.WINDOW:
            self._deaths.popleft()
        self._deaths.append(now)
        if len(self._deaths) == self.MOST:
            return None
        return self.PAUSE * (2 ** (len(self._deaths) - 1) - 1)
