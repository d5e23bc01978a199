"""Kinds of readings, declared: unit, what can be true, and how soon a number grows old."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from xianban_sdk.readings.units import conversion

__all__ = ["Kind", "Kinds"]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One quantity. Limits are of the body and the sensor, not of health: those are rules.

    `cadence` is how often devices promise it, when their registry says nothing; a number is
    fresh until `late_after`, shown as late until `stale_after`, then withheld; a device that has
    not been heard for `silent_after` is silent.
    """

    code: str
    # UCUM, e.g. "/min", "%", "Cel", "mm[Hg]"; "" for positions and bare states.
    unit: str
    # Locale → name for people, e.g. {"zh-CN": "心率", "en": "Heart rate"}.
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    low: float = float("-inf")
    high: float = float("inf")
    # What devices write when they measured nothing; NaN always is.
    not_measured: frozenset[float] = frozenset()
    # In units per second; faster is a fault of the sensor. 0: no limit.
    max_change: float = 0.0
    cadence: timedelta = timedelta(minutes=1)
    late_after: timedelta = timedelta(minutes=2)
    stale_after: timedelta = timedelta(minutes=10)
    silent_after: timedelta = timedelta(minutes=15)
    # A place, not a number: `RawReading.position` tells it.
    positional: bool = False

    def __post_init__(self) -> None:
        if not self.code:
            raise ValueError("a kind has a code")
        if not timedelta(0) < self.late_after <= self.stale_after <= self.silent_after:
            raise ValueError(f"{self.code}: 0 < late_after <= stale_after <= silent_after")
        if self.low > self.high:
            raise ValueError(f"{self.code}: low is above high")

    def name(self, locale: str) -> str:
        """The name in a language, else in another, else the code."""
        return self.names.get(locale) or next(iter(self.names.values()), self.code)

    def in_unit(self, value: float, unit: str) -> float | None:
        """The value in this kind's unit; None when the units measure different things."""
        if unit == self.unit:
            return value
        steps = conversion(unit, self.unit)
        return None if steps is None else value * steps.factor + steps.offset


class Kinds:
    """The kinds that a service takes."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._by_code: dict[str, Kind] = {}
        for kind in kinds:
            if kind.code in self._by_code:
                raise ValueError(f"two kinds are called {kind.code!r}")
            self._by_code[kind.code] = kind

    def get(self, code: str) -> Kind | None:
        """The kind of this code, if it is taken."""
        return self._by_code.get(code)

    def __getitem__(self, code: str) -> Kind:
        return self._by_code[code]

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._by_code.values())
