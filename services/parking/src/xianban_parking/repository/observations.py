"""History in bulk: many counts at once, each kept once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from xianban_parking.repository.narrowing import Repository
from xianban_parking.repository.tables import observation

__all__ = ["Fate", "History"]

Key = tuple[str, datetime]
Fate = Literal["new", "known", "conflict"]


class History(Repository):
    """Counts are public; only the service itself writes them."""

    def add(self, feed: str, rows: Sequence[Mapping[str, Any]]) -> list[Fate]:
        """Keeps one feed's new rows; "conflict": another count holds that lot and instant."""
        there = self._counts(feed, [_key(row) for row in rows])
        fresh: list[Mapping[str, Any]] = []
        fates: list[Fate] = []
        for row in rows:
            stored = there.get(_key(row))
            if stored is None:
                there[_key(row)] = _count(row)
                fresh.append(row)
            fates.append("new" if stored is None else _fate(stored, row))
        if fresh:
            self._insert(fresh)
        return fates

    def newest(self, feed: str) -> datetime | None:
        """When the feed's last count was made."""
        return self.conn.scalar(
            select(func.max(observation.c.observed_at)).where(observation.c.feed == feed)
        )

    def _counts(self, feed: str, keys: Sequence[Key]) -> dict[Key, tuple[Any, ...]]:
        table = observation.c
        wanted = tuple_(table.lot, table.observed_at).in_(keys)
        query = select(
            table.lot, table.observed_at, table.free, table.occupied, table.capacity
        ).where(table.feed == feed, wanted)
        return {(row[0], row[1]): tuple(row[2:]) for row in self.conn.execute(query)}

    def _insert(self, rows: Sequence[Mapping[str, Any]]) -> None:
        postgres = self.conn.dialect.name == "postgresql"
        made = postgresql.insert(observation) if postgres else sqlite.insert(observation)
        # Somebody else may tell the same count at this moment; then theirs stays.
        self.conn.execute(made.on_conflict_do_nothing(), list(rows))


def _key(row: Mapping[str, Any]) -> Key:
    return row["lot"], row["observed_at"]


def _count(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["free"], row["occupied"], row["capacity"]


def _fate(stored: tuple[Any, ...], row: Mapping[str, Any]) -> Fate:
    return "known" if stored == _count(row) else "conflict"
