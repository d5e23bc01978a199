"""Visits that come again every week: on which days, and from when until when on each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import Enum
from typing import Final

from xianban_eldercare.domain.errors import Refused

__all__ = ["AHEAD_DAYS", "BEHIND_DAYS", "HolidayChoice", "VisitPlan"]

# China keeps UTC+8 without summer time (since 1992).
_SHANGHAI: Final = timezone(timedelta(hours=8))
# So many days, today included, are rostered ahead.
AHEAD_DAYS: Final = 14
# A visit of so long ago may have been moved to a day ahead: a holiday and the week after it.
BEHIND_DAYS: Final = 28
_WEEK: Final = 7
_DAY: Final = timedelta(days=1)


class HolidayChoice(Enum):
    """What becomes of a day that is a statutory holiday."""

    KEEP = "keep"
    SKIP = "skip"
    MOVE = "move"


def _no_holiday(_day: date) -> bool:
    return False


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
    holidays: HolidayChoice = HolidayChoice.KEEP
    is_holiday: Callable[[date], bool] = _no_holiday

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

    def kept_on(self, day: date) -> date | None:
        """When a plan's day has its visit; None: it is left out for a holiday."""
        if self.holidays is HolidayChoice.KEEP or not self.is_holiday(day):
            return day
        return self._moved(day) if self.holidays is HolidayChoice.MOVE else None

    def span(self, day: date) -> tuple[datetime, datetime]:
        """The day's visit, in UTC."""
        start = datetime.combine(self.kept_on(day) or day, self.starts, _SHANGHAI).astimezone(UTC)
        return start, start + self.length

    def due(self, made: Collection[date], now: datetime) -> list[date]:
        """The days whose visits of the next two weeks are still lacking; what is over stays as it
        was.

        `made`: the days that have or had one, also one that was called off.
        """
        today = _today(now)
        last = today + timedelta(days=AHEAD_DAYS - 1)
        days = (today + timedelta(days=count) for count in range(-BEHIND_DAYS, AHEAD_DAYS))
        kept = ((day, self.kept_on(day)) for day in days if self.comes_on(day) and day not in made)
        return [
            day
            for day, on in kept
            if on is not None and today <= on <= last and self.span(day)[1] > now
        ]

    def _moved(self, day: date) -> date | None:
        """The holiday's days take the free ones after it, in order."""
        first, last = self._holiday(day)
        lost = (one for one in _days(first, last) if self.comes_on(one))
        after = _days(last + _DAY, last + _WEEK * _DAY)
        free = (one for one in after if not self.comes_on(one) and self._free(one))
        return dict(zip(lost, free, strict=False)).get(day)

    def _holiday(self, day: date) -> tuple[date, date]:
        """Its first and last day."""
        first = last = day
        while self.is_holiday(first - _DAY):
            first -= _DAY
        while self.is_holiday(last + _DAY):
            last += _DAY
        return first, last

    def _free(self, day: date) -> bool:
        return not self.is_holiday(day) and (self.last_on is None or day <= self.last_on)

    def _comes_between(self, first: date, last: date) -> bool:
        # A week shows every weekday there is.
        days = range(min((last - first).days + 1, 7))
        return any((first + timedelta(days=count)).isoweekday() in self.weekdays for count in days)


def _days(first: date, last: date) -> Iterator[date]:
    return (first + count * _DAY for count in range((last - first).days + 1))


def _today(now: datetime) -> date:
    return now.astimezone(_SHANGHAI).date()
