"""A service's rows from its SQLite file into PostgreSQL: a district that outgrows one machine takes
its past along.

One transaction copies and compares; whoever fails half-way leaves nothing. What is encrypted is
copied as it is, without keys, and numbers go on where they were: none is given twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, Final

import orjson
from sqlalchemy import (
    Column,
    Connection,
    LargeBinary,
    MetaData,
    Result,
    Table,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.sql.type_api import TypeEngine

from xianban_sdk.app import Service
from xianban_sdk.audit import verify
from xianban_sdk.readings.partitions import DAY, ensure_days
from xianban_sdk.settings import Settings
from xianban_sdk.storage.encryption import Encrypted
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.migrate import migrate
from xianban_sdk.storage.tables import sdk_metadata

__all__ = ["Arrived", "MoveRefused", "as_stored", "move"]

_BATCH: Final = 1000
_MODULUS: Final = 1 << 256


class MoveRefused(RuntimeError):
    """Why rows were not taken over."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A service whose rows are the same on both sides now; `audit` is "" when its chain holds."""

    service: str
    tables: int
    rows: int
    audit_rows: int
    audit: str


def move(
    services: Iterable[Service], settings: Settings, url: str, told: Callable[[str, int], None]
) -> list[Arrived]:
    """Copies what lies under `settings.data`; `told` hears service and rows as they go.

    Raises MoveRefused where a schema is there already or rows differ, DatabaseInUse while the
    suite runs. All services arrive, or none.
    """
    there = [one for one in services if (settings.data / f"{one.name}.db").exists()]
    if not there:
        raise MoveRefused(f"no service has a database under {settings.data}")
    with ExitStack() as opened:
        pairs = [_opened(service, settings, url, opened) for service in there]
        for _, target in pairs:
            _must_be_new(target)
        try:
            return [
                _moved(service, *pair, told) for service, pair in zip(there, pairs, strict=True)
            ]
        except BaseException:
            for _, target in pairs:
                _drop(target)
            raise


def _opened(
    service: Service, settings: Settings, url: str, opened: ExitStack
) -> tuple[Database, Database]:
    urls = (f"sqlite:///{settings.data / service.name}.db", url)
    source, target = (Database.open(each, owner=service.name) for each in urls)
    for one in (source, target):
        opened.callback(one.close)
    return source, target


def _moved(
    service: Service, source: Database, target: Database, told: Callable[[str, int], None]
) -> Arrived:
    migrate(source, service.migrations)
    migrate(target, service.migrations)
    own = service.metadata.sorted_tables if service.metadata is not None else []
    tables = [as_stored(table) for table in (*sdk_metadata.sorted_tables, *own)]
    with source.read() as there, target.begin() as here:
        here.execute(text("SET LOCAL statement_timeout = 0"))
        rows = sum(_move(one, there, here, partial(told, service.name)) for one in tables)
    audit = verify(target)
    fault = f"{audit.first_bad_row}: {audit.reason}" if audit.first_bad_row else ""
    return Arrived(service.name, len(tables), rows, audit.rows, fault)


def _drop(target: Database) -> None:
    """Only what this move has made."""
    with target.begin() as conn:
        conn.execute(text(f'DROP SCHEMA IF EXISTS "{target.schema}" CASCADE'))


def _must_be_new(target: Database) -> None:
    with target.read() as conn:
        if target.schema in inspect(conn).get_schema_names():
            raise MoveRefused(f"schema {target.schema!r} is there already: nothing is written over")


def as_stored(table: Table) -> Table:
    """The same table, its encrypted columns as the bytes that are stored."""
    columns = [
        Column(one.name, _plain(one.type), key=one.key, primary_key=one.primary_key)
        for one in table.columns
    ]
    numbered = table.autoincrement_column
    return Table(table.name, MetaData(), *columns, info={"numbered": numbered})


def _plain(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    return LargeBinary() if isinstance(kind, Encrypted) else kind


def _move(table: Table, there: Connection, here: Connection, told: Callable[[int], None]) -> int:
    # What the migrations put there is in the source as well, perhaps changed since.
    here.execute(table.delete())
    _make_room(table, there, here)
    for rows in _rows(table, there).mappings().partitions():
        here.execute(table.insert(), [dict(row) for row in rows])
        told(len(rows))
    _go_on_counting(table, there, here)
    before, after = _sum(table, there), _sum(table, here)
    if before != after:
        raise MoveRefused(f"table {table.name!r}: {after[0]} of {before[0]} rows are the same")
    return before[0]


def _rows(table: Table, conn: Connection) -> Result[Any]:
    return conn.execute(select(table), execution_options={"yield_per": _BATCH})


def _make_room(table: Table, there: Connection, here: Connection) -> None:
    if table.name == "reading":
        day = table.c.at.op("/")(DAY)
        ensure_days(here, there.scalars(select(day).distinct()))


def _go_on_counting(table: Table, there: Connection, here: Connection) -> None:
    """Also past numbers that were given and are gone."""
    numbered: Column[Any] | None = table.info["numbered"]
    if numbered is None:
        return
    kept = _sqlite_sequence(table.name, there)
    last = max(kept, there.scalar(select(func.max(table.c[numbered.key]))) or 0)
    if last:
        sequence = func.pg_get_serial_sequence(table.name, numbered.name)
        here.execute(select(func.setval(sequence, last)))


def _sqlite_sequence(table: str, there: Connection) -> int:
    if not inspect(there).has_table("sqlite_sequence"):
        return 0
    query = text("SELECT seq FROM sqlite_sequence WHERE name = :table")
    return there.scalar(query, {"table": table}) or 0


def _sum(table: Table, conn: Connection) -> tuple[int, int]:
    """Count and sum of what the rows say, in whatever order the database gives them."""
    count = total = 0
    for row in _rows(table, conn):
        count += 1
        total += int.from_bytes(hashlib.sha256(_bytes(row)).digest())
    return count, total % _MODULUS


def _bytes(row: Any) -> bytes:
    parts = chain.from_iterable((type(one).__name__, one) for one in row)
    return orjson.dumps(list(parts), default=_spelt, option=orjson.OPT_SORT_KEYS)


def _spelt(one: object) -> str:
    if isinstance(one, bytes):
        return one.hex()
    raise TypeError(type(one))
