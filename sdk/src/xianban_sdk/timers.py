"""Durable timers: kept in the database, fired once, in the transaction of their effect."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import Connection, func, select, update

from xianban_sdk import telemetry
from xianban_sdk.clock import Clock
from xianban_sdk.ids import Ids
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.locks import take_turn
from xianban_sdk.storage.tables import timer as timer_table
from xianban_sdk.storage.timer_rows import (
    Timer,
    TimerMovedError,
    cancel,
    firing,
    is_timer,
    schedule,
)
from xianban_sdk.storage.unit_of_work import CallInfo, UnitOfWork, open_unit_of_work

__all__ = ["Timer", "TimerHandler", "Timers", "cancel", "schedule"]

_log = structlog.get_logger("xianban.timers")

_LONGEST_RETRY_SECONDS = 60
_LONGEST_SLEEP = 0.5  # other processes may schedule too
_SHORTEST_SLEEP = 0.01
_NEVER = datetime.max.replace(tzinfo=UTC)
# More than there are processes, each of which fires one at a time.
_LOOKED_AT = 50
_TIMER = select(timer_table.c.due_at, timer_table.c.payload, timer_table.c.traceparent)


class TimerHandler(Protocol):
    """`def on_hold_over(timer: Timer, *, uow: UnitOfWork) -> None`

    Locks the thing it is about and looks at its state: somebody may have come first. Where they
    moved the timer, what the handler did is undone.
    """

    def __call__(self, timer: Timer, *, uow: UnitOfWork) -> None: ...


class Timers:
    """Fires due timers; several processes may run it on one database."""

    def __init__(
        self, db: Database, handlers: Mapping[str, TimerHandler], *, clock: Clock, ids: Ids
    ) -> None:
        self._db = db
        self._handlers = dict(handlers)
        self._clock = clock
        self._ids = ids
        self._due = _NEVER  # as last seen

    def run(self, stop: threading.Event) -> None:
        """Fire timers as they fall due, until told to stop."""
        while not stop.is_set():
            self._db.timers_written.clear()
            try:
                self.fire_due()
                pause = self._until_next()
            except Exception:
                _log.exception("timers_failed", service=self._db.owner)
                stop.wait(1)
                continue
            self._db.timers_written.wait(pause)

    def fire_due(self) -> int:
        """Fire everything due now, oldest first; returns how many handlers succeeded.

        A handler that fails is tried again with growing pauses and for ever: an alarm's ladder
        must not end because a rung broke.
        """
        fired = 0
        while self._look() <= self._clock.now():
            succeeded = self._fire_one()
            if succeeded is None:
                break  # another process has what is due
            fired += succeeded
        return fired

    def _fire_one(self) -> bool | None:
        """None when nothing is due."""
        claimed: Timer | None = None
        try:
            with open_unit_of_work(self._db, clock=self._clock, ids=self._ids) as uow:
                claimed = self._claim(uow.conn)
                if claimed is None:
                    return None
                uow.call = CallInfo(actor=self._db.owner, traceparent=claimed.traceparent)
                self._fire(claimed, uow)
        except TimerMovedError:
            return False
        except Exception as error:
            if claimed is None:
                raise
            self._postpone(claimed, error)
            return False
        return True

    def _fire(self, claimed: Timer, uow: UnitOfWork) -> None:
        with (
            telemetry.remote(claimed.traceparent),
            telemetry.span(f"timer {claimed.kind}"),
            firing(uow.conn, claimed),
        ):
            self._handlers[claimed.kind](claimed, uow=uow)

    def _claim(self, conn: Connection) -> Timer | None:
        """The oldest that nobody fires. Its row is not locked: see `firing`."""
        due = timer_table.c.not_before <= self._clock.now()
        known = timer_table.c.kind.in_(self._handlers)
        oldest = select(timer_table.c.kind, timer_table.c.key).where(due, known)
        query = oldest.order_by(timer_table.c.not_before).limit(_LOOKED_AT)
        for kind, key in conn.execute(query).all():
            # Whoever held it before may have fired it or moved it since.
            if take_turn(self._db, conn, "timer", kind, key):
                found = conn.execute(_TIMER.where(is_timer(kind, key), due)).one_or_none()
                if found is not None:
                    return Timer(kind, key, found.due_at, bytes(found.payload), found.traceparent)
        return None

    def _postpone(self, timer: Timer, error: Exception) -> None:
        _log.error(
            "timer_failed", kind=timer.kind, key=timer.key, error=repr(error), exc_info=error
        )
        with self._db.begin() as conn:
            table = timer_table
            attempts = conn.scalar(select(table.c.attempts).where(is_timer(timer.kind, timer.key)))
            if attempts is None:
                return  # cancelled meanwhile
            pause = timedelta(seconds=min(2**attempts, _LONGEST_RETRY_SECONDS))
            conn.execute(
                update(table)
                .where(is_timer(timer.kind, timer.key), table.c.due_at == timer.due_at)
                .values(
                    attempts=attempts + 1,
                    last_error=repr(error)[:500],
                    not_before=self._clock.now() + pause,
                )
            )

    def _next_due(self) -> datetime:
        with self._db.read() as conn:
            query = select(func.min(timer_table.c.not_before))
            due = conn.scalar(query.where(timer_table.c.kind.in_(self._handlers)))
        return due or _NEVER

    def _look(self) -> datetime:
        self._due = self._next_due()
        return self._due

    def _until_next(self) -> float:
        seconds = (self._due - self._clock.now()).total_seconds()
        return min(max(seconds, _SHORTEST_SLEEP), _LONGEST_SLEEP)
