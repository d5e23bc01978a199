"""交通实况: what may be said of the way to a car park, never without its age and verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from xianban_parking.domain.occupancy import Feed, Verdict, by_age

__all__ = ["Approach", "Closure", "Flow", "Rates", "Way", "approach", "delay_seconds", "shut"]

# Traffic further ahead is another: who arrives later is not sent by what is now.
SOON = timedelta(minutes=30)
# A closure without an end holds only while its source goes on telling it.
UNCONFIRMED = timedelta(hours=1)


class Flow(StrEnum):
    """How traffic moves, best first."""

    FREE = "free"
    SLOW = "slow"
    CONGESTED = "congested"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Closure:
    """A way that nobody may drive along; `confirmed_at`: when its source told it last."""

    starts_at: datetime
    ends_at: datetime | None
    confirmed_at: datetime


@dataclass(frozen=True, slots=True)
class Way:
    """One road to a car park, with what was told of it last."""

    names: Mapping[str, str]
    feed: Feed
    flow: Flow | None = None
    measured_at: datetime | None = None
    travel_seconds: int | None = None
    usual_seconds: int | None = None
    closures: tuple[Closure, ...] = ()


@dataclass(frozen=True, slots=True)
class Approach:
    """The best way to a car park: `flow` and times are None unless the verdict allows them."""

    names: Mapping[str, str]
    verdict: Verdict
    flow: Flow | None = None
    observed_at: datetime | None = None
    age_seconds: int = 0
    travel_seconds: int | None = None
    usual_seconds: int | None = None
    closed_until: datetime | None = None
    closed_ways: tuple[Mapping[str, str], ...] = ()

    @property
    def live(self) -> bool:
        """Whether it may be presented as how it is now."""
        return self.verdict in (Verdict.FRESH, Verdict.LATE)


@dataclass(frozen=True, slots=True)
class Rates:
    """Published: the seconds that a flow costs where no travel time is known."""

    slow: int = 180
    congested: int = 480

    def of(self, flow: Flow) -> int:
        return {Flow.FREE: 0, Flow.SLOW: self.slow}.get(flow, self.congested)


_ORDER = {Flow.FREE: 0, Flow.SLOW: 1, Flow.CONGESTED: 2, None: 3, Flow.CLOSED: 4}


def approach(ways: Iterable[Way], now: datetime) -> Approach | None:
    """The best of several ways, and which of the others are closed; None: no road is known."""
    judged = sorted((_judge(way, now) for way in ways), key=_rank)
    if not judged:
        return None
    best, others = judged[0], judged[1:]
    closed = [one.names for one in others if one.flow is Flow.CLOSED]
    return replace(best, closed_ways=tuple(closed))


def delay_seconds(one: Approach, arrive: datetime, now: datetime, rates: Rates) -> int | None:
    """How much longer the way takes than usual; None where nothing is known for then."""
    if not one.live or one.flow is None or arrive - now > SOON:
        return None
    if one.travel_seconds is not None and one.usual_seconds is not None:
        return max(0, one.travel_seconds - one.usual_seconds)
    return rates.of(one.flow)


def shut(one: Approach | None, arrive: datetime, now: datetime) -> bool:
    """Whether there is surely no way there at that time."""
    if one is None or one.flow is not Flow.CLOSED or not one.live:
        return False
    return arrive - now <= SOON if one.closed_until is None else arrive < one.closed_until


def _rank(one: Approach) -> tuple[int, int, int]:
    late = 0 if one.live else 1
    return _ORDER[one.flow], late, one.travel_seconds or 0


def _judge(way: Way, now: datetime) -> Approach:
    standing = [one for one in way.closures if _stands(one, now)]
    if standing:
        return _closed(way, standing, now)
    if way.measured_at is None or (way.flow is None and way.travel_seconds is None):
        return Approach(way.names, Verdict.SILENT)
    age = max(timedelta(), now - way.measured_at)
    verdict = by_age(age, way.feed)
    if way.measured_at - now > way.feed.clock_skew:
        verdict = Verdict.IMPLAUSIBLE
    shown = Approach(
        way.names, verdict, observed_at=way.measured_at, age_seconds=int(age.total_seconds())
    )
    return _with_values(shown, way) if shown.live else shown


def _with_values(shown: Approach, way: Way) -> Approach:
    return replace(
        shown,
        flow=way.flow,
        travel_seconds=way.travel_seconds,
        usual_seconds=way.usual_seconds,
    )


def _stands(one: Closure, now: datetime) -> bool:
    """By its own clock; without an end, while it is told."""
    if now < one.starts_at:
        return False
    if one.ends_at is not None:
        return now < one.ends_at
    return now - one.confirmed_at <= UNCONFIRMED


def _closed(way: Way, standing: list[Closure], now: datetime) -> Approach:
    confirmed = max(one.confirmed_at for one in standing)
    age = max(timedelta(), now - confirmed)
    ends = [one.ends_at for one in standing if one.ends_at is not None]
    return Approach(
        way.names,
        by_age(age, way.feed),
        Flow.CLOSED,
        observed_at=confirmed,
        age_seconds=int(age.total_seconds()),
        # Of several, it is open again when the last of them has ended.
        closed_until=max(ends) if len(ends) == len(standing) else None,
    )
