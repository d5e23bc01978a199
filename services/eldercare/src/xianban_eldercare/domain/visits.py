"""A visit from its planning to its end; who may be sent, and what a carer may see because of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from xianban_eldercare.domain.errors import Refused

__all__ = [
    "AROUND",
    "EARLIEST",
    "FARTHEST",
    "LATE_AFTER",
    "LONGEST",
    "MISSED_AFTER",
    "NEAR_METRES",
    "CheckIn",
    "Task",
    "Visit",
    "VisitKind",
    "VisitState",
    "collides",
]

# A carer sees what a visit needs from this long before it until this long after it.
AROUND: Final = timedelta(hours=24)
# Nobody checks in longer than this before the window.
EARLIEST: Final = timedelta(hours=1)
# Not begun this long after its window: somebody hears of it.
LATE_AFTER: Final = timedelta(minutes=30)
# Not begun this long after its window: nobody will.
MISSED_AFTER: Final = timedelta(hours=12)
LONGEST: Final = timedelta(hours=12)
# Nobody knows yet who will work then: a later one is a mistyped year.
FARTHEST: Final = timedelta(days=366)
# Farther from the home than this, a check-in asks for a reason.
NEAR_METRES: Final = 300


class VisitKind(StrEnum):
    """What is done at a visit."""

    CALL = "call"
    MEAL = "meal"
    CLEANING = "cleaning"
    PERSONAL_CARE = "personal-care"
    BATHING = "bathing"
    NURSING = "nursing"
    REHABILITATION = "rehabilitation"


class VisitState(StrEnum):
    """Where a visit stands; the last three are its ends."""

    PLANNED = "planned"
    CHECKED_IN = "checked-in"
    DONE = "done"
    MISSED = "missed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Task:
    """One line of the checklist."""

    text: str
    done: bool = False


@dataclass(frozen=True, slots=True)
class CheckIn:
    """What is known of where the carer stands. Metres; None: no position, or no known home."""

    located: bool
    distance: int | None = None
    # The radius of the phone's own doubt, in metres.
    accuracy: float = 0
    away_reason: str = ""

    @property
    def near(self) -> bool:
        """At the home as far as anybody can tell."""
        if not self.located:
            return False
        return self.distance is None or self.distance - min(self.accuracy, NEAR_METRES) <= (
            NEAR_METRES
        )


@dataclass(frozen=True, slots=True)
class Visit:
    """The part of a visit that its rules are about."""

    start_at: datetime
    end_at: datetime
    travel: timedelta
    tasks: tuple[Task, ...] = ()
    state: VisitState = VisitState.PLANNED
    cancel_reason: str = ""
    checked_in_at: datetime | None = None
    distance: int | None = None
    away_reason: str = ""
    checked_out_at: datetime | None = None
    note: str = ""

    @property
    def leaves_at(self) -> datetime:
        """When the carer must set out."""
        return self.start_at - self.travel

    def planned(self, now: datetime) -> Visit:
        """Itself, if it can be done."""
        if self.end_at <= self.start_at:
            raise Refused("VISIT_REVERSED", "visit.end_time")
        if self.end_at - self.start_at > LONGEST:
            hours = int(LONGEST.total_seconds() // 3600)
            raise Refused("VISIT_TOO_LONG", "visit.end_time", hours=hours)
        if self.end_at <= now:
            raise Refused("VISIT_OVER", "visit.end_time")
        if self.start_at > now + FARTHEST:
            raise Refused("VISIT_FAR", "visit.start_time", days=FARTHEST.days)
        return self

    def checked_in(self, now: datetime, found: CheckIn) -> Visit:
        """The carer has come; late is better than never."""
        self._must_be(VisitState.PLANNED)
        if now < self.start_at - EARLIEST:
            raise Refused("VISIT_TOO_EARLY", "name")
        if now >= self.end_at + MISSED_AFTER:
            raise Refused("VISIT_OVER", "name")
        if not found.near and not found.away_reason:
            reason = "CHECK_IN_FAR" if found.located else "CHECK_IN_UNLOCATED"
            raise Refused(reason, "away_reason", metres=found.distance or 0, near=NEAR_METRES)
        return replace(
            self,
            state=VisitState.CHECKED_IN,
            checked_in_at=now,
            distance=found.distance,
            away_reason=found.away_reason,
        )

    def checked_out(self, now: datetime, done: Iterable[int], note: str) -> Visit:
        """What was left undone needs a word."""
        self._must_be(VisitState.CHECKED_IN)
        places = set(done)
        if not places <= set(range(len(self.tasks))):
            raise Refused("TASK_UNKNOWN", "done")
        if len(places) < len(self.tasks) and not note.strip():
            raise Refused("NOTE_NEEDED", "note")
        tasks = tuple(replace(task, done=place in places) for place, task in enumerate(self.tasks))
        return replace(
            self, state=VisitState.DONE, checked_out_at=now, tasks=tasks, note=note.strip()
        )

    def cancelled(self, reason: str) -> Visit:
        """Called off before anybody came."""
        self._must_be(VisitState.PLANNED)
        return replace(self, state=VisitState.CANCELLED, cancel_reason=reason)

    def missed(self, now: datetime) -> Visit:
        """Nobody came. The clock's alone."""
        self._must_be(VisitState.PLANNED)
        if now < self.end_at + MISSED_AFTER:
            raise Refused("VISIT_NOT_OVER", "name")
        return replace(self, state=VisitState.MISSED)

    def late(self, now: datetime) -> bool:
        """Nobody has come though the window is over."""
        return self.state is VisitState.PLANNED and now >= self.end_at + LATE_AFTER

    def goes_on(self, now: datetime) -> bool:
        """Its carer may still have something to do there; who forgot to check out can't later."""
        if self.state is VisitState.CHECKED_IN:
            return now < self.end_at + AROUND
        return self.state is VisitState.PLANNED

    def _must_be(self, state: VisitState) -> None:
        if self.state is not state:
            raise Refused(f"VISIT_{self.state.name}", "name")


def collides(wanted: Visit, others: Sequence[Visit]) -> Visit | None:
    """The first of a carer's other visits with which this one, its way included, overlaps."""
    standing = (one for one in others if one.state is not VisitState.CANCELLED)
    return next(
        (
            one
            for one in standing
            if wanted.leaves_at < one.end_at and one.leaves_at < wanted.end_at
        ),
        None,
    )
