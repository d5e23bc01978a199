"""Bytes that are no message, and bytes that are hardly one."""

from __future__ import annotations

import random
from collections.abc import Iterator

_FIELD = 1_000  # no message of ours has a field of this number


def _tag(wire_type: int, field: int = _FIELD) -> bytes:
    return _varint(field << 3 | wire_type)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


# None of these is protobuf, whatever the message type: every reader must refuse them.
MALFORMED: dict[str, bytes] = {
    "a tag that never ends": b"\xff" * 11,
    "a tag cut short": b"\xff\xff",
    "wire type 6": _tag(6) + b"\x00",
    "wire type 7": _tag(7) + b"\x00",
    "a varint cut short": _tag(0) + b"\xff",
    "a varint of eleven bytes": _tag(0) + b"\xff" * 10 + b"\x01",
    "a fixed64 cut short": _tag(1) + b"\x00" * 7,
    "a fixed32 cut short": _tag(5) + b"\x00" * 3,
    "a length beyond the end": _tag(2) + b"\x05abcd",
    "a length of 2 GB": _tag(2) + _varint(2**31 - 1) + b"x",
    "a length of 2^63": _tag(2) + _varint(2**63) + b"x",
    "a group that never ends": _tag(3),
    "an end without a group": _tag(4),
    "a group ended by another": _tag(3) + _tag(4, _FIELD + 1),
    "groups nested 200 deep": _tag(3) * 200 + _tag(4) * 200,
    "groups nested 100,000 deep": _tag(3) * 100_000,
    "text instead of a message": b"GET / HTTP/1.1\r\n\r\n",
}


def broken_text(string_fields: list[int]) -> dict[str, bytes]:
    """Strings that are no UTF-8: proto3 refuses them."""
    return {
        f"field {number} with {name}": _tag(2, number) + bytes([len(raw)]) + raw
        for number in string_fields
        for name, raw in {"half a character": b"\xe4\xb8", "a surrogate": b"\xed\xa0\x80"}.items()
    }


def wrong_types(fields: list[int]) -> dict[str, bytes]:
    """Known fields in another wire type; protobuf takes them for fields it does not know."""
    values = {0: b"\x01", 1: b"\x00" * 8, 2: b"\x03\x08\x96\x01", 5: b"\x00" * 4}
    return {
        f"field {number} as wire type {kind}": _tag(kind, number) + value
        for number in fields
        for kind, value in values.items()
    }


def mutations(message: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Truncations of a good message, then good messages with a few bytes changed."""
    chance = random.Random(seed)
    yield from (message[:cut] for cut in range(0, len(message), max(len(message) // 8, 1)))
    for _ in range(count):
        raw = bytearray(message or chance.randbytes(8))
        for _ in range(chance.randint(1, 4)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        yield bytes(raw)


def noise(count: int, seed: int) -> Iterator[bytes]:
    """Random bytes of random length."""
    chance = random.Random(seed)
    for _ in range(count):
        yield chance.randbytes(chance.randint(1, 200))
