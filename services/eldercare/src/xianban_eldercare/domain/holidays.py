"""Statutory holidays 法定节假日 as the State Council announces them year by year.

Source: 国务院办公厅关于部分节假日安排的通知, as packaged by `chinesecalendar`. It appears in
November for the next year; until then nobody knows its holidays, and a day of it is as any other.
"""

from __future__ import annotations

from datetime import date

import chinese_calendar

__all__ = ["is_holiday"]


def is_holiday(day: date) -> bool:
    """A holiday, or a day off in lieu of one; a mere weekend is none."""
    try:
        off, name = _published(day)
    except NotImplementedError:
        return False
    return off and bool(name)


def _published(day: date) -> tuple[bool, str | None]:
    # The package is untyped; this is the one place that trusts its answer.
    return chinese_calendar.get_holiday_detail(day)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
