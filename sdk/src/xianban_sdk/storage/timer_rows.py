"""Timers as rows: set and taken back in the business transaction."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, select

from xianban_sdk.storage.tables import timer as timer_table
from xianban_sdk.storage.upsert import upsert

__all__ = ["Timer", "TimerMovedError", "cancel", "firing", "is_timer", "schedule"]


@dataclass(frozen=True, slots=True)
class Timer:
    """What fires: `kind` picks the handler, `key` tells timers of a kind apart."""

    kind: str
    key: str
    due_at: datetime
    payload: bytes = b""
    traceparent: str = ""


class TimerMovedError(Exception):
    """It is due at another time now: what was done for it is undone."""


# On a connection that fires a timer: its kind and key, until a handler sets it again.
_FIRING: Final = "xianban.timer"


@contextmanager
def firing(conn: Connection, timer: Timer) -> Generator[None]:
    """Takes the timer away after what it does, unless that sets it again.

    After: whoever changes a thing locks it first and its timer then, and so does this. Raises
    TimerMovedError where somebody who came first gave it another time.
    """
    # Held on to: a connection that broke meanwhile has another one.
    info = conn.info
    info[_FIRING] = (timer.kind, timer.key)
    try:
        yield
        if info[_FIRING] is not None:
            _take_away(conn, timer)
    finally:
        del info[_FIRING]


def _take_away(conn: Connection, timer: Timer) -> None:
    mine, columns = is_timer(timer.kind, timer.key), timer_table.c
    fired = conn.execute(delete(timer_table).where(mine, columns.due_at == timer.due_at)).rowcount
    if not fired and conn.scalar(select(columns.due_at).where(mine)) is not None:
        raise TimerMovedError(f"{timer.kind} {timer.key}")


def schedule(conn: Connection, timer: Timer) -> None:
    """Set a timer, or move the one of the same kind and key."""
    if conn.info.get(_FIRING) == (timer.kind, timer.key):
        conn.info[_FIRING] = None
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
