"""Identifiers as an argument: ULIDs, random in production and seeded in demo and tests."""

import hashlib
import random
import secrets
import threading
from datetime import datetime
from typing import Protocol

from xianban_sdk.clock import Clock, SystemClock

__all__ = ["Ids", "SeededIds", "UlidIds", "id_of"]

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
_RANDOM_BITS = 80


class Ids(Protocol):
    """Makes new identifiers."""

    def new(self) -> str: ...


class UlidIds:
    """Random ULIDs on a clock; made within one millisecond they still sort as they were made."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._last = 0
        self._lock = threading.Lock()

    def new(self) -> str:
        now = _milliseconds(self._clock.now())
        with self._lock:
            same_instant = now <= self._last >> _RANDOM_BITS
            # Random bits are dear (a system call): only a new millisecond needs them.
            self._last = self._last + 1 if same_instant else now << _RANDOM_BITS | self._random()
            return _encode(self._last)

    def _random(self) -> int:
        return secrets.randbits(_RANDOM_BITS)


class SeededIds(UlidIds):
    """The same ULIDs for the same seed and clock, so that demo and tests repeat exactly."""

    def __init__(self, seed: int, clock: Clock) -> None:
        super().__init__(clock)
        self._source = random.Random(seed)  # noqa: S311 - repeatable on purpose

    def _random(self) -> int:
        return self._source.getrandbits(_RANDOM_BITS)


def id_of(said: str) -> str:
    """The same identifier for the same words, e.g. of a file's line that is read again."""
    return _encode(int.from_bytes(hashlib.sha256(said.encode()).digest()[:16]))


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _encode(value: int) -> str:
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -5, -5))
