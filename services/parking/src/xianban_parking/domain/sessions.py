"""Parking sessions as a pure fold over gate events: the same sessions whatever order they arrive.

Gates lose, repeat and delay events. Nothing here depends on arrival: events are sorted by when
they happened, double camera reads are joined, and what is missing is said (EXIT_MISSING,
ENTRY_MISSING) instead of guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from xianban_parking.domain.calendar import as_utc
from xianban_parking.domain.errors import SessionError
from xianban_parking.domain.stays import Visit

__all__ = [
    "Direction",
    "FoldPolicy",
    "GateEvent",
    "Review",
    "Session",
    "SessionStatus",
    "billable_visit",
    "fold_sessions",
    "is_overdue",
]


class Direction(StrEnum):
    """Which way the vehicle passed the gate."""

    IN = "in"
    OUT = "out"


class SessionStatus(StrEnum):
    """What the gates told. Payment and dispute are kept beside it, see session_records."""

    OPEN = "open"
    CLOSED = "closed"
    EXIT_MISSING = "exit_missing"
    ENTRY_MISSING = "entry_missing"


class Review(StrEnum):
    """Why a person should look at a session."""

    LOW_CONFIDENCE = "low_confidence"
    EVENT_CONFLICT = "event_conflict"


@dataclass(frozen=True, slots=True)
class GateEvent:
    """One passage as a gate reported it; `confidence` of the plate reading in per mille."""

    event_id: str
    lot: str
    gate: str
    direction: Direction
    plate: str
    occurred_at: datetime
    received_at: datetime
    confidence: int = 1000
    reservation_token: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "occurred_at", as_utc(self.occurred_at, "occurred_at"))
        object.__setattr__(self, "received_at", as_utc(self.received_at, "received_at"))
        if not self.event_id:
            raise SessionError("REQUIRED", "event_id")
        if not 0 <= self.confidence <= 1000:
            raise SessionError("OUT_OF_RANGE", "confidence", {"value": self.confidence})


@dataclass(frozen=True, slots=True)
class FoldPolicy:
    """How gate events are read; part of the lot's published conditions."""

    double_read_within: timedelta = timedelta(seconds=60)
    min_confidence: int = 700
    # A lost exit must never bill for weeks; a lost entry bills nothing unless the lot says so.
    exit_missing_bills_at_most: timedelta = timedelta(hours=24)
    entry_missing_bills: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Session:
    """What is known of one vehicle's time in one lot; `ended_by` bounds a missing exit."""

    id: str
    plate: str
    lot: str
    status: SessionStatus
    entered_at: datetime | None
    left_at: datetime | None
    ended_by: datetime | None
    event_ids: tuple[str, ...]
    review: frozenset[Review] = frozenset()
    reservation_token: str | None = None

    @property
    def billing_facts(self) -> tuple[object, ...]:
        """Everything a price can depend on; equal facts never cause an adjustment."""
        times = (self.entered_at, self.left_at, self.ended_by)
        return (self.plate, self.lot, self.status, *times)


def fold_sessions(events: Iterable[GateEvent], policy: FoldPolicy) -> tuple[Session, ...]:
    """All sessions these events tell of, ordered by plate and time; pure and order-free."""
    by_plate: dict[str, list[GateEvent]] = {}
    unique, conflicts = _unique(events)
    for event in sorted(unique, key=_happened):
        by_plate.setdefault(event.plate, []).append(event)
    folded: list[Session] = []
    for plate in sorted(by_plate):
        folded += _fold_plate(by_plate[plate], conflicts, policy)
    return tuple(folded)


def billable_visit(session: Session, policy: FoldPolicy, now: datetime) -> Visit | None:
    """The time a tariff may price; None when the gates give no ground to charge anything."""
    if session.entered_at is None:
        if session.left_at is None or not policy.entry_missing_bills:
            return None
        return Visit(session.left_at - policy.entry_missing_bills, session.left_at)
    if session.left_at is not None:
        return Visit(session.entered_at, session.left_at)
    if session.ended_by is not None:
        limit = session.entered_at + policy.exit_missing_bills_at_most
        return Visit(session.entered_at, min(session.ended_by, limit))
    return Visit(session.entered_at, max(session.entered_at, as_utc(now, "now")))


