"""What is measured of elders, and the district's limits until a person has their own.

Plausible ranges are of body and sensor, not of health. The default limits are those at which
NEWS2 (Royal College of Physicians, 2017, chart 1) scores 3 for one parameter, the point at which it
asks for an urgent look; a doctor sets a person's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from xianban_sdk.readings import Kind, Kinds, Severity

__all__ = [
    "BATTERY",
    "CHARGED",
    "COMPUTED",
    "KINDS",
    "OBSERVED",
    "OXYGEN",
    "SHOWN",
    "Limits",
    "default_limits",
]

_MINUTE: Final = timedelta(minutes=1)
_NOT_MEASURED: Final = frozenset({0.0})
BATTERY: Final = "battery"
OXYGEN: Final = "oxygen-saturation"
# In per cent; a battery that has only rested climbs a little, too.
CHARGED: Final = 20.0


@dataclass(frozen=True, slots=True)
class Limits:
    """One quantity's limits; None: none on that side."""

    low: float | None
    high: float | None
    lasting: timedelta
    severity: Severity


def _vital(code: str, unit: str, zh: str, en: str, low: float, high: float) -> Kind:
    return Kind(
        code=code,
        unit=unit,
        names={"zh-CN": zh, "en": en},
        low=low,
        high=high,
        not_measured=_NOT_MEASURED,
    )


def _seldom(code: str, unit: str, zh: str, en: str, low: float, high: float) -> Kind:
    """Told every few minutes only, or when it changes."""
    return Kind(
        code=code,
        unit=unit,
        names={"zh-CN": zh, "en": en},
        low=low,
        high=high,
        cadence=5 * _MINUTE,
        late_after=15 * _MINUTE,
        stale_after=60 * _MINUTE,
        silent_after=120 * _MINUTE,
    )


KINDS: Final = Kinds(
    [
        _vital("heart-rate", "/min", "心率", "Heart rate", 20, 300),
        _vital(OXYGEN, "%", "血氧", "Blood oxygen", 40, 100),
        _vital("respiratory-rate", "/min", "呼吸", "Breathing", 2, 80),
        _vital("systolic-pressure", "mm[Hg]", "收缩压", "Systolic pressure", 40, 300),
        _vital("diastolic-pressure", "mm[Hg]", "舒张压", "Diastolic pressure", 20, 200),
        _seldom("body-temperature", "Cel", "体温", "Temperature", 28, 45),
        _seldom("steps", "{count}", "步数", "Steps", 0, 200_000),
        _seldom(BATTERY, "%", "电量", "Battery", 0, 100),
        _seldom("smoke", "{state}", "烟雾", "Smoke", 0, 1),
        _seldom("gas", "{state}", "燃气", "Gas", 0, 1),
        _seldom("door", "{state}", "门", "Door", 0, 1),
        _seldom("water", "L", "用水", "Water", 0, 100_000),
        _seldom("motion", "{state}", "活动", "Motion", 0, 1),
        # Seen by people or by the machine that gives oxygen; 1: less than alert, on oxygen.
        _seldom("consciousness", "{state}", "意识", "Consciousness", 0, 1),
        _seldom("supplemental-oxygen", "{state}", "吸氧", "Oxygen given", 0, 1),
        # Computed by rule packs.
        _seldom("news2", "{score}", "早期预警评分", "Early warning score", 0, 20),
        Kind(
            code="location",
            unit="m",
            names={"zh-CN": "位置", "en": "Place"},
            positional=True,
            cadence=5 * _MINUTE,
            late_after=15 * _MINUTE,
            stale_after=60 * _MINUTE,
            silent_after=120 * _MINUTE,
        ),
    ]
)

# No device measures these.
COMPUTED: Final = frozenset({"news2"})
# What people write down stands beside devices under this name.
OBSERVED: Final = "observed"

# What an elder's page shows, in this order.
SHOWN: Final = (
    "heart-rate",
    OXYGEN,
    "respiratory-rate",
    "body-temperature",
    "systolic-pressure",
    "diastolic-pressure",
)

_SOON: Final = timedelta(seconds=0)
_DEFAULTS: Final = {
    "heart-rate": Limits(40, 131, _MINUTE, Severity.SEVERE),
    OXYGEN: Limits(92, None, _SOON, Severity.SEVERE),
    "respiratory-rate": Limits(8, 25, _MINUTE, Severity.SEVERE),
    "body-temperature": Limits(35.1, 39.1, _SOON, Severity.MODERATE),
    "systolic-pressure": Limits(90, 220, _SOON, Severity.SEVERE),
    "smoke": Limits(None, 0.5, _SOON, Severity.EXTREME),
    "gas": Limits(None, 0.5, _SOON, Severity.EXTREME),
    BATTERY: Limits(10, None, _SOON, Severity.MINOR),
}
# Scale 2 scores 3 at 83 % and below; 88-92 % is what was prescribed.
_ON_SCALE_2: Final = _DEFAULTS | {OXYGEN: Limits(84, None, _SOON, Severity.SEVERE)}


def default_limits(*, scale_2: bool) -> Mapping[str, Limits]:
    """Kind → the district's, until the person has their own."""
    return _ON_SCALE_2 if scale_2 else _DEFAULTS
