"""A number from a sensor, which can be had only together with its verdict and age."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, IntEnum
from typing import Literal

from xianban_sdk.findings import Place
from xianban_sdk.readings.kinds import Kind

__all__ = [
    "Flaw",
    "Place",
    "Reading",
    "Shown",
    "Silence",
    "Verdict",
    "Withheld",
]


class Verdict(Enum):
    """What may be believed of a reading; the values are those of `ReadingVerdict` on the wire."""

    FRESH = 1
    LATE = 2
    STALE = 3
    IMPLAUSIBLE = 4
    SILENT = 5


class Flaw(IntEnum):
    """Why a number can't be true; kept with the raw row."""

    NONE = 0
    OUT_OF_RANGE = 1
    NOT_MEASURED = 2
    JUMP = 3


@dataclass(frozen=True, slots=True)
class Shown:
    """A number that a person may see, and how old it is."""

    value: float
    unit: str
    verdict: Literal[Verdict.FRESH, Verdict.LATE]
    observed_at: datetime
    age: timedelta
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Withheld:
    """No number: why, and when one could last be believed (None: never)."""

    verdict: Literal[Verdict.STALE, Verdict.IMPLAUSIBLE, Verdict.SILENT]
    last_good_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading as it is kept. Its number has no name: ask `shown` or `then`.

    >>> match reading.shown(clock.now()):
    ...     case Shown() as number: ...    # number.value, number.age, number.verdict
    ...     case Withheld() as reason: ... # reason.verdict, reason.last_good_at
    """

    kind: Kind
    device: str
    subject: str
    # When it was true; of a device whose clock is wrong, when it arrived.
    observed_at: datetime
    received_at: datetime
    flaw: Flaw = Flaw.NONE
    clock_wrong: bool = False
    last_good_at: datetime | None = None
    # Newest arrival of anything from this device and kind: a late batch breaks silence too.
    heard_at: datetime | None = None
    _value: float = field(repr=False)
    _place: Place | None = field(default=None, repr=False)

    def shown(self, now: datetime) -> Shown | Withheld:
        """What a person may be told of it now, as the present state."""
        heard = max(self.heard_at or self.received_at, self.received_at)
        if now - heard >= self.kind.silent_after:
            return Withheld(Verdict.SILENT, self.last_good_at)
        if self.flaw:
            return Withheld(Verdict.IMPLAUSIBLE, self.last_good_at)
        age = max(now - self.observed_at, timedelta(0))
        if age >= self.kind.stale_after:
            return Withheld(Verdict.STALE, self.last_good_at)
        return self._number(Verdict.FRESH if age < self.kind.late_after else Verdict.LATE, age)

    def then(self, now: datetime) -> Shown | Withheld:
        """What it told when it was true: a point of a chart. Late: it arrived late."""
        if self.flaw:
            return Withheld(Verdict.IMPLAUSIBLE, self.last_good_at)
        late = self.received_at - self.observed_at >= self.kind.late_after
        age = max(now - self.observed_at, timedelta(0))
        return self._number(Verdict.LATE if late else Verdict.FRESH, age)

    def _number(self, verdict: Literal[Verdict.FRESH, Verdict.LATE], age: timedelta) -> Shown:
        return Shown(self._value, self.kind.unit, verdict, self.observed_at, age, self._place)


@dataclass(frozen=True, slots=True)
class Silence:
    """Stands where no reading has ever come; answers as a reading does."""

    kind: Kind

    def shown(self, now: datetime) -> Withheld:
        """Silent, whatever the time."""
        del now
        return Withheld(Verdict.SILENT, None)
