"""交通实况: how traffic moves on stretches of road that lead to places of the suite.

A domain declares `register_traffic` and decides what a stretch means for its places; the plugin
reads the sender's protocol. A reading says when it was measured, or nobody may believe it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from xianban_sdk.carrying import carries_nothing

__all__ = [
    "Flow",
    "TrafficClosure",
    "TrafficClosures",
    "TrafficReading",
    "TrafficSource",
    "TrafficStretch",
    "TrafficUnread",
]


class Flow(StrEnum):
    """How traffic moves, best first."""

    FREE = "free"
    """畅通."""
    SLOW = "slow"
    """缓行."""
    CONGESTED = "congested"
    """拥堵."""
    CLOSED = "closed"
    """封闭: nobody gets through."""


@dataclass(frozen=True, slots=True)
class TrafficStretch:
    """A stretch of road that the operator knows, and where it leads."""

    id: str
    """The sender's own; 128 characters at most."""
    names: Mapping[str, str]
    """By locale, at least one."""
    leads_to: tuple[str, ...] = ()
    """Resource names, e.g. `lots/fengpu-sports`; each domain takes its own."""


@dataclass(frozen=True, slots=True)
class TrafficReading:
    """How traffic moved on a stretch at one moment."""

    stretch: str
    measured_at: datetime
    """When it was measured or worked out, not when it was sent."""
    flow: Flow | None = None
    """None: not told."""
    travel_seconds: int | None = None
    """From one end to the other."""
    usual_seconds: int | None = None
    """The same without anything in the way."""


@dataclass(frozen=True, slots=True)
class TrafficClosure:
    """A stretch that nobody may drive along."""

    id: str
    stretch: str
    starts_at: datetime
    ends_at: datetime | None = None
    """None: until it is told no more."""


@dataclass(frozen=True, slots=True)
class TrafficClosures:
    """All closures that stand, at once: what is not among them has ended.

    A source that could not ask for closures tells none of this, and what it told before stays.
    """

    published_at: datetime
    closures: tuple[TrafficClosure, ...] = ()


@dataclass(frozen=True, slots=True)
class TrafficUnread:
    """Something that could not be taken as it is; the rest stands."""

    item: str
    """The location's or record's id."""
    field: str
    reason: str
    """UPPER_SNAKE; `LOCATION_UNKNOWN`: the operator named no such stretch."""


class TrafficSource(Protocol):
    """A traffic control centre that tells how traffic moves."""

    id: str
    """The id after `trafficSources/`: lower case letters, digits and hyphens."""
    names: Mapping[str, str]
    """By locale."""
    cadence: timedelta
    """How often readings are promised; lateness is judged by it."""

    @carries_nothing("it is asked for roads")
    def read(
        self, now: datetime
    ) -> Iterator[TrafficStretch | TrafficReading | TrafficClosures | TrafficUnread]:
        """Every stretch, and what is known of it; called outside a transaction.

        Raises when readings could not be had. A stretch that is no longer told is forgotten; a
        reading that is no longer told grows old.
        """
        ...
