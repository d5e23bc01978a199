"""A column among many values, as one parameter on both databases.

`IN` with hundreds of parameters is another statement for every number of them: it is written,
read and planned anew each time (200 µs and more).
"""

from collections.abc import Collection
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

__all__ = ["among"]


def among(
    conn: Connection, column: ColumnElement[Any], values: Collection[str | int]
) -> ColumnElement[bool]:
    """`column IN values`, of plain texts or numbers."""
    if conn.dialect.name == "sqlite":
        listed = func.json_each(orjson.dumps(list(values)).decode()).table_valued("value")
        return column.in_(select(listed.c.value))
    return column == any_(literal(list(values), ARRAY(column.type)))
