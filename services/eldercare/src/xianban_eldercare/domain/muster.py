"""Who can be sent to an alert: whom it needs, what a position is worth, who comes first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from xianban_eldercare.domain.distances import Degrees, metres_between

__all__ = ["FRESH_FOR", "SILENT_AFTER", "Ranked", "Seen", "Verdict", "needed", "ranked"]

FRESH_FOR: Final = timedelta(minutes=10)
# Clocks of others may be a little ahead; more is no time at which anybody was seen.
_AHEAD: Final = timedelta(minutes=2)
# A list that was not read for so long does not say who is on duty now.
SILENT_AFTER: Final = timedelta(minutes=5)

_BODY: Final = frozenset({"first-aid"})
_DEVICE: Final = frozenset({"repair"})
_NEEDS: Final[Mapping[str, frozenset[str]]] = {
    "smoke-high": frozenset({"fire", "first-aid"}),
    "gas-high": frozenset({"fire", "repair"}),
    "lost": frozenset({"search", "social-work"}),
    "left-place": frozenset({"search", "social-work"}),
    "visit-late": frozenset({"social-work"}),
    "battery-low": _DEVICE,
    "device-silent": _DEVICE,
    "device-tampered": _DEVICE,
}


class Verdict(IntEnum):
    """What a position is worth, best first; the numbers are those of the wire."""

    FRESH = 1
    STALE = 2
    UNKNOWN = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """Where somebody was."""

    place: Degrees
    at: datetime


@dataclass(frozen=True, slots=True)
class Ranked:
    """How somebody stands among those who could be sent; the lower the sooner."""

    verdict: Verdict
    metres: float | None
    taken: bool

    @property
    def order(self) -> tuple[bool, int, float]:
        """Who is free first, then fresh positions before stale ones, then the nearest."""
        return self.taken, self.verdict, float("inf") if self.metres is None else self.metres


def needed(rule: str) -> frozenset[str]:
    """One of these skills; whatever is no known matter may be one of life."""
    return _NEEDS.get(rule, _BODY)


def ranked(seen: Seen | None, there: Degrees | None, now: datetime, *, taken: bool) -> Ranked:
    """A distance only from what was seen, never from what is guessed."""
    verdict = _verdict(seen, now)
    known = seen is not None and there is not None and verdict is not Verdict.UNKNOWN
    metres = metres_between(seen.place, there) if known and seen and there else None
    return Ranked(verdict, metres, taken)


def _verdict(seen: Seen | None, now: datetime) -> Verdict:
    if seen is None or seen.at - now > _AHEAD:
        return Verdict.UNKNOWN
    return Verdict.FRESH if now - seen.at <= FRESH_FOR else Verdict.STALE
