"""The two forms of a message, opened to the same parts: binary and JSON.

Binary: version 1 (1 octet), sequence (4 octets), then parts of type (1 octet), length (1 octet) and
value; integers have their most significant octet first. A part of type 0x01 says when the parts
after it were true.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

import orjson

__all__ = ["EVENTS", "Part", "opened"]

_VERSION: Final = 1
_MOST_BYTES: Final = 65_536
_MOST_PARTS: Final = 500
_MOST_EVENTS: Final = 16
# Type → (key of the JSON form, octets of its value).
_TYPES: Final = {
    0x01: ("t", 8),
    0x10: ("smoke", 1),
    0x11: ("gas", 1),
    0x12: ("door", 1),
    0x13: ("motion", 1),
    0x20: ("water", 4),
    0x21: ("bat", 1),
    0x30: ("tamper", 0),
    0x31: ("low-battery", 0),
}
EVENTS: Final = frozenset({"tamper", "low-battery"})


@dataclass(frozen=True, slots=True)
class Part:
    """One thing said. Events have the value True."""

    item: str
    key: str
    value: Any = None
    sequence: int = 0
    flaw: str = ""
    """Why it can't be read, in UPPER_SNAKE; empty: it can."""


def opened(payload: bytes) -> Iterator[Part]:
    """ValueError when it is neither form, or has more parts than a home has to say."""
    if len(payload) > _MOST_BYTES:
        raise ValueError(f"more than {_MOST_BYTES} bytes in one message")
    if payload[:1] == bytes([_VERSION]):
        yield from _binary(payload)
    elif payload.lstrip()[:1] in (b"{", b"["):
        yield from _json(payload)
    else:
        raise ValueError("a message begins with version 1, or is JSON")


def _binary(payload: bytes) -> Iterator[Part]:
    if len(payload) < 5:
        raise ValueError("a message has a sequence")
    sequence, left, number = int.from_bytes(payload[1:5], "big"), payload[5:], 0
    while left:
        number += 1
        label = f"part {number}"
        if number > _MOST_PARTS:
            raise ValueError(f"more than {_MOST_PARTS} parts in one message")
        if len(left) < 2 or len(left) < 2 + left[1]:
            # Where the next part begins is not known any more.
            yield Part(label, "length", flaw="LENGTH_INVALID")
            return
        kind, value, left = left[0], left[2 : 2 + left[1]], left[2 + left[1] :]
        yield _part(label, kind, value, sequence)


def _part(label: str, kind: int, value: bytes, sequence: int) -> Part:
    key, length = _TYPES.get(kind, ("", 0))
    if not key:
        return Part(label, f"0x{kind:02x}", flaw="TYPE_UNKNOWN")
    if len(value) != length:
        return Part(label, key, flaw="LENGTH_INVALID")
    said = True if key in EVENTS else int.from_bytes(value, "big")
    return Part(label, key, said, sequence)


def _json(payload: bytes) -> Iterator[Part]:
    told: Any = orjson.loads(payload)
    items = cast("list[Any]", told) if isinstance(told, list) else [told]
    if len(items) > _MOST_PARTS:
        raise ValueError(f"more than {_MOST_PARTS} items in one message")
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict):
            raise ValueError("a message is an object, or a list of objects")
        yield from _object(cast("dict[str, Any]", item), f"item {number}")


def _object(item: dict[str, Any], label: str) -> Iterator[Part]:
    sequence = _sequence(item.get("seq"))
    # An object without a time means now, whatever the object before it said.
    yield Part(label, "t", item.get("t"), sequence)
    for key, length in _TYPES.values():
        if key in item and length and key != "t":
            yield Part(label, key, item[key], sequence)
    yield from _events(item.get("ev", []), label, sequence)


def _events(given: Any, label: str, sequence: int) -> Iterator[Part]:
    events = cast("list[Any]", given) if isinstance(given, list) else [given]
    if len(events) > _MOST_EVENTS:
        yield Part(label, "ev", flaw="EVENTS_TOO_MANY")
        return
    for event in events:
        if isinstance(event, str) and event in EVENTS:
            yield Part(label, event, True, sequence)
        else:
            yield Part(label, "ev", flaw="EVENT_UNKNOWN")


def _sequence(value: Any) -> int:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32
    return value if fits else 0
