"""关爱巡访: whom a heat wave, a cold wave or a typhoon makes a reason to look after, and why.

Points are few and public: the station's planner reads them and decides. Who lives with their
family, or in an institution, has somebody there and is on no list.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from xianban_eldercare.domain.care_files import CareLevel, Living

__all__ = [
    "HAZARDS",
    "LEAST_LEVEL",
    "LOOKED_AFTER",
    "Elder",
    "How",
    "Judgement",
    "Part",
    "RoundState",
    "Settled",
    "due",
    "due_again",
]

# 蓝 is general advice; from 黄 on people are looked after.
LEAST_LEVEL: Final = 2
# Who was looked after, or of whom somebody decided, is left in peace for so long.
LOOKED_AFTER: Final = timedelta(hours=20)

HAZARDS: Final = frozenset({"heat", "cold", "typhoon"})

# ICD-10 chapters and codes that suffer from it (WHO, Heat and health / Cold weather plan).
_PRONE: Final[Mapping[str, tuple[str, ...]]] = {
    "heat": ("I", "J4", "N17", "N18", "N19", "E10", "E11", "E12", "E13", "E14", "F", "G20", "G30"),
    "cold": ("I", "J4", "M05", "M06", "E03", "F", "G30"),
    "typhoon": ("J44", "J96", "N18", "F", "G20", "G30"),
}
_MOST_CONDITIONS: Final = 2
_LIVING: Final = {Living.ALONE: 2, Living.UNKNOWN: 1, Living.WITH_SPOUSE: 1}
_LEVELS: Final = {
    CareLevel.MILD: 1,
    CareLevel.MODERATE: 2,
    CareLevel.SEVERE: 3,
    CareLevel.COMPLETE: 4,
}
_AGES: Final = ((90, 2), (80, 1))
# Level of the warning → points from which one rings, and from which one goes there.
_BOUNDS: Final = {2: (4, 6), 3: (3, 4), 4: (2, 3)}


class How(StrEnum):
    """What is proposed."""

    PHONE = "phone"
    VISIT = "visit"


class RoundState(StrEnum):
    """Where a proposal stands; all but the first are its ends."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    CALLED = "called"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Elder:
    """What the rule asks of an elder."""

    living: Living
    level: CareLevel
    conditions: Collection[str] = ()
    """ICD-10 codes."""
    age: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One reason: a text's key, its values, and its points."""

    text: str
    points: int
    params: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is proposed, and why."""

    how: How
    parts: Sequence[Part]

    @property
    def points(self) -> int:
        """All together."""
        return sum(part.points for part in self.parts)


@dataclass(frozen=True, slots=True)
class Settled:
    """How the last proposal for the same hazard ended."""

    state: RoundState
    level: int
    at: datetime


def due(elder: Elder, hazard: str, level: int) -> Judgement | None:
    """What to propose under a warning of this level; None: nothing."""
    if hazard not in HAZARDS or level not in _BOUNDS or elder.living not in _LIVING:
        return None
    parts = [_living(elder.living), *_frailty(elder), *_prone(elder.conditions, hazard)]
    rings_from, goes_from = _BOUNDS[level]
    points = sum(part.points for part in parts)
    if points < rings_from:
        return None
    return Judgement(How.VISIT if points >= goes_from else How.PHONE, parts)


def due_again(last: Settled, level: int, now: datetime) -> bool:
    """Whether to propose after somebody decided: it got worse, or a day has passed."""
    if last.state is RoundState.WITHDRAWN:
        return True
    return level > last.level or now - last.at >= LOOKED_AFTER


def _living(living: Living) -> Part:
    return Part(f"round-living-{living.value or 'unknown'}", _LIVING[living])


def _frailty(elder: Elder) -> list[Part]:
    found: list[Part] = []
    if elder.level in _LEVELS:
        name = elder.level.name.lower()
        found.append(Part(f"round-level-{name}", _LEVELS[elder.level]))
    if elder.age is not None:
        points = next((points for least, points in _AGES if elder.age >= least), 0)
        if points:
            found.append(Part("round-age", points, {"age": str(elder.age)}))
    return found


def _prone(conditions: Collection[str], hazard: str) -> list[Part]:
    prone = sorted({code for code in conditions if code.upper().startswith(_PRONE[hazard])})
    return [Part("round-condition", 1, {"code": code.upper()}) for code in prone[:_MOST_CONDITIONS]]
