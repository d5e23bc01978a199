"""Columns of numbers as PostgreSQL reads an array: psycopg's own dumper takes ten times as long."""

from collections.abc import Sequence

__all__ = ["bytes_array", "number_array"]


def number_array(values: Sequence[int | float | None]) -> str:
    """Of plain, finite numbers; for a parameter with a cast, e.g. `%s::bigint[]`."""
    return f"{{{str(list(values))[1:-1]}}}".replace("None", "NULL")


def bytes_array(values: Sequence[bytes | None]) -> str:
    r"""For `%s::bytea[]`; the backslash of `\x` is written twice within an array."""
    told = ("NULL" if value is None else f'"\\\\x{value.hex()}"' for value in values)
    return f"{{{','.join(told)}}}"
