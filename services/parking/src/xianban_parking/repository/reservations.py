"""Reservations: a resident's own, and what the lot and its gate must know of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, insert, or_, select, update
from xianban_sdk.errors import NotFound

from xianban_parking.repository.narrowing import Page, Repository, page_of
from xianban_parking.repository.rows import ReservationRow, TakenRow
from xianban_parking.repository.tables import reservation

__all__ = ["Reservations"]

TAKES_A_BAY = ("held", "confirmed", "used", "overstayed")
AT_THE_GATE = ("confirmed", "used", "overstayed")

# Built once: every reservation asks them.
_START: BindParameter[datetime] = bindparam("start")
_END: BindParameter[datetime] = bindparam("end")
_TAKEN = select(*(reservation.c[each.name] for each in fields(TakenRow))).where(
    reservation.c.lot == bindparam("lot"),
    reservation.c.state.in_(TAKES_A_BAY),
    reservation.c.start_at < _END,
    or_(reservation.c.end_at > _START, reservation.c.state == "overstayed"),
)
_CLASHING = (
    select(reservation.c.id)
    .where(
        reservation.c.plate_hash == bindparam("plate_hash"),
        reservation.c.state.in_(AT_THE_GATE),
        reservation.c.start_at < _END,
        reservation.c.end_at > _START,
    )
    .limit(1)
)
_NEW = insert(reservation)


class Reservations(Repository):
    """The subject's reservations; lot-wide questions are the service's own."""

    def listed(self, page: Page) -> tuple[list[ReservationRow], str]:
        query = select(reservation).where(self.own(reservation.c.resident))
        query = query.order_by(reservation.c.id.desc())
        if page.after is not None:
            query = query.where(reservation.c.id < page.after)
        return page_of(self.conn, query, page, ReservationRow, "id")

    def get(self, reservation_id: str) -> ReservationRow:
        found = self.find(reservation_id)
        if found is None:
            raise NotFound("RESERVATION_NOT_FOUND", field="name")
        return found

    def find(self, reservation_id: str) -> ReservationRow | None:
        query = select(reservation).where(
            reservation.c.id == reservation_id, self.own(reservation.c.resident)
        )
        row = self.conn.execute(query).mappings().first()
        return ReservationRow(**row) if row else None

    def overlapping(self, lot_id: str, start: datetime, end: datetime) -> list[TakenRow]:
        """Everybody's that may take a place in the window; overstayers have no end."""
        asked = {"lot": lot_id, "start": start, "end": end}
        return [TakenRow(*row) for row in self.conn.execute(_TAKEN, asked)]

    def starting(self, lot_id: str, until: datetime) -> list[ReservationRow]:
        """Confirmed and about to begin."""
        query = select(reservation).where(
            reservation.c.lot == lot_id,
            reservation.c.state == "confirmed",
            reservation.c.start_at < until,
        )
        query = query.order_by(reservation.c.start_at)
        return [ReservationRow(**row) for row in self.conn.execute(query).mappings()]

    def at_gate(self, lot_id: str, plate_hash: str) -> list[ReservationRow]:
        """What the gate may honour for a plate, earliest first."""
        query = select(reservation).where(
            reservation.c.plate_hash == plate_hash,
            reservation.c.lot == lot_id,
            reservation.c.state.in_(AT_THE_GATE),
        )
        query = query.order_by(reservation.c.start_at)
        return [ReservationRow(**row) for row in self.conn.execute(query).mappings()]

    def standing(self, plate_hash: str) -> bool:
        """Whether any reservation of the plate is still to be kept."""
        query = select(reservation.c.id).where(
            reservation.c.plate_hash == plate_hash, reservation.c.state.in_(AT_THE_GATE)
        )
        return self.conn.execute(query.limit(1)).first() is not None

    def clashing(self, plate_hash: str, start: datetime, end: datetime) -> bool:
        """Whether the plate is expected somewhere at that time already."""
        asked = {"plate_hash": plate_hash, "start": start, "end": end}
        return self.conn.execute(_CLASHING, asked).first() is not None

    def add(self, row: Mapping[str, Any]) -> None:
        self.conn.execute(_NEW, row)

    def change(self, reservation_id: str, **values: Any) -> None:
        mine = (reservation.c.id == reservation_id, self.own(reservation.c.resident))
        self.conn.execute(update(reservation).where(*mine).values(**values))
