"""Who is on duty, and to which alert somebody was sent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update
from xianban_sdk.alerts import State
from xianban_sdk.alerts.tables import alert
from xianban_sdk.repository import columns
from xianban_sdk.storage import insert_new

from xianban_eldercare.repository.muster_tables import (
    responder,
    responder_sent,
    responder_source,
)
from xianban_eldercare.repository.narrowing import Repository

__all__ = ["Muster", "ResponderRow", "ResponderSourceRow"]


@dataclass(frozen=True, slots=True)
class ResponderSourceRow:
    id: str
    names: str
    plugin: str
    read_at: datetime | None = None
    failed_at: datetime | None = None
    error: str = ""
    unread: int = 0


@dataclass(frozen=True, slots=True)
class ResponderRow:
    id: str
    source: str
    person: str
    duty_until: datetime
    state: str
    told_at: datetime
    detail: str


class Muster(Repository):
    """Sources, who is on duty, who was sent where."""

    def introduce(self, row: ResponderSourceRow) -> None:
        """Its names may be others in the plugin's next version; what was read stays."""
        if not insert_new(self.conn, responder_source, columns(row)):
            self._source(row.id, names=row.names, plugin=row.plugin)

    def sources(self, ids: Collection[str]) -> list[ResponderSourceRow]:
        query = select(responder_source).where(responder_source.c.id.in_(ids))
        rows = self.conn.execute(query.order_by(responder_source.c.id)).mappings()
        return [ResponderSourceRow(**row) for row in rows]

    def failed(self, source: str, error: str, now: datetime) -> None:
        self._source(source, failed_at=now, error=error[:500])

    def replace(
        self, source: str, rows: Collection[ResponderRow], unread: int, now: datetime
    ) -> None:
        """Who is no longer told is forgotten at once."""
        self.conn.execute(delete(responder).where(responder.c.source == source))
        if rows:
            self.conn.execute(responder.insert(), [columns(row) for row in rows])
        self._source(source, read_at=now, unread=unread, error="")

    def forget(self, now: datetime) -> None:
        """Whose duty is over, whatever a source that is silent told before."""
        self.conn.execute(delete(responder).where(responder.c.duty_until <= now))

    def on_duty(self, sources: Collection[str], now: datetime) -> list[ResponderRow]:
        query = select(responder).where(
            responder.c.source.in_(sources), responder.c.duty_until > now
        )
        rows = self.conn.execute(query.order_by(responder.c.id)).mappings()
        return [ResponderRow(**row) for row in rows]

    def find(self, key: str, now: datetime) -> ResponderRow | None:
        """On duty, by id."""
        return self._first(responder.c.id == key, now)

    def of_person(self, person: str, now: datetime) -> ResponderRow | None:
        """On duty, by their account."""
        return self._first(responder.c.person == person, now)

    def sent(self, responders: Collection[str]) -> dict[str, str]:
        """Responder → the alert that is not dealt with to which they were sent."""
        query = (
            select(responder_sent.c.responder, responder_sent.c.alert)
            .join(alert, alert.c.id == responder_sent.c.alert)
            .where(responder_sent.c.responder.in_(responders), alert.c.state < State.RESOLVED)
        )
        return {row.responder: row.alert for row in self.conn.execute(query)}

    def send(self, row: ResponderRow, alert_id: str, now: datetime) -> bool:
        """False when they are already sent to another alert that is not dealt with."""
        values = {"person": row.person, "alert": alert_id, "sent_at": now}
        same = responder_sent.c.responder == row.id
        while not insert_new(self.conn, responder_sent, {"responder": row.id, **values}):
            # Locked: two desks must not both find them free. Let go in between, they are free.
            before = select(responder_sent.c.alert).where(same).with_for_update()
            if self.conn.scalar(before) is None:
                continue
            if self.sent([row.id]).get(row.id, alert_id) != alert_id:
                return False
            self.conn.execute(update(responder_sent).where(same).values(**values))
            return True
        return True

    def released(self, alert_id: str) -> None:
        """Somebody else was sent instead."""
        self.conn.execute(delete(responder_sent).where(responder_sent.c.alert == alert_id))

    def _first(self, same: ColumnElement[bool], now: datetime) -> ResponderRow | None:
        query = select(responder).where(same, responder.c.duty_until > now)
        row = self.conn.execute(query.order_by(responder.c.id)).mappings().first()
        return ResponderRow(**row) if row else None

    def _source(self, source: str, **values: object) -> None:
        same = responder_source.c.id == source
        self.conn.execute(update(responder_source).where(same).values(**values))
