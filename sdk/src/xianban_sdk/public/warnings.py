"""气象预知: warnings and forecasts as a weather service tells them.

Warnings have the shape of CAP 1.2 (OASIS Common Alerting Protocol); their colours are those of
China's 气象灾害预警信号. A domain that uses them declares the hook `register_weather` in its own
hookspecs and names these types there, so that one plugin can serve several domains.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from xianban_sdk.carrying import carries_nothing
from xianban_sdk.findings import Severity

__all__ = [
    "Colour",
    "Forecast",
    "Hazard",
    "Quoted",
    "Unread",
    "WarnedArea",
    "WarningWords",
    "WeatherSource",
    "WeatherWarning",
    "level_of",
]

Colour = Literal["", "blue", "yellow", "orange", "red"]
Hazard = Literal[
    "heat",
    "cold",
    "typhoon",
    "rain",
    "wind",
    "thunder",
    "snow",
    "ice",
    "fog",
    "haze",
    "dust",
    "other",
]

_COLOURS: Final[Mapping[Colour, Severity]] = {
    "blue": Severity.MINOR,
    "yellow": Severity.MODERATE,
    "orange": Severity.SEVERE,
    "red": Severity.EXTREME,
}


@dataclass(frozen=True, slots=True)
class Quoted:
    """A message that this one replaces (CAP `references`)."""

    sender: str
    identifier: str
    sent: datetime


@dataclass(frozen=True, slots=True)
class WarnedArea:
    """Where a warning holds: anywhere that one of its codes or shapes covers."""

    codes: tuple[str, ...] = ()
    """The suite's areas, "310120" or "310120/nanqiao"; a whole province is two digits, "31"."""
    polygons: tuple[tuple[tuple[float, float], ...], ...] = ()
    """Closed rings of (latitude, longitude), WGS 84 degrees."""
    circles: tuple[tuple[float, float, float], ...] = ()
    """Latitude, longitude, radius in kilometres."""


@dataclass(frozen=True, slots=True)
class WarningWords:
    """A warning in one language; plain text, in the sender's own words."""

    event: str
    headline: str = ""
    description: str = ""
    instruction: str = ""
    area: str = ""


@dataclass(frozen=True, slots=True)
class WeatherWarning:
    """A message about one hazard and level, in all its languages.

    Only real and public ones are told: exercises, tests and drafts never leave the plugin. A
    message of several hazards or levels is several of these, by `part`.
    """

    identifier: str
    """The sender's own; the same sender and identifier is the same message."""
    sender: str
    sent: datetime
    kind: Literal["alert", "update", "cancel"]
    effective: datetime
    expires: datetime
    part: int = 0
    references: tuple[Quoted, ...] = ()
    """What an update or a cancel ends."""
    onset: datetime | None = None
    """When it is expected to begin; None: it is not said."""
    hazard: Hazard = "other"
    colour: Colour = ""
    """Empty: the sender uses no colours, and the severity counts."""
    urgency: Literal["immediate", "expected", "future", "past", "unknown"] = "unknown"
    severity: Severity | None = None
    """CAP `severity`; None: Unknown."""
    certainty: Literal["observed", "likely", "possible", "unlikely", "unknown"] = "unknown"
    area: WarnedArea = field(default_factory=WarnedArea)
    words: Mapping[str, WarningWords] = field(default_factory=dict[str, WarningWords])
    """By locale ("zh-CN", "en"); of a cancel it may be empty."""
    web: str = ""
    """Where the sender shows it."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """One hour of an area as it is foreseen; None: not told."""

    area: str
    """The suite's area, "310120"."""
    at: datetime
    """The hour's beginning."""
    temperature_c: float | None = None
    apparent_c: float | None = None
    """体感温度, of temperature, wind and humidity as the source reckons it."""
    wind_mps: float | None = None
    """Mean over ten minutes at 10 m, metres per second."""
    precipitation_mm: float | None = None
    """Within the hour."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that the source lists and that could not be read; the rest goes on."""

    item: str
    """Its address or identifier."""
    reason: str
    """UPPER_SNAKE."""
    detail: str = ""


class WeatherSource(Protocol):
    """A weather service."""

    id: str
    """The id after `weatherSources/`: lower case letters, digits and hyphens."""
    names: Mapping[str, str]
    """By locale."""
    cadence: timedelta
    """How often it is asked; what was not read for an hour is no longer known."""

    @carries_nothing("it is asked for warnings")
    def read(self, now: datetime) -> Iterator[WeatherWarning | Forecast | Unread]:
        """All that the source lists now, also what was told before; called outside a transaction.

        Raises when the list itself could not be read. What is no longer listed is not over for
        that: a warning ends when it expires, or when another message says so.
        """
        ...


def level_of(warning: WeatherWarning) -> int:
    """1 blue to 4 red; 0 where neither colour nor severity was told."""
    return int(_COLOURS.get(warning.colour) or warning.severity or 0)
