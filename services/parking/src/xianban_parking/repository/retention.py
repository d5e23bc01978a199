"""What the retention clock forgets (P11): readable plates, one bounded batch at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, func, select, update

from xianban_parking.repository.money_tables import receipt
from xianban_parking.repository.narrowing import Repository
from xianban_parking.repository.rows import SessionRow
from xianban_parking.repository.tables import gate_event, reservation, session

__all__ = ["Retention"]

BATCH = 500
ENDED = ("completed", "no_show", "cancelled", "expired", "substituted")


class Retention(Repository):
    """Only the service itself forgets."""

    def candidates(self, before: datetime) -> list[SessionRow]:
        """Stays with a readable plate that ended before; arrears and disputes are left out."""
        ended = func.coalesce(session.c.left_at, session.c.ended_by)
        settled = session.c.disputed_at.is_(None) | session.c.resolved_at.is_not(None)
        query = select(session).where(
            session.c.plate.is_not(None), ended < before, session.c.due_fen == 0, settled
        )
        return [SessionRow(**row) for row in self.conn.execute(query.limit(BATCH)).mappings()]

    def age_session(self, row: SessionRow, aged: str) -> None:
        hidden = {"plate": None, "plate_hash": aged}
        self.conn.execute(update(session).where(session.c.id == row.id).values(**hidden))
        mine = gate_event.c.id.in_(row.event_ids)
        self.conn.execute(update(gate_event).where(mine).values(**hidden))

    def loose_events(self, before: datetime) -> list[tuple[str, str, str]]:
        """(id, lot, plate hash) of events that no stay holds any more."""
        old = (gate_event.c.plate.is_not(None), gate_event.c.occurred_at < before)
        query = select(gate_event.c.id, gate_event.c.lot, gate_event.c.plate_hash).where(*old)
        return [(row.id, row.lot, row.plate_hash) for row in self.conn.execute(query.limit(BATCH))]

    def age_event(self, event: str, aged: str) -> None:
        hidden = {"plate": None, "plate_hash": aged}
        self.conn.execute(update(gate_event).where(gate_event.c.id == event).values(**hidden))

    def ended_reservations(self, before: datetime) -> list[tuple[str, str, str]]:
        old = (
            reservation.c.plate.is_not(None),
            reservation.c.state.in_(ENDED),
            reservation.c.end_at < before,
        )
        query = select(reservation.c.id, reservation.c.lot, reservation.c.plate_hash).where(*old)
        return [(row.id, row.lot, row.plate_hash) for row in self.conn.execute(query.limit(BATCH))]

    def age_reservation(self, reservation_id: str, aged: str) -> None:
        hidden = {"plate": None, "plate_hash": aged, "gate_token": None}
        mine = reservation.c.id == reservation_id
        self.conn.execute(update(reservation).where(mine).values(**hidden))

    def forget_receipt_plates(self, before: datetime) -> int:
        old = (receipt.c.plate.is_not(None), receipt.c.issued_at < before)
        return self._forget(receipt, *old)

    def _forget(self, table: Table, *old: ColumnElement[bool]) -> int:
        found: Any = self.conn.execute(update(table).where(*old).values(plate=None))
        return int(found.rowcount)
