"""The retention clock (P11): plates of settled stays become hashes that hold for one place only."""

from __future__ import annotations

from datetime import timedelta

from xianban_sdk.storage import UnitOfWork

from xianban_parking.domain.privacy import PlateRecord, RetentionPolicy, due_for_hashing
from xianban_parking.handlers.plates import aged_hash
from xianban_parking.repository import MACHINE, Counts
from xianban_parking.repository.retention import Retention
from xianban_parking.repository.rows import SessionRow
from xianban_parking.settings import rules

__all__ = ["age_plates", "forget_counts"]


def age_plates(uow: UnitOfWork) -> int:
    """One batch; the same clock again finds nothing. Audited as one act."""
    now = uow.clock.now()
    policy = RetentionPolicy(readable_for=timedelta(days=rules().plate_days))
    retention = Retention(uow.conn, MACHINE)
    before = now - policy.readable_for
    rows = {row.id: row for row in retention.candidates(before)}
    due = due_for_hashing([_record(row) for row in rows.values()], policy, now)
    for session_id in due:
        row = rows[session_id]
        retention.age_session(row, aged_hash(row.lot, row.plate_hash))
    events = [] if rows else retention.loose_events(before - policy.readable_for)
    for event, lot, plate_hash in events:
        retention.age_event(event, aged_hash(lot, plate_hash))
    ended = retention.ended_reservations(before)
    for reservation, lot, plate_hash in ended:
        retention.age_reservation(reservation, aged_hash(lot, plate_hash))
    receipts = retention.forget_receipt_plates(before)
    forgotten = len(due) + len(events) + len(ended) + receipts
    if forgotten:
        uow.audit("AgePlates", "", f"{forgotten} plates", "retention")
    return forgotten


def forget_counts(uow: UnitOfWork) -> int:
    """Raw counts older than the forecast and the operator need."""
    oldest = uow.clock.now() - timedelta(days=rules().observation_days)
    return Counts(uow.conn, MACHINE).prune(oldest)


def _record(row: SessionRow) -> PlateRecord:
    return PlateRecord(
        id=row.id,
        lot=row.lot,
        plate=row.plate,
        ended_at=row.left_at or row.ended_by,
        claim_open=row.due_fen > 0 or row.disputed,
        claim_closed_at=row.resolved_at,
    )
