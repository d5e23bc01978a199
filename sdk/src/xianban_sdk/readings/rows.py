"""Storing a batch: one statement for the rows, one for the newest of each series."""

# ruff: noqa: S608 - statements are built of constants

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection

from xianban_sdk.readings.partitions import DAY, ensure_days
from xianban_sdk.readings.series import Series
from xianban_sdk.storage.arrays import bytes_array, number_array

__all__ = ["HOUR", "SETTLE", "Row", "Rows", "mark_late", "store"]

HOUR: Final = 3_600_000_000  # microseconds
# An hour is summed up this long after its end.
SETTLE: Final = 600_000_000

# series, at, received_at, value, flaw, device_at, position: as the table's columns.
Row = tuple[int, int, int, float | None, int, int | None, bytes | None]

_COLUMNS: Final = "series, at, received_at, value, flaw, device_at, position"
_ARRAYS: Final = (
    "%s::bigint[], %s::bigint[], %s::bigint[], %s::float8[], %s::smallint[], "
    "%s::bigint[], %s::bytea[]"
)
_NEWEST: Final = f"{_COLUMNS}, good_at, good_value, heard_at"
_NEWER: Final = ", ".join(
    f"{name} = CASE WHEN excluded.at > l.at THEN excluded.{name} ELSE l.{name} END"
    for name in ("received_at", "value", "flaw", "device_at", "position", "at")
)
_BETTER: Final = ", ".join(
    f"{name} = CASE WHEN excluded.good_at > coalesce(l.good_at, 0)"
    f" THEN excluded.{name} ELSE l.{name} END"
    for name in ("good_value", "good_at")
)
_LATER: Final = (
    "heard_at = CASE WHEN excluded.heard_at > l.heard_at THEN excluded.heard_at ELSE l.heard_at END"
)
_MERGE: Final = f" ON CONFLICT (series) DO UPDATE SET {_NEWER}, {_BETTER}, {_LATER}"
_INTO: Final = f"INSERT INTO reading_latest AS l ({_NEWEST}) "
_PG_ROWS: Final = (
    f"INSERT INTO reading ({_COLUMNS}) SELECT * FROM unnest({_ARRAYS}) ON CONFLICT DO NOTHING"
)
_PG_LATEST: Final = (
    f"{_INTO}SELECT * FROM unnest({_ARRAYS}, %s::bigint[], %s::float8[], %s::bigint[]){_MERGE}"
)
_LITE_ROWS: Final = f"INSERT OR IGNORE INTO reading ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"
_LITE_LATEST: Final = f"{_INTO}VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?){_MERGE}"
_LATE: Final = "INSERT INTO reading_late (series, hour) "
_PG_LATE: Final = f"{_LATE}SELECT * FROM unnest(%s::bigint[], %s::bigint[]) ON CONFLICT DO NOTHING"
_LITE_LATE: Final = f"{_LATE}VALUES (?, ?) ON CONFLICT DO NOTHING"
_POSITION: Final = 6
_COUNTED: Final = {"preserve_rowcount": True}


@dataclass(slots=True)
class Rows:
    """The readings of a batch that are taken, and the series they belong to."""

    rows: list[Row] = field(default_factory=list[Row])
    series: dict[int, Series] = field(default_factory=dict[int, Series])

    def newest(self, now: int) -> list[tuple[Any, ...]]:
        """One row of `reading_latest` per series, in the order of their numbers; heard now.

        Silence is judged by our own clock: the gateway's may be another.
        """
        last: dict[int, Row] = {}
        good: dict[int, Row] = {}
        for row in self.rows:
            number = row[0]
            if number not in last or row[1] > last[number][1]:
                last[number] = row
            if not row[4] and (number not in good or row[1] > good[number][1]):
                good[number] = row
        return [(*last[n], *_good(good.get(n)), now) for n in sorted(last)]


def _good(row: Row | None) -> tuple[int | None, float | None]:
    return (None, None) if row is None else (row[1], row[3])


def store(conn: Connection, taken: Rows, newest: Sequence[tuple[Any, ...]]) -> int:
    """Write rows that are new and the newest of each series; returns how many were new.

    Rows go in the order of their keys: batches side by side wait for each other, never in a ring.
    """
    if not taken.rows:
        return 0
    rows = sorted(taken.rows, key=_key)
    if conn.dialect.name == "sqlite":
        done = conn.exec_driver_sql(_LITE_ROWS, rows, execution_options=_COUNTED)
        conn.exec_driver_sql(_LITE_LATEST, list(newest))
        return done.rowcount
    ensure_days(conn, {row[1] // DAY for row in rows})
    new = conn.exec_driver_sql(_PG_ROWS, _arrays(rows)).rowcount
    conn.exec_driver_sql(_PG_LATEST, _arrays(newest))
    return new


def mark_late(conn: Connection, taken: Rows, summed_before: int) -> None:
    """Note the hours, already summed up, that these readings belong to."""
    late = {(row[0], row[1] // HOUR * HOUR) for row in taken.rows if row[1] < summed_before}
    if not late:
        return
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql(_LITE_LATE, sorted(late))
    else:
        conn.exec_driver_sql(_PG_LATE, _arrays(sorted(late)))


def _key(row: Row) -> tuple[int, int]:
    return row[0], row[1]


def _arrays(rows: Sequence[tuple[Any, ...]]) -> tuple[str, ...]:
    columns = enumerate(zip(*rows, strict=True))
    return tuple(
        bytes_array(column) if place == _POSITION else number_array(column)
        for place, column in columns
    )
