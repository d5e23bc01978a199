"""How far two places are from each other."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from typing import Final

__all__ = ["metres_between"]

# Mean radius, IUGG 1980.
_EARTH_METRES: Final = 6_371_008.8

# Latitude and longitude in degrees, WGS 84.
Degrees = tuple[float, float]


def metres_between(one: Degrees, other: Degrees) -> float:
    """Along a great circle, by the haversine formula; right within 0.5 %."""
    here, there = radians(one[0]), radians(other[0])
    down = sin((there - here) / 2)
    across = sin(radians(other[1] - one[1]) / 2)
    share = down * down + cos(here) * cos(there) * across * across
    return 2 * _EARTH_METRES * asin(min(1.0, sqrt(share)))
