"""CAP <area> → the suite's area: division codes (GB/T 2260), polygons, circles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final
from xml.etree.ElementTree import Element

from xianban_sdk.public.warnings import WarnedArea

from xianban_plugin_public_weather.xml_safely import Unreadable, text_of

__all__ = ["area_of"]

_MOST_AREAS: Final = 200
_MOST_POINTS: Final = 5000
_LONG: Final = 200_000
# 6 digits: a county; 9 and 12: its towns and communities.
_COUNTY: Final = 6
_FARTHEST_KM: Final = 2000.0

Point = tuple[float, float]


def area_of(info: Element, namespace: str, places: Mapping[str, str]) -> tuple[WarnedArea, str]:
    """Where it holds, and how the sender calls that; Unreadable when nobody could tell."""
    found = list(islice(info.iterfind(f"{{{namespace}}}area"), _MOST_AREAS))
    codes = {code: None for one in found for code in _codes(one, namespace, places)}
    polygons = [_ring(t) for one in found for t in _all(one, "polygon", namespace)]
    circles = [_circle(t) for one in found for t in _all(one, "circle", namespace)]
    if not (codes or polygons or circles):
        raise Unreadable("AREA_UNKNOWN")
    names = [text_of(one, "areaDesc", namespace) for one in found]
    area = WarnedArea(tuple(codes), tuple(polygons), tuple(circles))
    return area, "、".join(filter(None, names))[:300]


def _codes(area: Element, namespace: str, places: Mapping[str, str]) -> Iterator[str]:
    for one in islice(area.iterfind(f"{{{namespace}}}geocode"), 500):
        value = text_of(one, "value", namespace)
        known = places.get(value) or _division(value)
        if known:
            yield known


def _division(code: str) -> str:
    """A province by two digits, a county by six; a town only by the operator's table.

    A town that is not in the table must not become its whole county.
    """
    if not code.isascii() or not code.isdigit() or len(code) not in (6, 9, 12):
        return ""
    if code[_COUNTY:].strip("0"):
        return ""
    county = code[:_COUNTY]
    while county.endswith("00"):
        county = county[:-2]
    return county


def _all(area: Element, name: str, namespace: str) -> Iterator[str]:
    for one in islice(area.iterfind(f"{{{namespace}}}{name}"), _MOST_AREAS):
        yield (one.text or "")[:_LONG]


def _ring(text: str) -> tuple[Point, ...]:
    points = tuple(_point(one) for one in text.split()[: _MOST_POINTS + 1])
    if not 4 <= len(points) <= _MOST_POINTS or points[0] != points[-1]:
        raise Unreadable("POLYGON_UNREADABLE")
    return points


def _circle(text: str) -> tuple[float, float, float]:
    centre, _, radius = text.strip().partition(" ")
    latitude, longitude = _point(centre)
    kilometres = _number(radius)
    if not 0 <= kilometres <= _FARTHEST_KM:
        raise Unreadable("CIRCLE_UNREADABLE")
    return latitude, longitude, kilometres


def _point(text: str) -> Point:
    latitude, _, longitude = text.partition(",")
    point = _number(latitude), _number(longitude)
    if not (-90 <= point[0] <= 90 and -180 <= point[1] <= 180):
        raise Unreadable("POINT_UNREADABLE", text[:50])
    return point


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Unreadable("POINT_UNREADABLE", text[:50]) from None
