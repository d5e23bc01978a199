"""Judging a number at its arrival: can it be true, and what of its device's clock?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import isfinite, isnan
from typing import Final

from xianban_sdk.readings.kinds import Kind
from xianban_sdk.readings.reading import Flaw

__all__ = ["Clocks", "flaw_of", "jumps"]

_SECOND: Final = 1_000_000
# No device of ours is older: a clock that says so has never been set.
_UNSET: Final = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp()) * _SECOND


def flaw_of(kind: Kind, value: float) -> Flaw:
    """Whether the number, in the kind's unit, can be true by itself."""
    if isnan(value):
        return Flaw.NOT_MEASURED
    if not isfinite(value) or not kind.low <= value <= kind.high:
        return Flaw.OUT_OF_RANGE
    return Flaw.NONE


def jumps(kind: Kind, value: float, at: int, good_value: float, good_at: int) -> bool:
    """Whether it changed faster since the last good number than the body or the room can.

    The allowance grows with time: a real step is believed after a while.
    """
    seconds = max((at - good_at) / _SECOND, 1.0)
    return at > good_at and abs(value - good_value) > kind.max_change * seconds


@dataclass(frozen=True)
class Clocks:
    """How far a device's clock is trusted against the gateway's."""

    # Ahead of the arrival by more: the clock is wrong.
    skew: timedelta = timedelta(minutes=2)
    # Behind by more: refused, the time of keeping is nearly over for it.
    backlog: timedelta = timedelta(days=7)

    @cached_property
    def skew_micros(self) -> int:
        """Reckoned once: every reading passes here."""
        return self.skew // timedelta(microseconds=1)

    @cached_property
    def backlog_micros(self) -> int:
        """Reckoned once."""
        return self.backlog // timedelta(microseconds=1)

    def effective(self, observed: int, received: int) -> tuple[int, bool] | None:
        """(when it counts as true, clock wrong), in microseconds; None: too old to take."""
        if observed < _UNSET or observed > received + self.skew_micros:
            return received, True
        if observed < received - self.backlog_micros:
            return None
        return observed, False
