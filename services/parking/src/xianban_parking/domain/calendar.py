"""Which kind of day a local date is in China, and what happens when nobody has said so yet.

Source: the yearly notice of the State Council (国务院办公厅关于部分节假日安排的通知), as packaged
by `chinesecalendar`. It appears in November for the next year; before that the year is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Protocol

import chinese_calendar

from xianban_parking.domain.errors import CalendarNotPublishedError, StayError

__all__ = ["SHANGHAI", "ChineseCalendar", "DayCalendar", "DayKind", "as_utc", "weekday_kind"]

# China has kept UTC+8 without summer time since 1992; a fixed offset keeps arithmetic exact.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


class DayKind(StrEnum):
    """How tariffs tell days apart. A make-up workday (调休上班) is a workday."""

    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"


class DayCalendar(Protocol):
    """Tells the kind of a local date or raises CalendarNotPublishedError."""

    def kind(self, day: date) -> DayKind:
        """The kind of this local date."""
        ...


@dataclass(frozen=True)
class ChineseCalendar:
    """The published calendar, plus days the operator entered from a notice not yet packaged."""

    entered: Mapping[date, DayKind] = field(default_factory=dict[date, DayKind])

    def kind(self, day: date) -> DayKind:
        """The kind of the day; days off in lieu count as the holiday they belong to."""
        if day in self.entered:
            return self.entered[day]
        try:
            off, name = _published(day)
        except NotImplementedError:
            raise CalendarNotPublishedError(
                "CALENDAR_NOT_PUBLISHED", "year", {"year": day.year}
            ) from None
        if not off:
            return DayKind.WORKDAY
        return DayKind.HOLIDAY if name else DayKind.WEEKEND


def _published(day: date) -> tuple[bool, str | None]:
    # The package is untyped; this is the one place that trusts its answer.
    return chinese_calendar.get_holiday_detail(day)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def weekday_kind(day: date) -> DayKind:
    """Monday to Friday or weekend: the fallback a tariff may name for unpublished years."""
    return DayKind.WEEKEND if day.weekday() >= 5 else DayKind.WORKDAY


def as_utc(instant: datetime, field_name: str) -> datetime:
    """The same instant in UTC; a naive datetime is refused."""
    if instant.tzinfo is None:
        raise StayError("TIME_WITHOUT_ZONE", field_name)
    return instant.astimezone(UTC)
