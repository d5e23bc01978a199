"""Residents' vehicles: a plate belongs to one resident at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from xianban_sdk.errors import NotFound
from xianban_sdk.storage import insert_new

from xianban_parking.repository.narrowing import Page, Repository, page_of
from xianban_parking.repository.rows import VehicleRow
from xianban_parking.repository.tables import vehicle

__all__ = ["Vehicles"]


class Vehicles(Repository):
    """The subject's vehicles; the service itself asks for a plate's holder."""

    def listed(self, page: Page) -> tuple[list[VehicleRow], str]:
        query = select(vehicle).where(self.own(vehicle.c.resident), vehicle.c.ended_at.is_(None))
        query = query.order_by(vehicle.c.id)
        if page.after is not None:
            query = query.where(vehicle.c.id > page.after)
        return page_of(self.conn, query, page, VehicleRow, "id")

    def get(self, vehicle_id: str) -> VehicleRow:
        mine = (vehicle.c.id == vehicle_id, self.own(vehicle.c.resident))
        query = select(vehicle).where(*mine, vehicle.c.ended_at.is_(None))
        row = self.conn.execute(query).mappings().first()
        if row is None:
            raise NotFound("VEHICLE_NOT_FOUND", field="name")
        return VehicleRow(**row)

    def owned(self, plate_hash: str) -> VehicleRow | None:
        """The subject's own vehicle of that plate."""
        holder = self.holder(plate_hash)
        return holder if holder and holder.resident == self.scope.subject else None

    def holder(self, plate_hash: str) -> VehicleRow | None:
        """Who holds the plate now, whoever asks: decides, is never shown."""
        query = select(vehicle).where(
            vehicle.c.plate_hash == plate_hash, vehicle.c.ended_at.is_(None)
        )
        row = self.conn.execute(query).mappings().first()
        return VehicleRow(**row) if row else None

    def add(self, row: Mapping[str, Any]) -> bool:
        """False when somebody holds the plate already."""
        return insert_new(self.conn, vehicle, row)

    def end(self, vehicle_id: str, now: datetime) -> None:
        """The row stays, the plate goes: who held it when is asked in disputes."""
        values = {"ended_at": now, "plate": None}
        self.conn.execute(update(vehicle).where(vehicle.c.id == vehicle_id).values(**values))
