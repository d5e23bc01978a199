"""Local days and hours as pages and their forms know them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from xianban_sdk.clock import SHANGHAI

__all__ = ["local_day", "midnight", "monday", "today", "typed"]


def today() -> date:
    return datetime.now(SHANGHAI).date()


def monday(day: date) -> date:
    """Of the day's week."""
    return day - timedelta(days=day.weekday())


def midnight(day: date) -> datetime:
    """The local day's first instant."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def local_day(at: Timestamp) -> date:
    return at.ToDatetime(UTC).astimezone(SHANGHAI).date()


def typed(written: str) -> datetime | None:
    """What a datetime-local field holds; None where it is no time."""
    try:
        return datetime.fromisoformat(written[:16]).replace(tzinfo=SHANGHAI).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
