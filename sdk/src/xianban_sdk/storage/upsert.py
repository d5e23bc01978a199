"""INSERT … ON CONFLICT, spelt alike on both databases."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["insert_new", "upsert"]


def insert_new(conn: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert unless a row of that key is there; tells whether it did."""
    statement = _insert(conn, table).values(row).on_conflict_do_nothing()
    # Without this option an INSERT's rowcount is -1 on PostgreSQL.
    result = conn.execute(statement.execution_options(preserve_rowcount=True))
    return result.rowcount > 0


def upsert(conn: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert, or replace the row with the same primary key."""
    keys = [column.name for column in table.primary_key]
    changed = {name: value for name, value in row.items() if name not in keys}
    statement = _insert(conn, table).values(row)
    conn.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))


def _insert(conn: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if conn.dialect.name == "postgresql" else sqlite.insert(table)
