"""GeoJSON geometries (RFC 7946), and distances on the ground. Pure."""

from __future__ import annotations

import math
from typing import Any, Final, cast

__all__ = ["EARTH_M", "chord_squared", "is_geometry", "on_sphere"]

EARTH_M: Final = 6_371_008.8  # mean radius
# How deep lists of positions are nested.
_DEPTHS: Final = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}


def is_geometry(value: Any) -> bool:
    """Whether it is a whole GeoJSON geometry (collections are not read)."""
    if not isinstance(value, dict):
        return False
    given = cast("dict[str, Any]", value)
    depth = _DEPTHS.get(cast(str, given.get("type"))) if _is_text(given.get("type")) else None
    return depth is not None and _positions(given.get("coordinates"), depth)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _positions(value: Any, depth: int) -> bool:
    if not isinstance(value, list):
        return False
    items = cast("list[Any]", value)
    if depth:
        return bool(items) and all(_positions(one, depth - 1) for one in items)
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in items)
    return 2 <= len(items) <= 3 and numbers and abs(items[0]) <= 180 and abs(items[1]) <= 90


def on_sphere(longitude: float, latitude: float) -> tuple[float, float, float]:
    """A place in degrees as a point on a sphere of radius 1."""
    east, north = math.radians(longitude), math.radians(latitude)
    return math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)


def chord_squared(metres: float) -> float:
    """The square of the straight line, on a sphere of radius 1, between places so far apart."""
    half = min(max(metres, 0.0) / EARTH_M / 2, math.pi / 2)
    return 4 * math.sin(half) ** 2
