"""Whether a lot is open, by OSM opening_hours and the Chinese calendar.

The library knows fixed holidays but neither bridge days nor make-up workdays (调休), which the
State Council's notice decides each year. So the day is first told apart by our calendar: a
make-up Saturday is asked as the Friday before it, a holiday as a holiday of the same weekday that
the library knows.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from opening_hours import OpeningHours, validate

from xianban_parking.domain.calendar import (
    SHANGHAI,
    ChineseCalendar,
    DayCalendar,
    DayKind,
    as_utc,
    weekday_kind,
)
from xianban_parking.domain.errors import CalendarNotPublishedError, MeasureError

__all__ = ["check_opening_hours", "is_open"]

MAX_LENGTH = 500
COUNTRY = "CN"
PUBLISHED = ChineseCalendar()


def check_opening_hours(expression: str) -> None:
    """Refuses what is no opening_hours expression."""
    if len(expression) > MAX_LENGTH:
        raise MeasureError("OPENING_HOURS_TOO_LONG", "opening_hours", {"max": MAX_LENGTH})
    if not validate(expression):
        raise MeasureError("OPENING_HOURS_INVALID", "opening_hours")


def is_open(expression: str, at: datetime, calendar: DayCalendar = PUBLISHED) -> bool:
    """Open at this instant? No expression means always."""
    if not expression:
        return True
    local = as_utc(at, "at").astimezone(SHANGHAI)
    asked, holiday = _as_known(local.date(), calendar)
    instant = datetime.combine(asked, local.time())
    return bool(_parsed(expression, holiday).is_open(instant))


def _as_known(day: date, calendar: DayCalendar) -> tuple[date, bool]:
    """The date to ask the library about, and whether its own holidays shall count."""
    try:
        kind = calendar.kind(day)
    except CalendarNotPublishedError:
        kind = weekday_kind(day)
    if kind is DayKind.HOLIDAY:
        return _known_holidays().get(day.weekday(), day), True
    if kind is DayKind.WORKDAY and day.weekday() >= 5:
        return day - timedelta(days=day.weekday() - 4), False
    return day, False


@lru_cache(maxsize=1024)
def _parsed(expression: str, holidays: bool) -> OpeningHours:
    if holidays:
        return OpeningHours(expression, country=COUNTRY)
    return OpeningHours(expression)


@lru_cache(maxsize=1)
def _known_holidays() -> dict[int, date]:
    """One holiday of the library per weekday."""
    holiday = OpeningHours("PH", country=COUNTRY)
    first, noon = date(2023, 1, 1), time(12)
    days = (first + timedelta(days=offset) for offset in range(1100))
    found = (day for day in days if holiday.is_open(datetime.combine(day, noon)))
    return {day.weekday(): day for day in found}
