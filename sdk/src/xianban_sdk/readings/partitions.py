"""PostgreSQL keeps a partition of `reading` per UTC day: made ahead, dropped when it is over."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, text

from xianban_sdk.storage.locks import lock_number

__all__ = ["DAY", "drop_before", "ensure_days", "schema_of"]

DAY: Final = 86_400_000_000  # microseconds
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAME: Final = re.compile(r"reading_p(\d{8})")
_LOCK: Final = lock_number("readings", "partitions")
_CHILDREN: Final = text(
    "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'reading'::regclass"
)

# Days that are there, by schema: read once, then a look into a set per batch.
_known: dict[str, set[int]] = {}


def ensure_days(conn: Connection, days: Iterable[int]) -> None:
    """Make the partitions of these days (since 1970) that are missing, in this transaction."""
    schema = schema_of(conn)
    known = _known.setdefault(schema, set())
    missing = set(days) - known
    if not missing:
        return
    missing -= _existing(conn)
    if missing:
        conn.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
        for day in sorted(missing - _existing(conn)):
            _make(conn, day)
        return  # not known before it is committed: the next batch reads it
    known.update(days)


def drop_before(conn: Connection, day: int) -> int:
    """Drop the partitions of days before; returns how many."""
    gone = sorted(each for each in _existing(conn) if each < day)
    if gone:
        # Rather later than holding up ingest: the lock waits for nobody.
        conn.execute(text("SET LOCAL lock_timeout = '2s'"))
    for each in gone:
        conn.execute(text(f"DROP TABLE {_name(each)}"))
    _known.pop(schema_of(conn), None)
    return len(gone)


def _make(conn: Connection, day: int) -> None:
    """Attaching lets others read and write meanwhile; creating it as a partition does not."""
    name, first = _name(day), day * DAY
    conn.execute(text(f"CREATE TABLE {name} (LIKE reading INCLUDING ALL)"))
    bounds = f"FROM ({first}) TO ({first + DAY})"
    conn.execute(text(f"ALTER TABLE reading ATTACH PARTITION {name} FOR VALUES {bounds}"))


def _existing(conn: Connection) -> set[int]:
    children = text(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'reading'::regclass"
    )
    matched = (_NAME.search(name) for name in conn.scalars(children))
    return {_day(found[1]) for found in matched if found}


def schema_of(conn: Connection) -> str:
    """Which database and schema this connection works in."""
    key = "xianban_schema"
    if key not in conn.info:
        conn.info[key] = conn.scalar(text("SELECT current_database() || '.' || current_schema()"))
    return conn.info[key]


def _name(day: int) -> str:
    return f"reading_p{_EPOCH + timedelta(days=day):%Y%m%d}"


def _day(digits: str) -> int:
    return (datetime.strptime(digits, "%Y%m%d").replace(tzinfo=UTC) - _EPOCH).days
