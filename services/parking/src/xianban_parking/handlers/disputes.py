"""A resident contests a stay; an operator of the lot's area decides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from xianban_sdk.errors import FailedPrecondition, InvalidArgument
from xianban_sdk.storage import UnitOfWork

from xianban_parking.domain import session_records as records
from xianban_parking.domain.ledger import adjustment_posting
from xianban_parking.domain.session_records import DisputeOutcome
from xianban_parking.domain.sessions import SessionStatus
from xianban_parking.errors import refusals
from xianban_parking.events import message, yuan
from xianban_parking.handlers import stays
from xianban_parking.handlers.ledgers import post
from xianban_parking.handlers.pricing import kept
from xianban_parking.handlers.refunds import give_back
from xianban_parking.repository import MACHINE, Lots, Scope, Sessions
from xianban_parking.repository.rows import SessionRow

__all__ = ["Decision", "contest", "decide"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the operator decided of a dispute."""

    session: str
    exit_time: datetime | None
    waive: bool
    reason: str


def contest(session_id: str, reason: str, *, scope: Scope, uow: UnitOfWork) -> SessionRow:
    """The stay stays as it is until somebody decides; its gate opens meanwhile."""
    sessions = Sessions(uow.conn, scope)
    row = sessions.get(session_id, locked=True)
    now = uow.clock.now()
    with refusals("name"):
        records.open_dispute(stays.record_of(row), reason, now)
    changed = {"dispute_reason": reason, "disputed_at": now, "resolved_at": None, "outcome": ""}
    sessions.change(row.id, **changed)
    return replace(row, dispute_reason=reason, disputed_at=now, resolved_at=None, outcome="")


def decide(decision: Decision, *, scope: Scope, uow: UnitOfWork) -> SessionRow:
    """Ends the dispute; what changes in money is booked and given back in the same transaction."""
    sessions = Sessions(uow.conn, scope)
    row = sessions.get(decision.session, locked=True)
    if not row.disputed:
        raise FailedPrecondition("SESSION_NO_OPEN_DISPUTE", field="session")
    _check_exit(decision, row, uow)
    upheld = decision.waive or decision.exit_time is not None
    outcome = DisputeOutcome.UPHELD if upheld else DisputeOutcome.DISMISSED
    resolved = replace(row, resolved_at=uow.clock.now(), outcome=str(outcome))
    sessions.change(row.id, resolved_at=resolved.resolved_at, outcome=resolved.outcome)
    after = _corrected(resolved, decision, uow)
    uow.audit("ResolveDispute", row.resident, basis=f"role:{decision.reason}"[:200])
    amount = yuan(after.charged_fen or 0)
    link = f"/parking/sessions/{row.id}"
    message(uow, row.resident, "dispute-resolved", link, row.id, amount=amount)
    return after


def _check_exit(decision: Decision, row: SessionRow, uow: UnitOfWork) -> None:
    at = decision.exit_time
    if at is None:
        return
    if row.entered_at is None or not row.entered_at <= at <= uow.clock.now():
        raise InvalidArgument("EXIT_OUTSIDE_STAY", field="exit_time")


def _corrected(row: SessionRow, decision: Decision, uow: UnitOfWork) -> SessionRow:
    sessions = Sessions(uow.conn, MACHINE)
    if decision.exit_time is not None:
        facts = {"left_at": decision.exit_time, "status": str(SessionStatus.CLOSED)}
        sessions.change(row.id, **facts)
        row = replace(row, left_at=decision.exit_time, status=str(SessionStatus.CLOSED))
    if row.charged_fen is None:
        return _first_charge(row, decision, uow)
    if decision.waive:
        return _recharged(row, kept(0, "price.waived"), uow)
    if decision.exit_time is not None:
        tariffs = Lots(uow.conn, MACHINE).tariffs(row.lot)
        open_fee = replace(row, charged_fen=None)
        return _recharged(row, stays.quote_of(open_fee, tariffs, [], uow.clock.now()), uow)
    return row


def _first_charge(row: SessionRow, decision: Decision, uow: UnitOfWork) -> SessionRow:
    if decision.waive:
        return _recharged(replace(row, charged_fen=0), kept(0, "price.waived"), uow)
    return row if row.status == SessionStatus.OPEN else stays.charge(row, [], uow=uow)


def _recharged(row: SessionRow, quote: dict[str, object], uow: UnitOfWork) -> SessionRow:
    total = int(str(quote["total_fen"]))
    difference = total - (row.charged_fen or 0)
    due = max(0, total - row.paid_fen)
    changed = {"charged_fen": total, "due_fen": due, "quote": quote}
    Sessions(uow.conn, MACHINE).change(row.id, **changed, charged_at=uow.clock.now())
    if difference:
        now = uow.clock.now()
        posting = adjustment_posting(f"dispute:{row.id}:{now.isoformat()}", row.id, difference, now)
        post(uow, posting, lot=row.lot, kind="adjustment", reference=row.id)
    give_back(row.id, row.paid_fen - total, "DISPUTE_UPHELD", uow=uow)
    return replace(row, charged_fen=total, due_fen=due, quote=dict(quote))
