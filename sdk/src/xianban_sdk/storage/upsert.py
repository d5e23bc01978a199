"""INSERT … ON CONFLICT, spelt alike on both databases."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["insert_all_new", "insert_new", "upsert"]


def insert_new(conn: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert unless a row of that key is there; tells whether it did."""
    return conn.execute(_unless_there(conn.dialect.name, table), row).rowcount > 0


def insert_all_new(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Insert the rows whose keys are new; tells whether all were."""
    return conn.execute(_unless_there(conn.dialect.name, table), rows).rowcount == len(rows)


def upsert(conn: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert, or replace the row with the same primary key."""
    conn.execute(_replacing(conn.dialect.name, table, frozenset(row)), row)


@lru_cache(maxsize=512)
def _unless_there(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Made once: every event passes here. Without the option an INSERT's rowcount may be -1."""
    statement = _insert(dialect, table).on_conflict_do_nothing()
    return statement.execution_options(preserve_rowcount=True)


@lru_cache(maxsize=512)
def _replacing(
    dialect: str, table: Table, names: frozenset[str]
) -> postgresql.Insert | sqlite.Insert:
    """Made once; the row comes as parameters, so that its compiled form is found again."""
    keys = [column.name for column in table.primary_key]
    statement = _insert(dialect, table)
    changed = {name: statement.excluded[name] for name in sorted(names) if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def _insert(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
