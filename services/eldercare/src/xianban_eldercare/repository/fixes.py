"""Where locators were, out of the readings; for rules and searches alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, Row, select
from xianban_sdk.readings.ingest import POSITION, POSITION_CONTEXT
from xianban_sdk.readings.tables import reading, reading_series
from xianban_sdk.storage import keyed_hash
from xianban_sdk.storage.encryption import installed_cipher

from xianban_eldercare.domain.whereabouts import Fix

__all__ = ["LOCATION", "fixes_at", "fixes_of", "locators"]

LOCATION = "location"
# An hour and a half at one fix in ten seconds: enough for any dwell, bounded for any device.
_MOST = 540


def locators(conn: Connection, subject: str, device: str | None = None) -> list[int]:
    """The series of places of somebody, or of one device of theirs."""
    query = select(reading_series.c.id).where(
        reading_series.c.subject_key == keyed_hash(subject), reading_series.c.kind == LOCATION
    )
    if device is not None:
        query = query.where(reading_series.c.device_key == keyed_hash(device))
    return sorted(conn.scalars(query))


def fixes_of(conn: Connection, series: int, since: int, end: int) -> list[Fix]:
    """The newest fixes from `since` to `end` (microseconds), in the order of their time."""
    query = (
        select(reading.c.at, reading.c.position)
        .where(
            reading.c.series == series,
            reading.c.at >= since,
            reading.c.at <= end,
            reading.c.position.is_not(None),
        )
        .order_by(reading.c.at.desc())
        .limit(_MOST)
    )
    return _opened(conn.execute(query))[::-1]


def fixes_at(conn: Connection, series: Collection[int], instants: Collection[int]) -> list[Fix]:
    """The fixes of these instants (microseconds), of any of the locators."""
    query = select(reading.c.at, reading.c.position).where(
        reading.c.series.in_(series),
        reading.c.at.in_(instants),
        reading.c.position.is_not(None),
    )
    return _opened(conn.execute(query))


def _opened(rows: Iterable[Row[Any]]) -> list[Fix]:
    cipher = installed_cipher()
    return [
        Fix(row.at, *POSITION.unpack(cipher.decrypt(bytes(row.position), POSITION_CONTEXT)))
        for row in rows
    ]
