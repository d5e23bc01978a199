"""A calm day, by the clock alone: a quieter pulse at night, steps by day, a door now and then."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final

from xianban_sdk.clock import SHANGHAI

from xianban_sensing.played.payloads import box, charged, fix, json_object

__all__ = ["HOME", "band_of", "box_of", "locator_of", "set_of"]

# Of the demo's elder.
HOME: Final = (30.9183, 121.4561)
_SECONDS_OF_A_DAY: Final = 86_400


def band_of(at: datetime) -> bytes:
    """A wristband's numbers."""
    day = _day(at)
    return json_object(
        hr=_pulse(at),
        spo2=_oxygen(at),
        rr=round(14 + 3 * day + _ripple(at, 900, 1)),
        temp=_temperature(at),
        steps=round(3200 * day),
        bat=90,
    )


def set_of(at: datetime) -> bytes:
    """What a home's sensors see."""
    at_home = _ripple(at, 5400, 1) > -0.8
    moving = _day(at) > 0.25 and _ripple(at, 1700, 1) > 0
    local = at.astimezone(SHANGHAI)
    # Since midnight, 140 litres a day.
    water = (local.hour * 60 + local.minute) * 140 // 1440
    seen = {"smoke": 0, "gas": 0, "door": 0 if at_home else 1, "motion": int(moving)}
    return json_object(**seen, water=water, bat=95)


def locator_of(at: datetime) -> bytes:
    """At home."""
    return fix(at, *HOME) + charged(85)


def box_of(at: datetime) -> bytes:
    """What the instruments of a health box measure."""
    higher = round(8 * _day(at) + _ripple(at, 5000, 3))
    return box(
        pressure=(120 + higher, 74 + higher // 2),
        pulse=_pulse(at),
        oxygen=_oxygen(at),
        temperature=_temperature(at),
        battery=92,
    )


def _pulse(at: datetime) -> int:
    return round(62 + 14 * _day(at) + _ripple(at, 700, 4))


def _oxygen(at: datetime) -> int:
    return round(96.4 + _ripple(at, 1300, 1.2))


def _temperature(at: datetime) -> float:
    return round(36.3 + 0.4 * _day(at) + _ripple(at, 3000, 0.1), 1)


def _day(at: datetime) -> float:
    """0 in the middle of the night, 1 in the middle of the afternoon."""
    local = at.astimezone(SHANGHAI)
    seconds = local.hour * 3600 + local.minute * 60 + local.second
    return (1 - math.cos(2 * math.pi * (seconds - 3 * 3600) / _SECONDS_OF_A_DAY)) / 2


def _ripple(at: datetime, period: float, width: float) -> float:
    return width * math.sin(at.timestamp() * 2 * math.pi / period)
