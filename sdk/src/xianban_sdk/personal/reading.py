"""Reading a person's rows: counts for the plan, pages for the export."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Column, ColumnElement, Connection, Row, func, literal, or_, select, tuple_

from xianban_sdk.clock import SHANGHAI
from xianban_sdk.personal.declared import Holding
from xianban_sdk.storage.engine import Database

__all__ = ["count", "mentions", "pages"]

PAGE: Final = 200


def count(conn: Connection, holding: Holding, person: str) -> int:
    """How many rows are about the person."""
    query = select(func.count()).select_from(holding.table).where(holding.about(person))
    return conn.execute(query).scalar_one()


def mentions(conn: Connection, holding: Holding, person: str) -> int:
    """How many rows of other people name the person as the one who acted."""
    if not holding.actors:
        return 0
    acted = or_(*(holding.table.c[name] == person for name in holding.actors))
    query = select(func.count()).select_from(holding.table)
    return conn.execute(query.where(acted, ~holding.about(person))).scalar_one()


def pages(db: Database, holding: Holding, person: str, size: int = PAGE) -> Iterator[list[bytes]]:
    """The person's rows as JSON objects, decrypted, in the order of their keys.

    Each page is a read of its own: memory and the time a connection is held stay bounded.
    """
    keys = list(holding.table.primary_key.columns)
    query = select(*holding.table.columns).where(holding.about(person)).order_by(*keys).limit(size)
    last: Sequence[Any] | None = None
    while last is None or last:
        later = query if last is None else query.where(_after(keys, last))
        with db.read() as conn:
            rows = conn.execute(later).all()
        if rows:
            yield [_json(row, holding) for row in rows]
        last = [getattr(rows[-1], key.name) for key in keys] if len(rows) == size else ()


def _after(keys: list[Column[Any]], values: Sequence[Any]) -> ColumnElement[bool]:
    bound = [literal(value, key.type) for key, value in zip(keys, values, strict=True)]
    return tuple_(*keys) > tuple_(*bound)


def _json(row: Row[Any], holding: Holding) -> bytes:
    return orjson.dumps(
        {str(column.name): _plain(row._mapping[column]) for column in holding.shown}  # pyright: ignore[reportPrivateUsage]
    )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value
