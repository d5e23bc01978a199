"""A fall in some seconds of acceleration: a blow, another posture after it, and stillness.

No axis has a meaning of its own: only the size of acceleration and the turn of gravity's direction
count, so that it does not matter how the device is worn. A blow alone is no fall (people jump and
drop into chairs); another posture alone is none (people lie down).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import acos, degrees, dist, hypot
from typing import Final

__all__ = ["LIMITS", "Limits", "Movement", "falls", "movements"]

Vector = tuple[float, float, float]

# Hertz that are looked at: the mean of the samples between is the low-pass filter.
_HZ: Final = 50
# g; smaller blows are everyday steps.
_LEAST: Final = 1.6
# Seconds around the blow. The strongest within `_ALONE` is the blow itself.
_ALONE: Final = 1.0
_BEFORE: Final = (2.5, 1.0)
_AFTER: Final = (1.5, 3.5)
# Seconds that must be there of each, for a posture to be believed.
_LEAST_BEFORE: Final = 0.8
_LEAST_AFTER: Final = 1.5
# Blows within these seconds belong to one fall: a body strikes more than once.
_ONE_EVENT: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What makes a movement a fall; `measure.py` says on which recordings they were chosen."""

    peak: float = 2.0
    """Size of acceleration at the blow, g."""
    turn: float = 45.0
    """Between gravity's direction before and after, degrees."""
    unrest: float = 0.1
    """Standard deviation of the size of acceleration after it, g."""


LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Movement:
    """A strong movement; `at` in seconds from the first sample."""

    at: float
    peak: float
    turn: float
    unrest: float

    def is_fall(self, limits: Limits = LIMITS) -> bool:
        """Whether it was a fall."""
        return (
            self.peak >= limits.peak and self.turn >= limits.turn and self.unrest <= limits.unrest
        )


def falls(samples: Sequence[Vector], rate_hz: int, limits: Limits = LIMITS) -> list[Movement]:
    """The falls of a window, one per event: its strongest blow."""
    found: list[Movement] = []
    for one in movements(samples, rate_hz):
        if not one.is_fall(limits):
            continue
        if found and one.at - found[-1].at < _ONE_EVENT:
            found[-1] = max(found[-1], one, key=lambda each: each.peak)
        else:
            found.append(one)
    return found


def movements(samples: Sequence[Vector], rate_hz: int) -> Iterator[Movement]:
    """Strong movements that have enough before and after them to be judged."""
    slow, hz = _slowed(samples, rate_hz)
    sizes = [hypot(*one) for one in slow]
    for place in _blows(sizes, round(_ALONE * hz)):
        before = _span(place - _BEFORE[0] * hz, place - _BEFORE[1] * hz)
        after = _span(place + _AFTER[0] * hz, place + _AFTER[1] * hz)
        if len(slow[before]) < _LEAST_BEFORE * hz or len(slow[after]) < _LEAST_AFTER * hz:
            continue
        turn = _angle(_mean(slow[before]), _mean(slow[after]))
        yield Movement(place / hz, sizes[place], turn, _unrest(sizes[after]))


def _blows(sizes: Sequence[float], reach: int) -> Iterator[int]:
    """Where something is strongest within reach, the first of equals: one in each reach at most.

    A sensor at its limit, or one that is stuck, says the same number over and over.
    """
    for place, size in enumerate(sizes):
        if size < _LEAST or size < max(sizes[place : place + reach + 1]):
            continue
        if size > max(sizes[max(place - reach, 0) : place], default=0.0):
            yield place


def _slowed(samples: Sequence[Vector], rate_hz: int) -> tuple[list[Vector], float]:
    """(means of neighbours, their rate)."""
    step = max(round(rate_hz / _HZ), 1)
    whole = len(samples) // step * step
    return [_mean(samples[at : at + step]) for at in range(0, whole, step)], rate_hz / step


def _span(begin: float, end: float) -> slice:
    return slice(max(round(begin), 0), max(round(end), 0))


def _mean(vectors: Sequence[Vector]) -> Vector:
    x, y, z = (sum(axis) / len(vectors) for axis in zip(*vectors, strict=True))
    return x, y, z


def _angle(one: Vector, other: Vector) -> float:
    """Degrees; 0 when one of them has no direction."""
    lengths = hypot(*one) * hypot(*other)
    if not lengths:
        return 0.0
    together = sum(a * b for a, b in zip(one, other, strict=True))
    return degrees(acos(min(max(together / lengths, -1.0), 1.0)))


def _unrest(sizes: Iterable[float]) -> float:
    known = list(sizes)
    middle = sum(known) / len(known)
    return dist(known, [middle] * len(known)) / len(known) ** 0.5
