"""Permits and the plates they cover."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from xianban_sdk.errors import NotFound

from xianban_parking.repository.money_tables import permit, permit_plate
from xianban_parking.repository.narrowing import Page, Repository, page_of
from xianban_parking.repository.rows import PermitRow

__all__ = ["Permits"]

# Built once: every price asks it.
_KINDS = (
    select(permit.c.kind)
    .where(
        permit.c.resident == bindparam("resident"),
        permit.c.state == "active",
        permit.c.start_at <= bindparam("at"),
        permit.c.end_at > bindparam("at"),
    )
    .distinct()
)


class Permits(Repository):
    """The subject's permits; the gate asks as the service itself."""

    def listed(self, page: Page) -> tuple[list[PermitRow], str]:
        query = select(permit).where(self.own(permit.c.resident)).order_by(permit.c.id.desc())
        if page.after is not None:
            query = query.where(permit.c.id < page.after)
        return page_of(self.conn, query, page, PermitRow, "id")

    def get(self, permit_id: str, *, locked: bool = False) -> PermitRow:
        query = select(permit).where(permit.c.id == permit_id, self.own(permit.c.resident))
        if locked:
            query = query.with_for_update()
        row = self.conn.execute(query).mappings().first()
        if row is None:
            raise NotFound("PERMIT_NOT_FOUND", field="name")
        return PermitRow(**row)

    def in_force(self, lot_id: str, plate_hash: str, at: datetime) -> PermitRow | None:
        """The permit under which a plate may stand in a lot at an instant."""
        query = (
            select(permit)
            .join(permit_plate, permit_plate.c.permit == permit.c.id)
            .where(
                permit_plate.c.plate_hash == plate_hash,
                permit.c.lot == lot_id,
                permit.c.state == "active",
                permit.c.start_at <= at,
                permit.c.end_at > at,
            )
        )
        row = self.conn.execute(query).mappings().first()
        return PermitRow(**row) if row else None

    def kinds_of(self, resident: str, at: datetime) -> list[str]:
        """The kinds of permit a resident holds anywhere: the rights a concession may know."""
        return list(self.conn.scalars(_KINDS, {"resident": resident, "at": at}))

    def running(self, resident: str, lot_id: str, kind: str, at: datetime) -> list[PermitRow]:
        """Permits of one kind at one lot that are paid or wait for payment."""
        query = select(permit).where(
            permit.c.resident == resident,
            permit.c.lot == lot_id,
            permit.c.kind == kind,
            permit.c.state.in_(("pending_payment", "active")),
            permit.c.end_at > at,
        )
        return [PermitRow(**row) for row in self.conn.execute(query).mappings()]

    def count(self, resident: str) -> int:
        query = select(func.count()).select_from(permit).where(permit.c.resident == resident)
        return self.conn.scalar(query) or 0

    def add(self, row: Mapping[str, Any], plate_hashes: Iterable[str]) -> None:
        self.conn.execute(insert(permit).values(**row))
        plates = [{"permit": row["id"], "plate_hash": each} for each in plate_hashes]
        self.conn.execute(insert(permit_plate), plates)

    def change(self, permit_id: str, **values: Any) -> None:
        self.conn.execute(update(permit).where(permit.c.id == permit_id).values(**values))
