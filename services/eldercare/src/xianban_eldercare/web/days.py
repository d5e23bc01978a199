"""Local days and hours as pages and their forms know them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from xianban_sdk import clock
from xianban_sdk.clock import SHANGHAI, midnight
from xianban_sdk.wire import instant

__all__ = ["local_day", "midnight", "monday", "months_between", "today", "typed"]


def today() -> date:
    return datetime.now(SHANGHAI).date()


def monday(day: date) -> date:
    """Of the day's week."""
    return day - timedelta(days=day.weekday())


def local_day(at: Timestamp) -> date:
    return clock.local_day(instant(at))


def months_between(first: Timestamp, last: Timestamp) -> int:
    """Calendar months from one day to the other."""
    begin, end = local_day(first), local_day(last)
    return (end.year - begin.year) * 12 + end.month - begin.month


def typed(written: str) -> datetime | None:
    """What a datetime-local field holds; None where it is no time."""
    try:
        return datetime.fromisoformat(written[:16]).replace(tzinfo=SHANGHAI).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
