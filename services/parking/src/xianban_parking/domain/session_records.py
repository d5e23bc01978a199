"""What storage keeps of sessions, and how a late event changes it without rewriting a receipt.

A charged or disputed session is pinned: it keeps its id, and a change of its billing facts comes
with an adjustment (arrears, refund or a note), so that charged + adjustments is always what the
latest facts cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from xianban_parking.domain.calendar import as_utc
from xianban_parking.domain.errors import SessionError
from xianban_parking.domain.sessions import FoldPolicy, GateEvent, Session, fold_sessions

__all__ = [
    "Adjustment",
    "AdjustmentKind",
    "Dispute",
    "DisputeOutcome",
    "SessionChanges",
    "SessionRecord",
    "apply_event",
    "open_dispute",
    "resolve_dispute",
    "settle",
]

# What a session costs in fen.
ChargeOf = Callable[[Session], int]


class AdjustmentKind(StrEnum):
    """ARREARS: the resident owes more. REFUND: gets back. NOTE: facts changed, price did not."""

    ARREARS = "arrears"
    REFUND = "refund"
    NOTE = "note"


class DisputeOutcome(StrEnum):
    """How a dispute ended."""

    UPHELD = "upheld"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Dispute:
    """A resident's objection to a session."""

    reason: str
    opened_at: datetime
    resolved_at: datetime | None = None
    outcome: DisputeOutcome | None = None


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A session as stored: gate facts, what has been charged for it (fen), and any dispute.

    `void` marks a pinned session which corrected events no longer contain; it costs nothing.
    """

    session: Session
    charged_fen: int | None = None
    dispute: Dispute | None = None
    void: bool = False

    @property
    def disputed(self) -> bool:
        """Whether a dispute is open."""
        return self.dispute is not None and self.dispute.resolved_at is None

    @property
    def pinned(self) -> bool:
        """Whether somebody holds a receipt or an objection that names this id."""
        return self.charged_fen is not None or self.dispute is not None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A correction of a charged session; `amount_fen` > 0 is owed, < 0 is given back."""

    session_id: str
    kind: AdjustmentKind
    amount_fen: int
    before: Session
    after: Session | None


@dataclass(frozen=True, slots=True)
class SessionChanges:
    """What storage must do in one transaction."""

    saved: tuple[SessionRecord, ...] = ()
    withdrawn: tuple[str, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()


def apply_event(
    event: GateEvent,
    *,
    known_events: Iterable[GateEvent],
    stored: Sequence[SessionRecord],
    policy: FoldPolicy,
    charge_of: ChargeOf,
) -> SessionChanges:
    """The changes one more event of a plate makes, given that plate's events and records."""
    events = [*known_events, event]
    for known in events:
        if known.plate != event.plate:
            raise SessionError("PLATES_MIXED", "known_events", {"event_id": known.event_id})
    return _reconcile(fold_sessions(events, policy), stored, charge_of)


def settle(record: SessionRecord, charged_fen: int) -> SessionRecord:
    """The session has been charged; from now on late events adjust instead of rewriting."""
    if record.charged_fen is not None:
        raise SessionError("ALREADY_CHARGED", "session", {"session": record.session.id})
    if charged_fen < 0:
        raise SessionError("OUT_OF_RANGE", "charged_fen", {"value": charged_fen})
    return replace(record, charged_fen=charged_fen)


def open_dispute(record: SessionRecord, reason: str, at: datetime) -> SessionRecord:
    """The resident objects; a second objection waits for the first."""
    if record.disputed:
        raise SessionError("DISPUTE_ALREADY_OPEN", "session", {"session": record.session.id})
    if not reason.strip():
        raise SessionError("REQUIRED", "reason")
    return replace(record, dispute=Dispute(reason, as_utc(at, "at")))


def resolve_dispute(
    record: SessionRecord, outcome: DisputeOutcome, at: datetime, corrected_fen: int | None = None
) -> tuple[SessionRecord, Adjustment | None]:
    """Close the dispute; upheld with a corrected price gives the matching adjustment."""
    if record.dispute is None or not record.disputed:
        raise SessionError("NO_OPEN_DISPUTE", "session", {"session": record.session.id})
    closed = replace(record.dispute, resolved_at=as_utc(at, "at"), outcome=outcome)
    resolved = replace(record, dispute=closed)
    if outcome is DisputeOutcome.DISMISSED or corrected_fen is None:
        return resolved, None
    if record.charged_fen is None:
        raise SessionError("NOT_CHARGED", "session", {"session": record.session.id})
    if corrected_fen < 0:
        raise SessionError("OUT_OF_RANGE", "corrected_fen", {"value": corrected_fen})
    adjustment = _adjustment(record, record.session, corrected_fen)
    return replace(resolved, charged_fen=corrected_fen), adjustment


def _reconcile(
    folded: Sequence[Session], stored: Sequence[SessionRecord], charge_of: ChargeOf
) -> SessionChanges:
    matches = _match(folded, stored)
    saved: list[SessionRecord] = []
    adjustments: list[Adjustment] = []
    withdrawn: list[str] = []
    matched: set[str] = set()
    for record in stored:
        session = matches.get(record.session.id)
        if session is not None:
            matched.add(session.id)
            session = replace(session, id=record.session.id)
        if session == record.session and not record.void:
            continue
        if session is None and not record.pinned:
            withdrawn.append(record.session.id)
            continue
        updated, adjustment = _revised(record, session, charge_of)
        saved.append(updated)
        adjustments += [adjustment] if adjustment else []
    saved += [SessionRecord(session) for session in folded if session.id not in matched]
    changed = tuple(record for record in saved if record not in stored)
    return SessionChanges(changed, tuple(withdrawn), tuple(adjustments))


def _match(folded: Sequence[Session], stored: Sequence[SessionRecord]) -> dict[str, Session]:
    """Which folded session continues which stored one: same id first, then shared events."""
    free = {session.id: session for session in folded}
    matches: dict[str, Session] = {}
    for record in stored:
        if record.session.id in free:
            matches[record.session.id] = free.pop(record.session.id)
    pinned = (record for record in stored if record.pinned and record.session.id not in matches)
    for record in sorted(pinned, key=lambda one: one.session.id):
        shared = [
            session
            for session in free.values()
            if not set(session.event_ids).isdisjoint(record.session.event_ids)
        ]
        if shared:
            matches[record.session.id] = free.pop(shared[0].id)
    return matches


def _revised(
    record: SessionRecord, session: Session | None, charge_of: ChargeOf
) -> tuple[SessionRecord, Adjustment | None]:
    if session is None and record.void:
        return record, None
    kept = replace(record, session=session or record.session, void=session is None)
    same_facts = kept.session.billing_facts == record.session.billing_facts
    if record.charged_fen is None or (same_facts and kept.void == record.void):
        return kept, None
    costs = 0 if session is None else charge_of(session)
    return replace(kept, charged_fen=costs), _adjustment(record, session, costs)


def _adjustment(record: SessionRecord, after: Session | None, costs: int) -> Adjustment:
    difference = costs - (record.charged_fen or 0)
    kind = AdjustmentKind.NOTE
    if difference:
        kind = AdjustmentKind.ARREARS if difference > 0 else AdjustmentKind.REFUND
    return Adjustment(record.session.id, kind, difference, record.session, after)
