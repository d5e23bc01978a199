"""Honest occupancy: a count is shown with its age and verdict, or not shown at all.

Raw counts are kept as received. A count outside 0..capacity is never clamped: it is implausible,
and then no number is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from xianban_parking.domain.calendar import as_utc
from xianban_parking.domain.errors import MeasureError

__all__ = [
    "Feed",
    "Implausibility",
    "Observation",
    "ShownOccupancy",
    "Verdict",
    "by_age",
    "free_count",
    "judge",
    "latest",
    "next_change",
]


class Verdict(StrEnum):
    """FRESH and LATE are live; STALE is an old number labelled so; the rest show no number."""

    FRESH = "fresh"
    LATE = "late"
    STALE = "stale"
    IMPLAUSIBLE = "implausible"
    SILENT = "silent"


class Implausibility(StrEnum):
    """Which check a count failed."""

    NO_COUNT = "no_count"
    CAPACITY_NOT_POSITIVE = "capacity_not_positive"
    NEGATIVE = "negative"
    OVER_CAPACITY = "over_capacity"
    DOES_NOT_ADD_UP = "does_not_add_up"
    FROM_THE_FUTURE = "from_the_future"


@dataclass(frozen=True, slots=True)
class Feed:
    """What a source promises: one observation every `cadence`; bounds count from observed_at.

    Defaults in multiples of the cadence: late after 2, stale after 4, silent after 12.
    """

    cadence: timedelta
    late_after: int = 2
    stale_after: int = 4
    silent_after: int = 12
    clock_skew: timedelta = timedelta(minutes=2)

    def __post_init__(self) -> None:
        if self.cadence <= timedelta() or self.clock_skew < timedelta():
            raise MeasureError("OUT_OF_RANGE", "cadence")
        if not 1 <= self.late_after < self.stale_after < self.silent_after:
            raise MeasureError("BOUNDS_NOT_ASCENDING", "late_after")


@dataclass(frozen=True, slots=True)
class Observation:
    """A count exactly as a source sent it; either of free and occupied may be missing."""

    lot: str
    source: str
    capacity: int
    observed_at: datetime
    received_at: datetime
    free: int | None = None
    occupied: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "observed_at", as_utc(self.observed_at, "observed_at"))
        object.__setattr__(self, "received_at", as_utc(self.received_at, "received_at"))


@dataclass(frozen=True, slots=True)
class ShownOccupancy:
    """What a screen may say: `free` is None unless the verdict allows a number."""

    verdict: Verdict
    free: int | None
    capacity: int | None
    age: timedelta | None
    source: str | None
    reasons: tuple[Implausibility, ...] = ()

    @property
    def live(self) -> bool:
        """Whether the number may be presented as the present state."""
        return self.verdict in (Verdict.FRESH, Verdict.LATE)


def latest(observations: Iterable[Observation]) -> Observation | None:
    """The observation that describes the latest moment, whatever order they arrived in."""
    return max(observations, key=_recency, default=None)


def judge(observation: Observation | None, feed: Feed, now: datetime) -> ShownOccupancy:
    """What may be shown of the latest observation at this moment."""
    if observation is None:
        return ShownOccupancy(Verdict.SILENT, None, None, None, None)
    at = as_utc(now, "now")
    age = max(timedelta(), at - observation.observed_at)
    reasons = _implausibilities(observation, feed, at)
    verdict = by_age(age, feed)
    if reasons and verdict is not Verdict.SILENT:
        verdict = Verdict.IMPLAUSIBLE
    hidden = verdict in (Verdict.IMPLAUSIBLE, Verdict.SILENT)
    return ShownOccupancy(
        verdict=verdict,
        free=None if hidden else free_count(observation),
        capacity=observation.capacity if observation.capacity > 0 else None,
        age=age,
        source=observation.source,
        reasons=reasons,
    )


def next_change(observation: Observation, feed: Feed, now: datetime) -> datetime | None:
    """When the label flips by itself if nothing more arrives; None once silent."""
    at = as_utc(now, "now")
    for multiple in (feed.late_after, feed.stale_after, feed.silent_after):
        flips = observation.observed_at + multiple * feed.cadence
        if at <= flips:
            return flips
    return None


def free_count(observation: Observation) -> int | None:
    """Free bays as claimed, or derived from the occupied count; unchecked."""
    if observation.free is not None:
        return observation.free
    if observation.occupied is not None:
        return observation.capacity - observation.occupied
    return None


def _recency(observation: Observation) -> tuple[datetime, datetime, str]:
    return (observation.observed_at, observation.received_at, observation.source)


def by_age(age: timedelta, feed: Feed) -> Verdict:
    """How far what is so old may be trusted, by what its source promises."""
    if age > feed.silent_after * feed.cadence:
        return Verdict.SILENT
    if age > feed.stale_after * feed.cadence:
        return Verdict.STALE
    return Verdict.LATE if age > feed.late_after * feed.cadence else Verdict.FRESH


def _implausibilities(
    observation: Observation, feed: Feed, now: datetime
) -> tuple[Implausibility, ...]:
    counts = [one for one in (observation.free, observation.occupied) if one is not None]
    capacity = observation.capacity
    adds_up = len(counts) < 2 or sum(counts) == capacity
    known_by = min(now, observation.received_at)
    checks = (
        (Implausibility.NO_COUNT, not counts),
        (Implausibility.CAPACITY_NOT_POSITIVE, capacity <= 0),
        (Implausibility.NEGATIVE, any(count < 0 for count in counts)),
        (Implausibility.OVER_CAPACITY, any(count > capacity for count in counts)),
        (Implausibility.DOES_NOT_ADD_UP, not adds_up),
        (Implausibility.FROM_THE_FUTURE, observation.observed_at - known_by > feed.clock_skew),
    )
    return tuple(reason for reason, failed in checks if failed)
