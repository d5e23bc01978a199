"""A feed that tells, at each clock time of a weekday, what a car park told then in 2016.

The record covers about 08:00 to 16:30. For the rest of a day the feed tells a straight line from
the evening's last to the morning's first count, every half hour: a bridge so that the demo works at
night, not a measurement.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

from xianban_parking.hookspecs import LotFacts, LotObservation, Rejected
from xianban_sdk.clock import SHANGHAI, local_day

from xianban_plugin_parking_replay.record import CarPark, Count

__all__ = ["ReplayFeed", "ReplayedLot"]

HALF_HOUR: Final = timedelta(minutes=30)
DAY: Final = timedelta(days=1)
# What the first read after a start tells anew; parking knows the rows it already has.
FIRST_READ: Final = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class ReplayedLot:
    """A demo lot, the car park that plays it, and by how much its clock is shifted."""

    lot: str
    park: CarPark
    shift: timedelta

    def told(self, day: date, first: date) -> Iterator[LotObservation]:
        """What the lot tells on a local day, in the record's order, then the night's bridge."""
        rows = self.park.day(day, first)
        for row in rows:
            yield self._observation(day, row.clock, row.occupied, row.capacity)
        tomorrow = self.park.day(day + DAY, first)
        if rows and tomorrow:
            yield from self._bridge(day, rows[-1], tomorrow[0])

    def _bridge(self, day: date, last: Count, following: Count) -> Iterator[LotObservation]:
        start = datetime.combine(day, last.clock)
        length = datetime.combine(day + DAY, following.clock) - start
        for step in range(1, length // HALF_HOUR):
            at = start + step * HALF_HOUR
            share = (step * HALF_HOUR) / length
            occupied = round(last.occupied + share * (following.occupied - last.occupied))
            yield self._observation(at.date(), at.time(), occupied, last.capacity)

    def _observation(self, day: date, clock: time, occupied: int, capacity: int) -> LotObservation:
        at = datetime.combine(day, clock, SHANGHAI) + self.shift
        return LotObservation(self.lot, at.astimezone(UTC), occupied=occupied, capacity=capacity)


class ReplayFeed:
    """The replayed lots of one area."""

    mode: Literal["pull", "push", "replay"] = "replay"
    cadence = HALF_HOUR

    def __init__(
        self,
        feed: str,
        names: Mapping[str, str],
        lots: Sequence[ReplayedLot],
        first: date,
    ) -> None:
        self.id = feed
        self.names = names
        self._lots = lots
        self._first = first
        self._told_until: datetime | None = None
        self._lock = threading.Lock()

    def read(self, now: datetime) -> Iterator[LotFacts | LotObservation | Rejected]:
        """What was told since the last read; after a start, the last two hours."""
        with self._lock:
            since = self._told_until or now - FIRST_READ
            self._told_until = max(since, now)
        return self.history(since, now)

    def history(self, since: datetime, until: datetime) -> Iterator[LotObservation]:
        """What was told after `since` up to and including `until`, day by day."""
        # One day more on both sides: the night's bridge and the shift pass midnight.
        day = local_day(since) - DAY
        last = local_day(until)
        while day <= last:
            for lot in self._lots:
                for observation in lot.told(day, self._first):
                    if since < observation.observed_at <= until:
                        yield observation
            day += DAY

    def parse(
        self, body: bytes, content_type: str, headers: Mapping[str, str], now: datetime
    ) -> Iterator[LotFacts | LotObservation | Rejected]:
        """Nobody may push to a replay."""
        raise PermissionError(f"feeds/{self.id} takes no pushes")
