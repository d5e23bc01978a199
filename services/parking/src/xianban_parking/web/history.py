"""The last 24 hours as points of a chart: one per half hour, a gap where nothing is believable."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from xianban.parking.v1 import resources_pb2 as pb
from xianban_sdk.clock import SHANGHAI
from xianban_sdk.web.formats import clock, moment

from xianban_parking.web.shown import count

STEP = timedelta(minutes=30)
STEPS = 48

Row = tuple[str, int | None]


def day_rows(occupancies: Iterable[pb.Occupancy], now: datetime) -> list[Row]:
    """Time and free places; the last believable count of each half hour."""
    start = _floor(now) - STEP * (STEPS - 1)
    found: dict[datetime, int] = {}
    for one in occupancies:
        shown, at = count(_as_told(one)), moment(one.observe_time)
        if at is not None and shown.free is not None:
            found[_floor(at)] = shown.free
    slots = [start + STEP * index for index in range(STEPS)]
    return [(clock(slot), found.get(slot)) for slot in slots]


def _as_told(one: pb.Occupancy) -> pb.Occupancy:
    """A count in the past is old by nature: only what can't be true leaves a gap."""
    if one.verdict == pb.VERDICT_STALE and one.HasField("raw_free"):
        return pb.Occupancy(verdict=pb.VERDICT_LATE, free=one.raw_free, capacity=one.capacity)
    return one


def forecast_rows(forecast: pb.Forecast) -> list[tuple[str, int, int, int]]:
    """Time, expected, low, high, in whole places."""
    return [
        (clock(point.time), round(point.free), round(point.low), round(point.high))
        for point in forecast.points
    ]


def _floor(at: datetime) -> datetime:
    local = at.astimezone(SHANGHAI)
    minute = local.minute - local.minute % 30
    return local.replace(minute=minute, second=0, microsecond=0).astimezone(at.tzinfo)
