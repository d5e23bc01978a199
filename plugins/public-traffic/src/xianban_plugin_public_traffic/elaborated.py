"""ElaboratedDataPublication: travel times and traffic status per predefined location."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final
from xml.etree.ElementTree import Element

from xianban_sdk.public.traffic import Flow, TrafficReading, TrafficUnread

from xianban_plugin_public_traffic.documents import (
    NS,
    Publication,
    Unreadable,
    instant_at,
    kind_of,
    location_of,
    text_at,
)

__all__ = ["KIND", "read_readings"]

KIND: Final = "ElaboratedDataPublication"
_MOST: Final = 20_000
_LONGEST_DRIVE: Final = timedelta(hours=12).total_seconds()
# TrafficStatusEnum, of v3 and of the v2 that some senders' v3 still speaks. What is not here
# (unknown, other, unspecifiedAbnormal) says nothing about how one gets through.
_STATUS: Final = {
    "freeFlow": Flow.FREE,
    "heavy": Flow.SLOW,
    "slow": Flow.SLOW,
    "queuing": Flow.CONGESTED,
    "stationary": Flow.CONGESTED,
    "congested": Flow.CONGESTED,
    "impossible": Flow.CLOSED,
}
# As the standard words it: slow is 25 to 75 % of the speed of free flow, queuing is below.
_FREE_FROM, _SLOW_FROM = 0.75, 0.25


@dataclass(frozen=True, slots=True)
class _Quantity:
    """What one physicalQuantity says."""

    location: str
    at: datetime
    status: Flow | None = None
    travel: int | None = None
    free: int | None = None
    expected: int | None = None


def read_readings(
    publication: Publication, known: Collection[str], now: datetime
) -> list[TrafficReading | TrafficUnread]:
    """One reading per known location; what is wrong is told with its location."""
    found: dict[tuple[str, bool], _Quantity] = {}
    unread: dict[tuple[str, str], TrafficUnread] = {}
    for element in islice(publication.payload.iterfind("roa:physicalQuantity", NS), _MOST):
        one = _read(element, publication, known, now)
        if isinstance(one, TrafficUnread):
            unread[one.item, one.reason] = one
        elif one is not None:
            _keep(found, one)
    # Only places that are known have a quantity; the order is the operator's.
    merged = (_merged([found[key] for key in _keys(place) if key in found]) for place in known)
    return [*(one for one in merged if one is not None), *unread.values()]


def _keys(location: str) -> Iterator[tuple[str, bool]]:
    yield from ((location, False), (location, True))


def _keep(found: dict[tuple[str, bool], _Quantity], one: _Quantity) -> None:
    """Of two about the same, the newer stands, in whatever order they come."""
    key = one.location, one.travel is not None
    if key not in found or found[key].at <= one.at:
        found[key] = one


def _read(
    element: Element, publication: Publication, known: Collection[str], now: datetime
) -> _Quantity | TrafficUnread | None:
    """None: nothing that is of use here (a forecast, a count of vehicles)."""
    data = element.find("roa:basicData", NS)
    if data is None or kind_of(data) not in ("TravelTimeData", "TrafficStatus"):
        return None
    if _is_forecast(element, publication):
        return None
    location = ""
    try:
        location = location_of(_there(element))
        if location not in known:
            raise Unreadable("LOCATION_UNKNOWN", "predefinedLocationReference")
        at = _measured(data, publication, now)
        return _of_kind(data, location, at)
    except Unreadable as error:
        return TrafficUnread(location or "physicalQuantity", error.field, error.reason)


def _there(element: Element) -> Element:
    found = element.find("roa:pertinentLocation", NS)
    if found is None:
        raise Unreadable("FIELD_MISSING", "pertinentLocation")
    return found


def _is_forecast(element: Element, publication: Publication) -> bool:
    """What may come is no reading."""
    default = text_at(publication.payload, "roa:forecastDefault")
    return (text_at(element, "roa:forecast") or default) in ("true", "1")


def _measured(data: Element, publication: Publication, now: datetime) -> datetime:
    """Its own time, else the publication's default; never when it was sent."""
    own = "roa:measurementOrCalculationTime"
    at = (
        instant_at(data, f"{own}/roa:timeValue")
        or instant_at(data, f"{own}/roa:period/com:endOfPeriod")
        or instant_at(publication.payload, "roa:timeDefault")
    )
    if at is None:
        raise Unreadable("TIME_MISSING", "measurementOrCalculationTime")
    if at - max(now, publication.published_at) > timedelta(minutes=2):
        raise Unreadable("TIME_IN_FUTURE", "measurementOrCalculationTime")
    return at


def _of_kind(data: Element, location: str, at: datetime) -> _Quantity:
    if kind_of(data) == "TrafficStatus":
        value = data.find("roa:trafficStatus", NS)
        status = text_at(_trusted(value, "trafficStatus"), "roa:trafficStatusValue")
        return _Quantity(location, at, status=_STATUS.get(status))
    return _Quantity(
        location,
        at,
        travel=_seconds(data, "travelTime"),
        free=_if_told(data, "freeFlowTravelTime"),
        expected=_if_told(data, "normallyExpectedTravelTime"),
    )


def _trusted(value: Element | None, field: str) -> Element:
    """A DataValue, unless its sender takes it back."""
    if value is None:
        raise Unreadable("FIELD_MISSING", field)
    if text_at(value, "com:dataError") in ("true", "1"):
        raise Unreadable("DATA_ERROR", field)
    return value


def _if_told(data: Element, field: str) -> int | None:
    return _seconds(data, field) if data.find(f"roa:{field}", NS) is not None else None


def _seconds(data: Element, field: str) -> int:
    value = _trusted(data.find(f"roa:{field}", NS), field)
    try:
        seconds = float(text_at(value, "roa:duration"))
    except ValueError:
        raise Unreadable("NO_SECONDS", field) from None
    # A negative duration is how some senders say that they do not know.
    if not math.isfinite(seconds) or not 0 < seconds <= _LONGEST_DRIVE:
        raise Unreadable("VALUE_UNBELIEVABLE", field)
    return max(1, round(seconds))


def _merged(parts: list[_Quantity]) -> TrafficReading | None:
    """Status and travel time together, as old as the older of the two."""
    if not parts:
        return None
    status = next((one.status for one in parts if one.status is not None), None)
    timed = next((one for one in parts if one.travel is not None), None)
    return TrafficReading(
        stretch=parts[0].location,
        measured_at=min(one.at for one in parts),
        flow=status or _by_times(timed),
        travel_seconds=timed.travel if timed else None,
        usual_seconds=(timed.free or timed.expected) if timed else None,
    )


def _by_times(timed: _Quantity | None) -> Flow | None:
    if timed is None or timed.travel is None or timed.free is None:
        return None
    share = timed.free / timed.travel
    if share >= _FREE_FROM:
        return Flow.FREE
    return Flow.SLOW if share >= _SLOW_FROM else Flow.CONGESTED
