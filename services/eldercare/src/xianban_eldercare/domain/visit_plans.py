"""Visits that come again every week: on which days, and from when until when on each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final

from xianban_eldercare.domain.errors import Refused

__all__ = ["AHEAD_DAYS", "VisitPlan"]

# China keeps UTC+8 without summer time (since 1992).
_SHANGHAI: Final = timezone(timedelta(hours=8))
# So many days, today included, are rostered ahead.
AHEAD_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class VisitPlan:
    """The part of a plan that its rules are about; days and times are local.

    `weekdays` as ISO 8601 counts them: 1 is Monday. `last_on` None: until somebody ends it.
    """

    weekdays: frozenset[int]
    starts: time
    length: timedelta
    first_on: date
    last_on: date | None = None

    def planned(self, now: datetime) -> VisitPlan:
        """Itself, if there will ever be a visit."""
        if self.last_on is not None:
            if self.last_on < self.first_on:
                raise Refused("PLAN_REVERSED", "visit_plan.last_date")
            if self.last_on < _today(now):
                raise Refused("PLAN_OVER", "visit_plan.last_date")
            if not self._comes_between(max(self.first_on, _today(now)), self.last_on):
                raise Refused("PLAN_WITHOUT_DAYS", "visit_plan.weekdays")
        return self

    def comes_on(self, day: date) -> bool:
        """There is to be a visit."""
        if day < self.first_on or (self.last_on is not None and day > self.last_on):
            return False
        return day.isoweekday() in self.weekdays

    def span(self, day: date) -> tuple[datetime, datetime]:
        """The day's visit, in UTC."""
        start = datetime.combine(day, self.starts, _SHANGHAI).astimezone(UTC)
        return start, start + self.length

    def due(self, made: Collection[date], now: datetime) -> list[date]:
        """The days of the next two weeks that still lack their visit; what is over stays as it was.

        `made`: the days that have or had one, also one that was called off.
        """
        ahead = (_today(now) + timedelta(days=count) for count in range(AHEAD_DAYS))
        return [
            day
            for day in ahead
            if self.comes_on(day) and day not in made and self.span(day)[1] > now
        ]

    def _comes_between(self, first: date, last: date) -> bool:
        # A week shows every weekday there is.
        days = range(min((last - first).days + 1, 7))
        return any((first + timedelta(days=count)).isoweekday() in self.weekdays for count in days)


def _today(now: datetime) -> date:
    return now.astimezone(_SHANGHAI).date()
