"""How instants, money and distances read on a page: Asia/Shanghai, yuan, metres."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from xianban_sdk.clock import SHANGHAI

Instant = datetime | Timestamp


def moment(value: Instant | None) -> datetime | None:
    """A proto timestamp or a datetime as aware UTC; None where nothing is set."""
    if value is None:
        return None
    if isinstance(value, Timestamp):
        unset = value.seconds == 0 and value.nanos == 0
        return None if unset else value.ToDatetime(tzinfo=UTC)
    if value.tzinfo is None:
        raise ValueError("a page was given a naive datetime")
    return value.astimezone(UTC)


def instant(value: Instant | None) -> str:
    """2026-11-23 16:05"""
    at = moment(value)
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if at else "—"


def day(value: Instant | date | None) -> str:
    """2026-11-23"""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    at = moment(value)
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d") if at else "—"


def clock(value: Instant | None) -> str:
    """16:05"""
    at = moment(value)
    return at.astimezone(SHANGHAI).strftime("%H:%M") if at else "—"


def iso(value: Instant | None) -> str:
    """For `<time datetime>`."""
    at = moment(value)
    return at.isoformat().replace("+00:00", "Z") if at else ""


def yuan(fen: int) -> str:
    """1250 → ¥12.50; integer arithmetic only."""
    sign, fen = ("-" if fen < 0 else ""), abs(fen)
    return f"{sign}¥{fen // 100:,}.{fen % 100:02d}"


def age(value: Instant | None, now: datetime) -> tuple[str, int]:
    """Message key and count for how long ago an instant was."""
    at = moment(value)
    if at is None:
        return "age-unknown", 0
    seconds = int((now - at).total_seconds())
    steps = ((86400, "age-days"), (3600, "age-hours"), (60, "age-minutes"))
    for size, key in steps:
        if seconds >= size:
            return key, seconds // size
    return "age-now", 0


FILTERS: dict[str, Callable[..., str]] = {
    "instant": instant,
    "day": day,
    "clock": clock,
    "iso": iso,
    "yuan": yuan,
}
