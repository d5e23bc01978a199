"""Which entities are asked for, and which of their past. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from xianban_sensing.domain.queries import Node
from xianban_sensing.domain.refusals import RefusedError

__all__ = ["LARGEST_PAGE", "Near", "Past", "Selection", "near_of"]

LARGEST_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class Near:
    """Places at least and at most so many metres from one, in degrees."""

    longitude: float
    latitude: float
    at_least_m: float = 0.0
    at_most_m: float | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Entities of one of these types, ids and attributes (full names; empty: whatever)."""

    types: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    id_pattern: str = ""
    attributes: tuple[str, ...] = ()
    query: Node | None = None
    near: Near | None = None

    def is_narrow(self) -> bool:
        """The standard asks for one of these (5.7.2): nobody asks for everything at once."""
        return bool(self.types or self.attributes or self.query or self.near or self.ids)


@dataclass(frozen=True, slots=True)
class Past:
    """Instances before, after or between instants of a time property, at most the last so many.

    `by_observation`: by observedAt, and only instances that have one; else by when they were
    written.
    """

    relation: str = ""
    at: datetime | None = None
    until: datetime | None = None
    last: int = 0
    by_observation: bool = True

    def __post_init__(self) -> None:
        if self.relation not in ("", "before", "after", "between"):
            raise RefusedError("PAST_MALFORMED", "timerel")
        if bool(self.relation) != (self.at is not None):
            raise RefusedError("PAST_MALFORMED", "timeAt")
        if (self.relation == "between") != (self.until is not None):
            raise RefusedError("PAST_MALFORMED", "endTimeAt")


def near_of(relation: str, geometry: str, coordinates: tuple[float, ...], of: str) -> Near:
    """A geo-query, of which `near` a point is read."""
    kind, *bounds = relation.split(";")
    if kind != "near" or geometry != "Point" or of not in ("", "location"):
        raise RefusedError("NOT_SUPPORTED", "georel")
    inside = len(coordinates) == 2 and abs(coordinates[0]) <= 180 and abs(coordinates[1]) <= 90
    if not inside or len(bounds) != 1:
        raise RefusedError("GEO_QUERY_MALFORMED", "georel" if inside else "coordinates")
    name, _, metres = bounds[0].partition("==")
    distance = _metres(metres)
    if name == "minDistance":
        return Near(*coordinates, at_least_m=distance)
    if name != "maxDistance":
        raise RefusedError("GEO_QUERY_MALFORMED", "georel")
    return Near(*coordinates, at_most_m=distance)


def _metres(text: str) -> float:
    digits = text.replace(".", "", 1)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        raise RefusedError("GEO_QUERY_MALFORMED", "georel")
    return float(text)