def is_overdue(session: Session, now: datetime, after: timedelta) -> bool:
    """Whether an open session is so old that its exit was probably lost."""
    is_open = session.status is SessionStatus.OPEN and session.entered_at is not None
    return is_open and session.entered_at is not None and now - session.entered_at > after


def _happened(event: GateEvent) -> tuple[datetime, bool, str]:
    # At one instant a vehicle leaves the old place before it enters the new one.
    return (event.occurred_at, event.direction is Direction.IN, event.event_id)


def _unique(events: Iterable[GateEvent]) -> tuple[list[GateEvent], frozenset[str]]:
    """One event per id; a second, different content under the same id is a conflict to review."""
    kept: dict[str, GateEvent] = {}
    conflicts: set[str] = set()
    for event in sorted(events, key=_arrival):
        first = kept.setdefault(event.event_id, event)
        if replace(event, received_at=first.received_at) != first:
            conflicts.add(event.event_id)
    return list(kept.values()), frozenset(conflicts)


def _arrival(event: GateEvent) -> tuple[datetime, datetime, str]:
    rest = (event.lot, event.gate, event.direction, event.plate, event.confidence)
    return (event.received_at, event.occurred_at, f"{rest}{event.reservation_token}")


def _fold_plate(
    events: Sequence[GateEvent], conflicts: frozenset[str], policy: FoldPolicy
) -> list[Session]:
    sessions: list[Session] = []
    last: GateEvent | None = None
    for event in events:
        marks = _marks(event, conflicts, policy)
        if last is not None and _is_double_read(last, event, policy):
            sessions[-1] = _joined(sessions[-1], event, marks)
            continue
        last = event
        current = sessions[-1] if sessions and sessions[-1].status is SessionStatus.OPEN else None
        if event.direction is Direction.OUT and current is not None and current.lot == event.lot:
            closed = replace(current, status=SessionStatus.CLOSED, left_at=event.occurred_at)
            sessions[-1] = _joined(closed, event, marks)
            continue
        if current is not None:
            sessions[-1] = replace(
                current, status=SessionStatus.EXIT_MISSING, ended_by=event.occurred_at
            )
        sessions.append(_begun(event, marks))
    return sessions


def _is_double_read(last: GateEvent, event: GateEvent, policy: FoldPolicy) -> bool:
    same = (last.lot, last.direction) == (event.lot, event.direction)
    return same and event.occurred_at - last.occurred_at <= policy.double_read_within


def _begun(event: GateEvent, marks: frozenset[Review]) -> Session:
    entering = event.direction is Direction.IN
    return Session(
        id=f"ses_{event.event_id}",
        plate=event.plate,
        lot=event.lot,
        status=SessionStatus.OPEN if entering else SessionStatus.ENTRY_MISSING,
        entered_at=event.occurred_at if entering else None,
        left_at=None if entering else event.occurred_at,
        ended_by=None,
        event_ids=(event.event_id,),
        review=marks,
        reservation_token=event.reservation_token,
    )


def _joined(session: Session, event: GateEvent, marks: frozenset[Review]) -> Session:
    return replace(
        session,
        event_ids=(*session.event_ids, event.event_id),
        review=session.review | marks,
        reservation_token=session.reservation_token or event.reservation_token,
    )


def _marks(event: GateEvent, conflicts: frozenset[str], policy: FoldPolicy) -> frozenset[Review]:
    marks: set[Review] = set()
    if event.confidence < policy.min_confidence:
        marks.add(Review.LOW_CONFIDENCE)
    if event.event_id in conflicts:
        marks.add(Review.EVENT_CONFLICT)
    return frozenset(marks)
