"""Hourly forecasts as the Open-Meteo API gives them (JSON, documented and open)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import orjson
from xianban_sdk.public.warnings import Forecast

from xianban_plugin_public_weather.xml_safely import MAX_BYTES, Unreadable

__all__ = ["read_forecast"]

_MOST_HOURS: Final = 24 * 16
# Our field → theirs, the units that we know and by what they are multiplied.
_KINDS: Final[Mapping[str, tuple[str, Mapping[str, float]]]] = {
    "temperature_c": ("temperature_2m", {"°C": 1.0}),
    "apparent_c": ("apparent_temperature", {"°C": 1.0}),
    "wind_mps": ("wind_speed_10m", {"m/s": 1.0, "km/h": 1 / 3.6}),
    "precipitation_mm": ("precipitation", {"mm": 1.0}),
}


def read_forecast(body: bytes, area: str) -> list[Forecast]:
    """The hours of one place; Unreadable says what is wrong."""
    if len(body) > MAX_BYTES:
        raise Unreadable("TOO_LARGE")
    try:
        told = orjson.loads(body)
        hourly, units = told["hourly"], told["hourly_units"]
        offset = timedelta(seconds=int(told.get("utc_offset_seconds", 0)))
        times = [_instant(one, offset) for one in hourly["time"][:_MOST_HOURS]]
        columns = {name: list(_column(hourly, units, name, len(times))) for name in _KINDS}
    except (ValueError, KeyError, TypeError, OverflowError, AttributeError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("NOT_A_FORECAST", type(error).__name__) from None
    return [
        Forecast(area, at, **{name: columns[name][row] for name in _KINDS})
        for row, at in enumerate(times)
    ]


def _instant(told: Any, offset: timedelta) -> datetime:
    """Local time without zone, or seconds since 1970, as it was asked for."""
    if isinstance(told, int):
        return datetime.fromtimestamp(told, UTC)
    return datetime.fromisoformat(told).replace(tzinfo=UTC) - offset


def _column(hourly: Any, units: Any, name: str, rows: int) -> Iterator[float | None]:
    theirs, known = _KINDS[name]
    if theirs not in hourly:
        yield from [None] * rows
        return
    factor = known.get(str(units.get(theirs)))
    if factor is None:
        raise Unreadable("UNIT_UNKNOWN", f"{theirs} {units.get(theirs)}")
    values = cast("list[Any]", hourly[theirs])
    for row in range(rows):
        value = values[row] if row < len(values) else None
        yield None if value is None or not math.isfinite(value) else float(value) * factor
