"""Deliveries and their attempts in the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, insert, select, update
from xianban_sdk.identity import Scope
from xianban_sdk.repository import Repository, columns
from xianban_sdk.storage import insert_new

from xianban_notify.domain import Delivery, State
from xianban_notify.repository.tables import attempt, delivery


@dataclass(frozen=True)
class Asked:
    """An attempt that the worker is to make."""

    id: str
    delivery: str
    number: int
    created_at: datetime
    handed_at: datetime | None = None


class Deliveries(Repository):
    """Deliveries that the scope may see."""

    def __init__(self, conn: Connection, scope: Scope) -> None:
        super().__init__(conn, scope)

    def add(self, new: Delivery) -> bool:
        """False when this message is on its way there already."""
        return insert_new(self.conn, delivery, columns(new))

    def get(self, delivery_id: str) -> Delivery | None:
        """Locked until the transaction ends."""
        query = self._mine().where(delivery.c.id == delivery_id).with_for_update()
        return _first(self.conn.execute(query).mappings().all())

    def of_message(self, message_id: str) -> list[Delivery]:
        query = self._mine().where(delivery.c.message == message_id).order_by(delivery.c.id)
        return [_loaded(row) for row in self.conn.execute(query).mappings()]

    def under_way(self, message_id: str) -> list[Delivery]:
        """Those that reading the message may still stop."""
        states = [State.PENDING, State.RETRYING, State.SENDING]
        query = self._mine().where(delivery.c.message == message_id, delivery.c.state.in_(states))
        return [_loaded(row) for row in self.conn.execute(query.with_for_update()).mappings()]

    def by_id(self, ids: Iterable[str]) -> dict[str, Delivery]:
        rows = self.conn.execute(self._mine().where(delivery.c.id.in_(list(ids)))).mappings()
        return {row["id"]: _loaded(row) for row in rows}

    def save(self, changed: Delivery) -> None:
        where = delivery.c.id == changed.id
        self.conn.execute(update(delivery).where(where).values(columns(changed)))

    def forget(self, message_id: str) -> None:
        """Of a code that is replaced by a new one."""
        where = (self._own(), delivery.c.message == message_id)
        self.conn.execute(delete(delivery).where(*where))

    def _mine(self) -> Select[Any]:
        return select(delivery).where(self._own())

    def _own(self) -> ColumnElement[bool]:
        return self.own(delivery.c.recipient)


class Attempts:
    """Attempts on their way to the worker: the outbox of deliveries."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def ask(self, asked: Asked) -> None:
        self._conn.execute(insert(attempt).values(columns(asked)))

    def get(self, attempt_id: str) -> Asked | None:
        row = self._conn.execute(select(attempt).where(attempt.c.id == attempt_id)).mappings()
        found = row.first()
        return Asked(**found) if found else None

    def waiting(self, most: int) -> list[Asked]:
        """What no worker was given yet, oldest first."""
        query = select(attempt).where(attempt.c.handed_at.is_(None)).order_by(attempt.c.id)
        rows = self._conn.execute(query.limit(most)).mappings()
        return [Asked(**row) for row in rows]

    def oldest_waiting(self) -> datetime | None:
        """When the oldest of them was asked for."""
        query = select(attempt.c.created_at).where(attempt.c.handed_at.is_(None))
        return self._conn.scalar(query.order_by(attempt.c.id).limit(1))

    def handed(self, ids: Sequence[str], now: datetime) -> None:
        where = attempt.c.id.in_(list(ids))
        self._conn.execute(update(attempt).where(where).values(handed_at=now))

    def last(self, delivery_id: str, number: int) -> Asked | None:
        where = (attempt.c.delivery == delivery_id, attempt.c.number == number)
        found = self._conn.execute(select(attempt).where(*where)).mappings().first()
        return Asked(**found) if found else None


def _first(rows: Sequence[Any]) -> Delivery | None:
    return _loaded(rows[0]) if rows else None


def _loaded(row: Any) -> Delivery:
    values: dict[str, Any] = {**row, "state": State(row["state"])}
    return Delivery(**values)
