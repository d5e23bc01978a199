"""走失模式: for how long a lost person's position is shared."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import Final

__all__ = ["LONGEST", "TRAIL_KEPT", "USUAL", "SearchState", "extended", "until"]

USUAL: Final = timedelta(hours=4)
LONGEST: Final = timedelta(hours=24)
# For whoever asks afterwards what happened; then the trail is deleted.
TRAIL_KEPT: Final = timedelta(days=7)


class SearchState(Enum):
    """Where a search stands."""

    RUNNING = "running"
    ENDED = "ended"
    EXPIRED = "expired"


def until(now: datetime, hours: int) -> datetime:
    """When the sharing ends by itself; 0 hours: the usual."""
    return now + min(timedelta(hours=hours) if hours else USUAL, LONGEST)


def extended(standing: datetime, now: datetime, hours: int) -> datetime:
    """So long from now on, never shorter than it was."""
    return max(standing, until(now, hours))
