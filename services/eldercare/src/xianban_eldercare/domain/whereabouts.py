"""定位援助: which fixes of a locator may decide, and how far beyond a place's border they are.

What is known of peers and made impossible here: an event per wobble at the border
(traccar#2189, #3609), events from places that were stored and sent later, in the order of their
arrival (vitalidze/traccar-web#1090, traccar#4417), and a coarse fix that opens the fence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from xianban_eldercare.domain.distances import metres_between

__all__ = [
    "MARGIN_METRES",
    "MOST_FENCES",
    "UNKNOWN_ACCURACY",
    "Circle",
    "Fix",
    "believed",
    "beyond",
    "counts_at",
    "metres",
]

MOST_FENCES: Final = 8
# Beyond the border by more than this, and by the fix's own error, is outside.
MARGIN_METRES: Final = 30.0
# What a fix that tells no accuracy is taken to err by.
UNKNOWN_ACCURACY: Final = 50.0
# A coarser fix (a cell, a hall) decides nothing.
_POOR_METRES: Final = 100.0
# 60 m/s = 216 km/h: no road and no metro is faster.
_FASTEST: Final = 60.0
_SECOND: Final = 1_000_000
# Neither outside nor back inside.
_UNDECIDED: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Fix:
    """Where a locator was: `at` in microseconds since 1970 UTC, WGS 84 degrees, metres."""

    at: int
    latitude: float
    longitude: float
    accuracy: float

    @property
    def error(self) -> float:
        """Metres; 0 on the wire is "not known"."""
        return self.accuracy or UNKNOWN_ACCURACY


@dataclass(frozen=True, slots=True)
class Circle:
    """A place, and the minutes of the day in which leaving it counts."""

    latitude: float
    longitude: float
    radius: float
    start_minute: int = 0
    end_minute: int = 0


def metres(one: Fix | Circle, other: Fix | Circle) -> float:
    here, there = (one.latitude, one.longitude), (other.latitude, other.longitude)
    return metres_between(here, there)


def believed(fixes: Iterable[Fix]) -> list[Fix]:
    """The fixes that may decide, of those in the order of their time.

    One that could not have been reached from the one before is believed only when the next
    agrees with it: a jump and back is noise, a train is not.
    """
    kept: list[Fix] = []
    doubted: Fix | None = None
    for fix in fixes:
        if fix.error > _POOR_METRES:
            continue
        agrees = doubted is not None and _reachable(doubted, fix)
        if kept and not _reachable(kept[-1], fix) and not agrees:
            doubted = fix
            continue
        doubted = None
        kept.append(fix)
    return kept


def _reachable(one: Fix, other: Fix) -> bool:
    seconds = max((other.at - one.at) / _SECOND, 1.0)
    return metres(one, other) - one.error - other.error <= _FASTEST * seconds


def beyond(circle: Circle, fix: Fix, minute: int) -> float:
    """Metres outside the border for certain; 0: inside. `minute`: of the day, Asia/Shanghai.

    Between, within the fix's own error or when leaving does not count, it is neither.
    """
    distance = metres(circle, fix) - circle.radius
    if distance <= 0:
        return 0.0
    if not counts_at(circle, minute):
        return _UNDECIDED
    return max(distance - fix.error, _UNDECIDED)


def counts_at(circle: Circle, minute: int) -> bool:
    """Whether leaving counts; from 20:00 to 6:00 goes across midnight."""
    start, end = circle.start_minute, circle.end_minute
    if start == end:
        return True
    if start < end:
        return start <= minute < end
    return minute >= start or minute < end
