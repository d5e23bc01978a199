"""What no request may carry, whatever its proto says: values that no store or clock can hold.

Protobuf lets them through (a NUL in a text, the year 250,000, NaN); PostgreSQL, ``datetime`` and sums
do not, so that each would be a fault of ours.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, cast

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from xianban_sdk.errors import Violation

__all__ = ["unstorable"]

_TIMESTAMP: Final = Timestamp.DESCRIPTOR.full_name
_TEXT: Final = FieldDescriptor.TYPE_STRING
_MESSAGE: Final = FieldDescriptor.TYPE_MESSAGE
_FRACTIONS: Final = frozenset({FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT})
# Nobody parks or was born outside these; sums of instants and spans stay far from datetime's ends.
_FIRST: Final = int(datetime(1850, 1, 1, tzinfo=UTC).timestamp())
_LAST: Final = int(datetime(2300, 1, 1, tzinfo=UTC).timestamp())
_MAX_NANOS: Final = 999_999_999


def unstorable(message: Message, path: str = "") -> Iterator[Violation]:
    """Each field whose value can't be kept, by its path."""
    for field, value in message.ListFields():
        name = f"{path}{field.name}"
        if field.type == _MESSAGE and field.message_type.GetOptions().map_entry:
            yield from _entries(name, value)
        elif field.is_repeated:
            for index, item in enumerate(value):
                yield from _value(field.type, item, f"{name}[{index}]")
        else:
            yield from _value(field.type, value, name)


def _value(kind: int, value: Any, name: str) -> Iterator[Violation]:
    if kind == _TEXT:
        if "\x00" in value:
            yield Violation(name, "string.no_nul", "must not contain NUL")
    elif kind == _MESSAGE:
        yield from _inner(value, name)
    elif kind in _FRACTIONS and not math.isfinite(value):
        yield Violation(name, "double.finite", "must be a number")


def _inner(value: Message, name: str) -> Iterator[Violation]:
    if value.DESCRIPTOR.full_name != _TIMESTAMP:
        yield from unstorable(value, f"{name}.")
        return
    instant = cast(Timestamp, value)
    if not (_FIRST <= instant.seconds <= _LAST and 0 <= instant.nanos <= _MAX_NANOS):
        yield Violation(name, "timestamp.range", "must lie between 1850 and 2300")


def _entries(name: str, entries: Any) -> Iterator[Violation]:
    for key, value in cast(Iterable[tuple[Any, Any]], entries.items()):
        if isinstance(key, str) and "\x00" in key:
            yield Violation(name, "string.no_nul", "must not contain NUL")
        kind = _MESSAGE if isinstance(value, Message) else _TEXT if isinstance(value, str) else 0
        yield from _value(kind, value, name)
