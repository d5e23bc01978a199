"""The National Early Warning Score 2 (Royal College of Physicians, 2017), chart 1.

The chart is written for whole numbers, temperatures for tenths: what devices give is rounded to
them first, halves up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final, Literal

__all__ = ["Observed", "Part", "Score", "rounded", "score"]

# (up to and including, points), ascending; the last stands for everything above.
_Bands = Sequence[tuple[float, int]]
_TOP: Final = float("inf")
_RESPIRATION: Final[_Bands] = ((8, 3), (11, 1), (20, 0), (24, 2), (_TOP, 3))
_SCALE_1: Final[_Bands] = ((91, 3), (93, 2), (95, 1), (_TOP, 0))
# For people with a prescribed target of 88-92 %.
_SCALE_2_AIR: Final[_Bands] = ((83, 3), (85, 2), (87, 1), (_TOP, 0))
_SCALE_2_OXYGEN: Final[_Bands] = (
    (83, 3), (85, 2), (87, 1), (92, 0), (94, 1), (96, 2), (_TOP, 3),
)  # fmt: skip
_SYSTOLIC: Final[_Bands] = ((90, 3), (100, 2), (110, 1), (219, 0), (_TOP, 3))
_PULSE: Final[_Bands] = ((40, 3), (50, 1), (90, 0), (110, 1), (130, 2), (_TOP, 3))
_TEMPERATURE: Final[_Bands] = ((35.0, 3), (36.0, 1), (38.0, 0), (39.0, 1), (_TOP, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """The seven parameters at one moment, in /min, %, mmHg and degrees Celsius."""

    respiratory_rate: float
    oxygen_saturation: float
    systolic_pressure: float
    heart_rate: float
    body_temperature: float
    on_oxygen: bool = False
    alert: bool = True
    scale: Literal[1, 2] = 1


@dataclass(frozen=True, slots=True)
class Part:
    """One parameter's points; `value` as it was rounded."""

    parameter: str
    value: str
    points: int


@dataclass(frozen=True, slots=True)
class Score:
    """The sum and what it is made of."""

    parts: tuple[Part, ...]

    @property
    def total(self) -> int:
        return sum(part.points for part in self.parts)

    @property
    def worst(self) -> int:
        """The most points of a single parameter; 3 asks for an urgent look by itself."""
        return max(part.points for part in self.parts)


def score(seen: Observed) -> Score:
    """The score of one moment."""
    saturation = _SCALE_1
    if seen.scale == 2:
        saturation = _SCALE_2_OXYGEN if seen.on_oxygen else _SCALE_2_AIR
    return Score(
        (
            _part("respiratory-rate", seen.respiratory_rate, _RESPIRATION),
            _part("oxygen-saturation", seen.oxygen_saturation, saturation),
            Part("supplemental-oxygen", str(int(seen.on_oxygen)), 2 if seen.on_oxygen else 0),
            _part("systolic-pressure", seen.systolic_pressure, _SYSTOLIC),
            _part("heart-rate", seen.heart_rate, _PULSE),
            Part("consciousness", str(int(not seen.alert)), 0 if seen.alert else 3),
            _part("body-temperature", seen.body_temperature, _TEMPERATURE, "0.1"),
        )
    )


def rounded(value: float, step: str = "1") -> float:
    """To whole steps, halves up, as the number is written and not as binary keeps it."""
    return float(Decimal(repr(value)).quantize(Decimal(step), ROUND_HALF_UP))


@lru_cache(maxsize=4096)
def _part(parameter: str, value: float, bands: _Bands, step: str = "1") -> Part:
    told = rounded(value, step)
    points = next(points for most, points in bands if told <= most)
    return Part(parameter, f"{told:g}", points)
