"""A fall as acceleration on three axes. Synthetic: arithmetic, not a recording of anybody.

Standing, the drop in which weight is hardly felt, the blow, a little rocking, then lying still,
gravity along another axis. It shows that the way from band to alert is open; how well real falls
are found is measured on recordings (plugins/eldercare-fall).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import cos, pi, radians, sin
from typing import Final

__all__ = ["BLOW_AT", "RATE_HZ", "SECONDS", "fall"]

RATE_HZ: Final = 50

# (seconds, share of the phase → (size in g, gravity's turn in degrees))
_PHASES: Final[tuple[tuple[float, Callable[[float], tuple[float, float]]], ...]] = (
    (4.0, lambda _: (1.0, 0.0)),
    (0.4, lambda share: (1.0 - 0.7 * share, 70 * share)),
    (0.14, lambda share: (0.3 + 3.1 * sin(pi * share), 70 + 20 * share)),
    (0.6, lambda share: (1.0 + 0.3 * sin(4 * pi * share) * (1 - share), 90.0)),
    (5.0, lambda _: (1.0, 90.0)),
)
SECONDS: Final = sum(seconds for seconds, _ in _PHASES)
BLOW_AT: Final = 4.47
"""Seconds from the first sample to the middle of the blow."""


def fall() -> list[int]:
    """x, y, z of each sample in thousandths of g, at `RATE_HZ`."""
    return [number for sample in _samples() for number in sample]


def _samples() -> Iterator[tuple[int, int, int]]:
    number = 0
    for seconds, shape in _PHASES:
        count = round(seconds * RATE_HZ)
        for place in range(count):
            size, turn = shape(place / count)
            number += 1
            yield _sample(size, radians(turn), number / RATE_HZ)


def _sample(size: float, turn: float, at: float) -> tuple[int, int, int]:
    """With the small unrest of a body that breathes and balances."""
    x, y = size * sin(turn), size * cos(turn)
    sway, breath = 0.012 * sin(2 * pi * 0.4 * at), 0.008 * sin(2 * pi * 0.27 * at)
    return round(1000 * (x + sway)), round(1000 * (y + breath)), round(1000 * (sway - breath))
