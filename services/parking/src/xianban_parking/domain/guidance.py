"""停车诱导: which car park to recommend, with every part of the score on the table.

Needs (disabled bay, charging, height, permit zone) are hard filters. The rest becomes minutes of
"cost": walking time, price converted at a published rate, the risk of finding no bay, and how
much longer than usual the way there takes.
Weights are integers, so that the ranking is the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from xianban_parking.domain.errors import MeasureError

__all__ = [
    "Candidate",
    "Exclusion",
    "Guidance",
    "Needs",
    "Option",
    "Place",
    "Weights",
    "distance_m",
    "rank",
    "walking_seconds",
]

EARTH_RADIUS_M = 6_371_008.8


@dataclass(frozen=True, slots=True)
class Place:
    """WGS 84 degrees."""

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        # NaN fails both comparisons and so is refused as well.
        if not (-90 <= self.latitude <= 90 and -180 <= self.longitude <= 180):
            raise MeasureError("OUT_OF_RANGE", "place")


class Exclusion(StrEnum):
    """Why a car park is not offered at all."""

    FIRE = "fire"
    ROAD_CLOSED = "road_closed"
    CLOSED = "closed"
    TOO_FAR = "too_far"
    NO_DISABLED_BAY = "no_disabled_bay"
    NO_CHARGING = "no_charging"
    TOO_LOW = "too_low"
    SURELY_FULL = "surely_full"


@dataclass(frozen=True, slots=True)
class Needs:
    """What the driver can't do without."""

    disabled_bay: bool = False
    charging: bool = False
    vehicle_height_cm: int | None = None
    farthest_walk_m: int = 1_500
    walking_speed_cm_s: int = 120


@dataclass(frozen=True, slots=True)
class Weights:
    """Published rates: fen that equal one minute of walking, minutes lost when no bay is free."""

    fen_per_minute: int = 50
    minutes_when_full: int = 20
    detour_percent: int = 130
    # Between free and congested: not to know must neither win nor lose a comparison.
    seconds_when_unknown: int = 180


@dataclass(frozen=True, slots=True)
class Candidate:
    """A car park with what is known for the driver's arrival.

    `price_fen` is for the intended stay (None: unknown); `chance_per_mille` of a free bay at
    arrival (None: no honest figure), which then counts as `UNKNOWN_CHANCE`. `way_seconds` is how
    much longer than usual the way there takes (None: not known).
    """

    lot: str
    place: Place
    open_throughout: bool = True
    price_fen: int | None = None
    chance_per_mille: int | None = None
    disabled_bays: int = 0
    charging_bays: int = 0
    height_limit_cm: int | None = None
    on_fire: bool = False
    way_seconds: int | None = None
    road_closed: bool = False


UNKNOWN_CHANCE = 500


@dataclass(frozen=True, slots=True)
class Option:
    """One recommended car park; the parts sum to the score (milliminutes, less is better).

    `way_part` is None where nothing is known of any way: then it is no part of the comparison.
    """

    lot: str
    walk_m: int
    walk_seconds: int
    price_fen: int | None
    chance_per_mille: int | None
    walk_part: int
    price_part: int
    risk_part: int
    way_part: int | None = None

    @property
    def score(self) -> int:
        """The sum of the parts, in thousandths of a minute."""
        return self.walk_part + self.price_part + self.risk_part + (self.way_part or 0)


@dataclass(frozen=True, slots=True)
class Guidance:
    """Options best first, and every car park left out with its reason."""

    options: tuple[Option, ...]
    excluded: tuple[tuple[str, Exclusion], ...]


def distance_m(one: Place, other: Place) -> int:
    """Great-circle distance (haversine) in whole metres."""
    latitudes = math.radians(one.latitude), math.radians(other.latitude)
    half_lat = (latitudes[1] - latitudes[0]) / 2
    half_lon = math.radians(other.longitude - one.longitude) / 2
    curve = math.cos(latitudes[0]) * math.cos(latitudes[1]) * math.sin(half_lon) ** 2
    chord = math.sin(half_lat) ** 2 + curve
    return round(2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(chord))))


def walking_seconds(straight_m: int, speed_cm_s: int = 120, detour_percent: int = 130) -> int:
    """Walking time for a straight-line distance; streets make it longer by the detour factor."""
    if speed_cm_s <= 0:
        raise MeasureError("OUT_OF_RANGE", "walking_speed_cm_s", {"value": speed_cm_s})
    return -(-straight_m * detour_percent // speed_cm_s)


def rank(
    candidates: Iterable[Candidate],
    destination: Place,
    needs: Needs,
    weights: Weights | None = None,
) -> Guidance:
    """Best first; equal scores go by walk, then price, then lot id, so the order is stable."""
    rates = weights or Weights()
    ordered = sorted(candidates, key=lambda one: one.lot)
    walks = {one.lot: distance_m(one.place, destination) for one in ordered}
    dearest = max((one.price_fen or 0 for one in ordered), default=0)
    any_way = any(one.way_seconds is not None for one in ordered)
    options: list[Option] = []
    excluded: list[tuple[str, Exclusion]] = []
    for candidate in ordered:
        reason = _exclusion(candidate, needs, walks[candidate.lot])
        if reason is not None:
            excluded.append((candidate.lot, reason))
            continue
        option = _option(candidate, walks[candidate.lot], needs, rates, dearest)
        options.append(replace(option, way_part=_way(candidate, rates)) if any_way else option)
    options.sort(key=lambda one: (one.score, one.walk_m, one.price_fen or dearest, one.lot))
    return Guidance(tuple(options), tuple(excluded))


def _exclusion(candidate: Candidate, needs: Needs, walk_m: int) -> Exclusion | None:
    limit, height = candidate.height_limit_cm, needs.vehicle_height_cm
    checks: Sequence[tuple[Exclusion, bool]] = (
        (Exclusion.CLOSED, not candidate.open_throughout),
        (Exclusion.TOO_FAR, walk_m > needs.farthest_walk_m),
        (Exclusion.NO_DISABLED_BAY, needs.disabled_bay and candidate.disabled_bays <= 0),
        (Exclusion.NO_CHARGING, needs.charging and candidate.charging_bays <= 0),
        (Exclusion.TOO_LOW, limit is not None and height is not None and height > limit),
        (Exclusion.SURELY_FULL, candidate.chance_per_mille == 0),
        # Last: told of what would have been proposed.
        (Exclusion.FIRE, candidate.on_fire),
        (Exclusion.ROAD_CLOSED, candidate.road_closed),
    )
    return next((reason for reason, fails in checks if fails), None)


def _way(candidate: Candidate, rates: Weights) -> int:
    known = candidate.way_seconds
    return (rates.seconds_when_unknown if known is None else known) * 1000 // 60


def _option(
    candidate: Candidate, walk_m: int, needs: Needs, rates: Weights, dearest: int
) -> Option:
    seconds = walking_seconds(walk_m, needs.walking_speed_cm_s, rates.detour_percent)
    chance = candidate.chance_per_mille
    # An unknown price counts as the dearest seen: silence must not win a comparison.
    price = dearest if candidate.price_fen is None else candidate.price_fen
    return Option(
        lot=candidate.lot,
        walk_m=walk_m,
        walk_seconds=seconds,
        price_fen=candidate.price_fen,
        chance_per_mille=chance,
        walk_part=seconds * 1000 // 60,
        price_part=price * 1000 // rates.fen_per_minute,
        risk_part=rates.minutes_when_full * (1000 - (UNKNOWN_CHANCE if chance is None else chance)),
    )
