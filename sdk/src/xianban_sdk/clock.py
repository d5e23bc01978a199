"""Time as an argument: UTC instants from an injected clock, Asia/Shanghai only at the edges."""

import threading
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

__all__ = ["SHANGHAI", "Clock", "ManualClock", "SystemClock", "local_day", "midnight"]

SHANGHAI = ZoneInfo("Asia/Shanghai")


def local_day(instant: datetime) -> date:
    """The day that the calendar on the wall shows at an instant."""
    return instant.astimezone(SHANGHAI).date()


def midnight(day: date) -> datetime:
    """The first instant of a local day."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


class Clock(Protocol):
    """Tells the time as an aware UTC datetime."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ManualClock:
    """A clock that moves only when told to, for tests and the deterministic demo."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock starts at an aware instant")
        self._now = start.astimezone(UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move on, or back: clock steps happen in the field."""
        with self._lock:
            self._now += by
            return self._now
