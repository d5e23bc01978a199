"""Weather warnings: where they hold, and what may be said when a source is silent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import pairwise
from typing import Final

from xianban_eldercare.domain.distances import Degrees, metres_between

__all__ = ["SILENT_AFTER", "Knowledge", "Reach", "is_silent", "knowledge"]

# A list that was not read for so long says nothing about now.
SILENT_AFTER: Final = timedelta(hours=1)
_PROVINCE_AND_CITY: Final = (2, 4)


class Knowledge(Enum):
    """Whether "no warning" may be said at all."""

    NOT_CONNECTED = "not-connected"
    UNKNOWN = "unknown"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a warning holds, as `xianban_sdk.public.warnings.WarnedArea`."""

    codes: Sequence[str] = ()
    polygons: Sequence[Sequence[Degrees]] = ()
    circles: Sequence[tuple[float, float, float]] = ()

    def covers(self, area: str, home: Degrees | None) -> bool:
        """By the area, or by where the home lies if that is known."""
        if any(_within(area, code) for code in self.codes):
            return True
        if home is None:
            return False
        inside = any(_inside(home, ring) for ring in self.polygons)
        return inside or any(
            metres_between(home, (latitude, longitude)) <= kilometres * 1000
            for latitude, longitude, kilometres in self.circles
        )


def is_silent(read_at: datetime | None, now: datetime) -> bool:
    """Nobody knows what the source says now."""
    return read_at is None or now - read_at > SILENT_AFTER


def knowledge(reads: Sequence[datetime | None], now: datetime) -> Knowledge:
    """Of all sources; one that is silent may hold the warning that counts."""
    if not reads:
        return Knowledge.NOT_CONNECTED
    silent = any(is_silent(one, now) for one in reads)
    return Knowledge.UNKNOWN if silent else Knowledge.KNOWN


def _within(area: str, code: str) -> bool:
    if len(code) in _PROVINCE_AND_CITY and code.isdigit():
        return area.startswith(code)
    return area == code or area.startswith(f"{code}/")


def _inside(point: Degrees, ring: Sequence[Degrees]) -> bool:
    """Even-odd rule; a district is small enough to be flat."""
    latitude, longitude = point
    found = False
    for (south, west), (north, east) in pairwise(ring):
        if (south > latitude) != (north > latitude):
            crossing = west + (latitude - south) / (north - south) * (east - west)
            found ^= longitude < crossing
    return found
