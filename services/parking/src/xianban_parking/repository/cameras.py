"""Cameras that are heard, by what right, and what each of their rules said last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    delete,
    select,
    update,
)
from xianban_sdk.alerts import State
from xianban_sdk.alerts.tables import alert
from xianban_sdk.errors import NotFound
from xianban_sdk.storage import Instant, Kept, keyed_hash, upsert

from xianban_parking.repository.narrowing import Page, Repository, page_of
from xianban_parking.repository.tables import metadata

__all__ = ["KEPT", "CameraRow", "Cameras", "Incidents", "SightingRow", "Sightings"]

camera = Table(
    "camera",
    metadata,
    Column("id", Text, primary_key=True),  # as its platform writes it
    Column("lot", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("authority", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("sights", JSON, nullable=False),  # what it may tell of
    Column("retention_days", Integer, nullable=False),
    Column("end_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_event_at", Instant),
    Index("camera_lot", "lot"),
)

# What each rule of a camera said last; no history: that is the incident's.
sighting = Table(
    "sighting",
    metadata,
    Column("camera", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("sight", Text, nullable=False),
    Column("holds", Boolean, nullable=False),
    Column("occurred_at", Instant, nullable=False),
    PrimaryKeyConstraint("camera", "rule"),
    Index("sighting_lot", "lot", "sight"),
)

KEPT: Final = (Kept(sighting, sighting.c.occurred_at, timedelta(days=90)),)


@dataclass(frozen=True, slots=True)
class CameraRow:
    id: str
    lot: str
    place: str
    authority: str
    basis: str
    purpose: str
    sights: list[str]
    retention_days: int
    end_at: datetime
    created_at: datetime
    last_event_at: datetime | None


@dataclass(frozen=True, slots=True)
class SightingRow:
    camera: str
    rule: str
    lot: str
    sight: str
    holds: bool
    occurred_at: datetime


class Cameras(Repository):
    """Cameras at the lots of the caller's areas."""

    def find(self, camera_id: str) -> CameraRow | None:
        query = select(camera).where(camera.c.id == camera_id, self.in_areas(camera.c.lot))
        row = self.conn.execute(query).mappings().first()
        return CameraRow(**row) if row else None

    def get(self, camera_id: str) -> CameraRow:
        found = self.find(camera_id)
        if found is None:
            raise NotFound("CAMERA_NOT_FOUND", field="name")
        return found

    def listed(self, page: Page) -> tuple[list[CameraRow], str]:
        query = select(camera).where(self.in_areas(camera.c.lot)).order_by(camera.c.id)
        query = query if page.after is None else query.where(camera.c.id > page.after)
        return page_of(self.conn, query, page, CameraRow, "id")

    def put(self, row: Mapping[str, Any]) -> None:
        upsert(self.conn, camera, row)

    def change(self, camera_id: str, **values: Any) -> None:
        self.conn.execute(update(camera).where(camera.c.id == camera_id).values(**values))

    def remove(self, camera_id: str) -> None:
        self.conn.execute(delete(camera).where(camera.c.id == camera_id))
        self.conn.execute(delete(sighting).where(sighting.c.camera == camera_id))


class Sightings(Repository):
    """The service's own work; callers hold the lot."""

    def of(self, camera_id: str, rule: str) -> SightingRow | None:
        known = (sighting.c.camera == camera_id, sighting.c.rule == rule)
        row = self.conn.execute(select(sighting).where(*known)).mappings().first()
        return SightingRow(**row) if row else None

    def put(self, row: SightingRow) -> None:
        upsert(self.conn, sighting, {name: getattr(row, name) for name in SightingRow.__slots__})

    def any_holds(self, lot_id: str, sight: str) -> bool:
        """Whether some camera of the lot still sees it."""
        there = (sighting.c.lot == lot_id, sighting.c.sight == sight, sighting.c.holds.is_(True))
        return self.conn.scalar(select(sighting.c.camera).where(*there).limit(1)) is not None


class Incidents(Repository):
    """What guidance may know of incidents: where one of a kind stands, nothing of it."""

    def lots_with(self, rule: str) -> frozenset[str]:
        open_ones = (alert.c.rule_key == keyed_hash(rule), alert.c.state < State.RESOLVED)
        found = self.conn.scalars(select(alert.c.subject).where(*open_ones))
        return frozenset(subject.removeprefix("lots/") for subject in found)
