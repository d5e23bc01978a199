"""Timers as rows: set and taken back in the business transaction."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete

from xianban_sdk.storage.tables import timer as timer_table
from xianban_sdk.storage.upsert import upsert

__all__ = ["Timer", "cancel", "is_timer", "schedule"]


@dataclass(frozen=True, slots=True)
class Timer:
    """What fires: `kind` picks the handler, `key` tells timers of a kind apart."""

    kind: str
    key: str
    due_at: datetime
    payload: bytes = b""
    traceparent: str = ""


def schedule(conn: Connection, timer: Timer) -> None:
    """Set a timer, or move the one of the same kind and key."""
    upsert(
        conn,
        timer_table,
        {
            "kind": timer.kind,
            "key": timer.key,
            "due_at": timer.due_at,
            "not_before": timer.due_at,
            "payload": timer.payload,
            "attempts": 0,
            "last_error": "",
            "traceparent": timer.traceparent,
        },
    )


def cancel(conn: Connection, kind: str, key: str) -> bool:
    """True when the timer was still there."""
    return conn.execute(delete(timer_table).where(is_timer(kind, key))).rowcount > 0


def is_timer(kind: str, key: str) -> ColumnElement[bool]:
    return (timer_table.c.kind == kind) & (timer_table.c.key == key)
