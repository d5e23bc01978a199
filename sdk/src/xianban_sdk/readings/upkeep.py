"""What keeps readings small: partitions made ahead, hours summed up, old rows dropped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy import Column, Connection, bindparam, delete, func, select, text

from xianban_sdk.clock import Clock
from xianban_sdk.readings.partitions import DAY, drop_before, ensure_days
from xianban_sdk.readings.rows import HOUR, SETTLE
from xianban_sdk.readings.tables import (
    reading,
    reading_hour,
    reading_late,
    reading_series,
    reading_upkeep,
    rule_state,
)
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.instant import to_micros
from xianban_sdk.storage.locks import try_lock
from xianban_sdk.storage.upsert import upsert

if TYPE_CHECKING:
    from xianban_sdk.app import Resources

__all__ = ["Kept", "Upkeep", "keep_readings"]

_log = structlog.get_logger("xianban.readings")
_EVERY_SECONDS: Final = 300.0
_DAYS_AHEAD: Final = 3
_SERIES_AT_ONCE: Final = 1000
_LATE_AT_ONCE: Final = 500
_HOURS: Final = "hours"
_MICRO: Final = timedelta(microseconds=1)

_SUM: Final = """
INSERT INTO reading_hour (series, hour, low, mean, high, count)
SELECT series, at / 3600000000 * 3600000000, min(value), avg(value), max(value), count(*)
FROM reading WHERE flaw = 0 AND value IS NOT NULL AND position IS NULL AND {which}
GROUP BY series, at / 3600000000 * 3600000000
ON CONFLICT (series, hour) DO UPDATE SET
  low = excluded.low, mean = excluded.mean, high = excluded.high, count = excluded.count
"""
_SUM_HOUR: Final = text(_SUM.format(which="at >= :start AND at < :end"))
_SUM_LATE: Final = text(_SUM.format(which="series = :series AND at >= :start AND at < :end"))


@dataclass(frozen=True, slots=True)
class Kept:
    """How long rows stay: raw readings longer than the longest backlog, hours much longer."""

    raw: timedelta = timedelta(days=30)
    hours: timedelta = timedelta(days=730)
    standings: timedelta = timedelta(days=7)


class Upkeep:
    """One process per database does it at a time."""

    def __init__(self, db: Database, clock: Clock, kept: Kept | None = None) -> None:
        self._db = db
        self._clock = clock
        self._kept = kept or Kept()

    def run(self, stop: threading.Event) -> None:
        """At once, then every five minutes, until told to stop."""
        while not stop.is_set():
            with try_lock(self._db, "readings-upkeep") as held:
                if held is not None:
                    self._try(self.make_ahead, self.sum_up, self.drop_old)
            stop.wait(_EVERY_SECONDS)

    def _try(self, *tasks: Callable[[], object]) -> None:
        for task in tasks:
            try:
                task()
            except Exception:
                _log.exception("upkeep_failed", service=self._db.owner, task=task.__name__)

    def make_ahead(self) -> None:
        """The partitions of the next days, so that midnight costs ingest nothing."""
        if self._db.dialect == "postgresql":
            today = self._now() // DAY
            with self._db.begin() as conn:
                ensure_days(conn, range(today - 1, today + _DAYS_AHEAD + 1))

    def sum_up(self) -> int:
        """Sum up the hours that are over, and again those that got late readings."""
        end = (self._now() - SETTLE) // HOUR * HOUR
        with self._db.read() as conn:
            hour = self._done(conn)
            start = hour if hour is not None else _first_hour(conn, end)
        done = 0
        for begin in range(start, end, HOUR):
            with self._db.begin() as conn:
                conn.execute(_SUM_HOUR, {"start": begin, "end": begin + HOUR})
                upsert(conn, reading_upkeep, {"task": _HOURS, "done_until": begin + HOUR})
            done += 1
        while self._sum_late(end) == _LATE_AT_ONCE:
            pass
        return done

    def drop_old(self) -> None:
        """What has been kept long enough goes."""
        now = self._now()
        raw = now - self._kept.raw // _MICRO
        if self._db.dialect == "postgresql":
            with self._db.begin() as conn:
                drop_before(conn, raw // DAY)
        else:
            self._by_series(reading.c.series, reading.c.at, raw)
        hours = now - self._kept.hours // _MICRO
        self._by_series(reading_hour.c.series, reading_hour.c.hour, hours)
        standings = now - self._kept.standings // _MICRO
        state = rule_state.c
        with self._db.begin() as conn:
            conn.execute(
                delete(rule_state).where(
                    ~state.raised, state.settled < standings, state.snoozed_until < now
                )
            )

    def _sum_late(self, end: int) -> int:
        with self._db.begin() as conn:
            query = select(reading_late).where(reading_late.c.hour < end).limit(_LATE_AT_ONCE)
            late = conn.execute(query).all()
            if late:
                conn.execute(
                    _SUM_LATE,
                    [{"series": s, "start": hour, "end": hour + HOUR} for s, hour in late],
                )
                conn.execute(_NO_LONGER_LATE, [{"s": s, "h": hour} for s, hour in late])
        return len(late)

    def _by_series(self, series: Column[int], at: Column[int], before: int) -> None:
        """By ranges of series: the key leads to the rows, and nobody waits long for the writer."""
        with self._db.read() as conn:
            last = conn.scalar(select(func.max(reading_series.c.id))) or 0
        for first in range(0, last + 1, _SERIES_AT_ONCE):
            with self._db.begin() as conn:
                found = select(reading_series.c.id).where(
                    reading_series.c.id >= first, reading_series.c.id < first + _SERIES_AT_ONCE
                )
                conn.execute(delete(at.table).where(series.in_(found), at < before))

    def _now(self) -> int:
        return to_micros(self._clock.now())

    def _done(self, conn: Connection) -> int | None:
        query = select(reading_upkeep.c.done_until).where(reading_upkeep.c.task == _HOURS)
        return conn.scalar(query)


_NO_LONGER_LATE: Final = delete(reading_late).where(
    reading_late.c.series == bindparam("s"), reading_late.c.hour == bindparam("h")
)


def _first_hour(conn: Connection, end: int) -> int:
    oldest = conn.scalar(select(func.min(reading.c.at)))
    return end if oldest is None else min(oldest // HOUR * HOUR, end)


def keep_readings(resources: Resources, stop: threading.Event) -> None:
    """For `Service(loops=…)`."""
    Upkeep(resources.db, resources.clock).run(stop)
