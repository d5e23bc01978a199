"""What no request may carry, whatever its proto says: values that no store or clock can hold.

Protobuf lets them through (a NUL in a text, the year 250,000, NaN); PostgreSQL, ``datetime`` and
sums do not, so that each would become a fault of ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, cast

from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from xianban_sdk.errors import Violation

__all__ = ["unstorable"]

_TIMESTAMP: Final = Timestamp.DESCRIPTOR.full_name
# Nobody parks or was born outside these; sums of instants and spans stay far from datetime's ends.
_FIRST: Final = int(datetime(1850, 1, 1, tzinfo=UTC).timestamp())
_LAST: Final = int(datetime(2300, 1, 1, tzinfo=UTC).timestamp())
_MAX_NANOS: Final = 999_999_999

# Given a field's value and path, each flaw in it.
Check = Callable[[Any, str], Iterator[Violation]]


def unstorable(message: Message, path: str = "") -> Iterator[Violation]:
    """Each field whose value can't be kept, by its path."""
    for name, has_presence, check in _plan(message.DESCRIPTOR):
        if not has_presence or message.HasField(name):
            yield from check(getattr(message, name), path + name)


# Asked for every request: what there is to look at is read from a type's descriptor once.
@cache
def _plan(descriptor: Descriptor) -> tuple[tuple[str, bool, Check], ...]:
    looked_at = ((field, _check(field)) for field in descriptor.fields)
    return tuple((f.name, f.has_presence, check) for f, check in looked_at if check is not None)


def _check(field: FieldDescriptor) -> Check | None:
    if _left_to_the_server(field):
        return None
    entry = field.message_type
    if entry is not None and entry.GetOptions().map_entry:
        values = _one(entry.fields_by_name["value"])
        return _entries_with(values)
    check = _one(field)
    return _each(check) if check is not None and field.is_repeated else check


def _left_to_the_server(field: FieldDescriptor) -> bool:
    """Items that are checked, and refused, one by one: the proto tells the validator so too."""
    rules = field.GetOptions().Extensions[validate_pb2.field]
    return rules.repeated.items.ignore == validate_pb2.IGNORE_ALWAYS


def _one(field: FieldDescriptor) -> Check | None:
    if field.type == FieldDescriptor.TYPE_STRING:
        return _text
    if field.type in (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT):
        return _number
    if field.message_type is None:
        return None
    return _instant if field.message_type.full_name == _TIMESTAMP else _inner


def _text(value: str, path: str) -> Iterator[Violation]:
    if "\x00" in value:
        yield Violation(path, "string.no_nul", "must not contain NUL")


def _number(value: float, path: str) -> Iterator[Violation]:
    if not math.isfinite(value):
        yield Violation(path, "double.finite", "must be a number")


def _instant(value: Timestamp, path: str) -> Iterator[Violation]:
    if not (_FIRST <= value.seconds <= _LAST and 0 <= value.nanos <= _MAX_NANOS):
        yield Violation(path, "timestamp.range", "must lie between 1850 and 2300")


def _inner(value: Message, path: str) -> Iterator[Violation]:
    yield from unstorable(value, f"{path}.")


def _each(check: Check) -> Check:
    def every(values: Iterable[Any], path: str) -> Iterator[Violation]:
        for index, value in enumerate(values):
            yield from check(value, f"{path}[{index}]")

    return every


def _entries_with(check: Check | None) -> Check:
    def entries(values: Any, path: str) -> Iterator[Violation]:
        for key, value in cast(Iterable[tuple[Any, Any]], values.items()):
            yield from _text(str(key), path)
            if check is not None:
                yield from check(value, path)

    return entries
