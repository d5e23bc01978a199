"""Gate events as they came, and the sessions folded from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update
from xianban_sdk.errors import NotFound
from xianban_sdk.storage import insert_new

from xianban_parking.repository.narrowing import Page, Repository, page_of
from xianban_parking.repository.rows import GateEventRow, SessionRow
from xianban_parking.repository.tables import gate_event, session

__all__ = ["GateEvents", "Sessions"]


class GateEvents(Repository):
    """Append-only; only the service itself reads them."""

    def add(self, row: Mapping[str, Any]) -> bool:
        """False when the camera told this event before."""
        return insert_new(self.conn, gate_event, row)

    def known(self, source: str, lot_id: str, event_id: str) -> GateEventRow | None:
        query = select(gate_event).where(
            gate_event.c.source == source,
            gate_event.c.lot == lot_id,
            gate_event.c.event_id == event_id,
        )
        row = self.conn.execute(query).mappings().first()
        return GateEventRow(**row) if row else None

    def of_plate(self, plate_hash: str, since: datetime) -> list[GateEventRow]:
        query = select(gate_event).where(
            gate_event.c.plate_hash == plate_hash,
            gate_event.c.occurred_at >= since,
            gate_event.c.refused.is_(False),
        )
        query = query.order_by(gate_event.c.occurred_at, gate_event.c.id)
        return [GateEventRow(**row) for row in self.conn.execute(query).mappings()]

    def turn_away(self, event: str, refused: bool) -> None:
        """Whether the gate let the vehicle pass; a second try may."""
        mine = gate_event.c.id == event
        self.conn.execute(update(gate_event).where(mine).values(refused=refused))

    def lots_with_events(self, since: datetime) -> list[str]:
        recent = select(gate_event.c.lot).where(gate_event.c.occurred_at >= since)
        return sorted(self.conn.scalars(recent.distinct()))


class Sessions(Repository):
    """Stays: the subject's own; those of their lots for staff; all for the service itself."""

    def listed(self, page: Page) -> tuple[list[SessionRow], str]:
        mine = (self.own(session.c.resident), session.c.void.is_(False))
        query = select(session).where(*mine).order_by(session.c.id.desc())
        if page.after is not None:
            query = query.where(session.c.id < page.after)
        return page_of(self.conn, query, page, SessionRow, "id")

    def get(self, session_id: str, *, locked: bool = False) -> SessionRow:
        """Someone else's answers as an absent one."""
        query = select(session).where(
            session.c.id == session_id, self.visible(session.c.resident, session.c.lot)
        )
        if locked:
            query = query.with_for_update()
        row = self.conn.execute(query).mappings().first()
        if row is None:
            raise NotFound("SESSION_NOT_FOUND", field="name")
        return SessionRow(**row)

    def of_plate(self, plate_hash: str, since: datetime) -> list[SessionRow]:
        """The plate's sessions that events since then may still change."""
        recent = or_(
            session.c.status == "open",
            session.c.entered_at >= since,
            session.c.left_at >= since,
            session.c.ended_by >= since,
        )
        query = select(session).where(session.c.plate_hash == plate_hash, recent)
        query = query.order_by(session.c.id)
        return [SessionRow(**row) for row in self.conn.execute(query).mappings()]

    def open_at(self, lot_id: str, plate_hash: str) -> SessionRow | None:
        query = select(session).where(
            session.c.plate_hash == plate_hash,
            session.c.lot == lot_id,
            session.c.status == "open",
            session.c.void.is_(False),
        )
        row = self.conn.execute(query.order_by(session.c.id.desc())).mappings().first()
        return SessionRow(**row) if row else None

    def with_event(self, plate_hash: str, event: str, since: datetime) -> SessionRow | None:
        for row in self.of_plate(plate_hash, since):
            if event in row.event_ids:
                return row
        return None

    def is_inside(self, plate_hash: str) -> bool:
        query = select(session.c.id).where(
            session.c.plate_hash == plate_hash, session.c.status == "open"
        )
        return self.conn.execute(query.limit(1)).first() is not None

    def inside(self, lot_id: str, since: datetime) -> int:
        """Vehicles the gates let in and not yet out; forgotten ones age out."""
        query = select(func.count()).select_from(session)
        query = query.where(
            session.c.lot == lot_id, session.c.status == "open", session.c.entered_at >= since
        )
        return self.conn.scalar(query) or 0

    def during(
        self, lot_id: str, start: datetime, end: datetime
    ) -> list[tuple[datetime, datetime | None]]:
        """(entered, left) of the stays that touch a period, for counting who was inside."""
        ended = func.coalesce(session.c.left_at, session.c.ended_by)
        query = select(session.c.entered_at, ended.label("ended")).where(
            session.c.lot == lot_id,
            session.c.void.is_(False),
            session.c.entered_at < end,
            or_(ended.is_(None), ended > start),
        )
        return [(row.entered_at, row.ended) for row in self.conn.execute(query)]

    def arrears_of(self, plate_hash: str) -> int:
        owed = select(func.coalesce(func.sum(session.c.due_fen), 0))
        return int(self.conn.scalar(owed.where(session.c.plate_hash == plate_hash)) or 0)

    def due_at(self, lot_id: str, plate_hash: str) -> int:
        owed = select(func.coalesce(func.sum(session.c.due_fen), 0))
        here = (session.c.plate_hash == plate_hash, session.c.lot == lot_id)
        return int(self.conn.scalar(owed.where(*here)) or 0)

    def arrears(self, lot_id: str, page: Page) -> tuple[list[SessionRow], str]:
        query = select(session).where(
            session.c.lot == lot_id, self.in_areas(session.c.lot), session.c.due_fen > 0
        )
        query = query.order_by(session.c.id)
        if page.after is not None:
            query = query.where(session.c.id > page.after)
        return page_of(self.conn, query, page, SessionRow, "id")

    def arrears_total(self, lot_id: str) -> int:
        owed = select(func.coalesce(func.sum(session.c.due_fen), 0))
        here = (session.c.lot == lot_id, self.in_areas(session.c.lot))
        return int(self.conn.scalar(owed.where(*here)) or 0)

    def plates_of(self, session_ids: Iterable[str]) -> dict[str, str | None]:
        """Plates of stays of the caller's areas, to be masked before anybody sees them."""
        query = select(session.c.id, session.c.plate).where(
            session.c.id.in_(list(session_ids)), self.in_areas(session.c.lot)
        )
        return {row.id: row.plate for row in self.conn.execute(query)}

    def disputes(self, lot_id: str, page: Page) -> tuple[list[SessionRow], str]:
        query = select(session).where(
            session.c.lot == lot_id,
            self.in_areas(session.c.lot),
            session.c.disputed_at.is_not(None),
            session.c.resolved_at.is_(None),
        )
        query = query.order_by(session.c.id)
        if page.after is not None:
            query = query.where(session.c.id > page.after)
        return page_of(self.conn, query, page, SessionRow, "id")

    def add(self, row: Mapping[str, Any]) -> None:
        self.conn.execute(insert(session).values(**row))

    def change(self, session_id: str, **values: Any) -> None:
        self.conn.execute(update(session).where(session.c.id == session_id).values(**values))

    def withdraw(self, session_ids: Iterable[str]) -> None:
        """Sessions that corrected events no longer contain and nobody was billed for."""
        self.conn.execute(delete(session).where(session.c.id.in_(list(session_ids))))
