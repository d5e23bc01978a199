"""Birthdays as instants: at 14 a person consents alone, at 18 guardianship of a minor ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

__all__ = ["ADULT", "FOURTEEN", "birthday_instant", "is_younger"]

FOURTEEN = 14
ADULT = 18
_SHANGHAI = ZoneInfo("Asia/Shanghai")


def birthday_instant(birth: date, years: int) -> datetime:
    """Midnight in Shanghai of the day the person turns `years`."""
    return datetime.combine(_birthday(birth, years), time(), _SHANGHAI).astimezone(UTC)


def _birthday(birth: date, years: int) -> date:
    if (birth.month, birth.day) != (2, 29) or _is_leap(birth.year + years):
        return birth.replace(year=birth.year + years)
    # Without a 29th the year of age is complete when 28 February is over: protected one day longer.
    return date(birth.year + years, 3, 1)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def is_younger(birth: date | None, years: int, now: datetime) -> bool:
    """Unknown birthdays count as grown up: real-name level 1 tells no age."""
    return birth is not None and now < birthday_instant(birth, years)
