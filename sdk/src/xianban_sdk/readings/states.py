"""Rules' standings and the windows they are judged over, read and kept in ingest's transaction."""

# ruff: noqa: S608 - statements are built of constants

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, fields
from itertools import groupby
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from xianban_sdk.readings.partitions import schema_of
from xianban_sdk.readings.rules import Point, Standing
from xianban_sdk.readings.tables import rule_state
from xianban_sdk.storage.arrays import number_array
from xianban_sdk.storage.locks import lock_number
from xianban_sdk.storage.upsert import upsert

__all__ = ["StandingKey", "load", "save", "take_turns", "windows"]

# series, rule
StandingKey = tuple[int, str]

_NAMES: Final = [one.name for one in fields(Standing)]
_STATE: Final = f"SELECT series, rule, {', '.join(_NAMES)} FROM rule_state WHERE series "
_TURNS: Final = "SELECT pg_advisory_xact_lock(number) FROM unnest(%s::bigint[]) number"
# The constant bound lets the planner leave older partitions out.
_PG_WINDOW: Final = """
SELECT r.series, r.at, r.value FROM unnest(%s::bigint[], %s::bigint[]) AS w (series, since)
JOIN reading r ON r.series = w.series AND r.at >= w.since
WHERE r.flaw = 0 AND r.at >= %s ORDER BY r.series, r.at
"""
_LITE_WINDOW: Final = """
SELECT r.series, r.at, r.value FROM json_each(?) AS w
CROSS JOIN reading r ON r.series = w.value ->> 0 AND r.at >= w.value ->> 1
WHERE r.flaw = 0 ORDER BY r.series, r.at
"""


def load(conn: Connection, series: Collection[int]) -> dict[StandingKey, Standing]:
    """The standings of these series; a rule that has none is calm."""
    if conn.dialect.name == "sqlite":
        asked = f"{_STATE} IN (SELECT value FROM json_each(?))", (orjson.dumps(list(series)),)
    else:
        asked = f"{_STATE} = ANY(%s::bigint[])", (number_array(list(series)),)
    rows = conn.exec_driver_sql(*asked)
    return {(row[0], row[1]): _standing(row[2:]) for row in rows}


def take_turns(conn: Connection, series: Iterable[int]) -> None:
    """One transaction at a time judges a series, so that nothing is told twice."""
    if conn.dialect.name == "postgresql":
        base = lock_number(schema_of(conn), "rules")
        numbers = sorted(base ^ number for number in series)
        conn.exec_driver_sql(_TURNS, (number_array(numbers),))


def windows(conn: Connection, since: Mapping[int, int]) -> dict[int, list[Point]]:
    """The believed readings of each series from an instant on, oldest first."""
    if conn.dialect.name == "sqlite":
        rows = conn.exec_driver_sql(_LITE_WINDOW, (orjson.dumps(list(since.items())),))
    else:
        numbers, begins = list(since), list(since.values())
        bounds = (number_array(numbers), number_array(begins), min(begins))
        rows = conn.exec_driver_sql(_PG_WINDOW, bounds)
    grouped = groupby(rows, key=lambda row: row[0])
    return {series: [(row[1], row[2]) for row in found] for series, found in grouped}


def save(conn: Connection, series: int, rule: str, standing: Standing) -> None:
    """Keep a standing that has changed."""
    upsert(conn, rule_state, {"series": series, "rule": rule, **asdict(standing)})


def _standing(row: Iterable[Any]) -> Standing:
    raised, told, *instants = row
    return Standing(bool(raised), bool(told), *instants)
