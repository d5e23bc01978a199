"""Subscriptions, each its organisation's, and what is still to be sent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, true, update
from xianban_sdk import repository
from xianban_sdk.errors import NotFound
from xianban_sdk.storage import insert_new

from xianban_sensing.domain.subscriptions import Record, Subscription
from xianban_sensing.repository.stored import text_of, value_of
from xianban_sensing.repository.tables import notification, subscription, subscription_type

__all__ = ["Kept", "Notifications", "Subscriptions", "Waiting"]

_ROW = subscription.c


@dataclass(frozen=True, slots=True)
class Kept:
    """A subscription as it is kept: its document is read again with its context."""

    id: str
    document: Any
    context: Any
    active: bool
    record: Record


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notification that nobody has received yet."""

    id: str
    subscription: str
    body: str
    made_at: datetime
    due_at: datetime
    traceparent: str = ""
    attempts: int = 0


class Subscriptions(repository.Repository):
    """Those of one organisation; of all for the service's own work ("")."""

    def __init__(self, conn: Connection, scope: repository.Scope, organisation: str) -> None:
        super().__init__(conn, scope)
        self._organisation = organisation

    def get(self, id_: str) -> Kept:
        """Raises where the organisation has none of this id."""
        row = self.conn.execute(select(subscription).where(_ROW.id == id_, self._mine())).first()
        if row is None:
            raise NotFound("SUBSCRIPTION_NOT_FOUND", field="id")
        return _kept(row)

    def listed(self, limit: int, offset: int) -> tuple[list[Kept], bool]:
        """A page by id, and whether more follow."""
        query = select(subscription).where(self._mine()).order_by(_ROW.id)
        found = [_kept(row) for row in self.conn.execute(query.limit(limit + 1).offset(offset))]
        return found[:limit], len(found) > limit

    def counted(self) -> int:
        query = select(func.count()).select_from(subscription).where(self._mine())
        return self.conn.execute(query).scalar_one()

    def of_types(self, types: Collection[str], now: datetime) -> list[Kept]:
        """Those that may want to hear of entities of these types."""
        interested = select(subscription_type.c.subscription).where(
            subscription_type.c.type.in_(types)
        )
        live = (_ROW.active, or_(_ROW.expires_at.is_(None), _ROW.expires_at > now), self._mine())
        query = select(subscription).where(_ROW.id.in_(interested), *live).order_by(_ROW.id)
        return [_kept(row) for row in self.conn.execute(query)]

    def add(self, new: Subscription, now: datetime) -> bool:
        """False when the id is taken, by whomever."""
        row = _row(new, now) | {
            "id": new.id,
            "organisation": self._organisation,
            "times_sent": 0,
            "times_failed": 0,
            "created_at": now,
        }
        if not insert_new(self.conn, subscription, row):
            return False
        self._typed(new)
        return True

    def save(self, changed: Subscription, now: datetime) -> None:
        of_it = (_ROW.id == changed.id, self._mine())
        self.conn.execute(update(subscription).where(*of_it).values(_row(changed, now)))
        gone = subscription_type.c.subscription == changed.id
        self.conn.execute(delete(subscription_type).where(gone))
        self._typed(changed)

    def remove(self, id_: str) -> None:
        """With what was still to be sent."""
        self.get(id_)
        self.conn.execute(delete(subscription).where(_ROW.id == id_))
        for table in (subscription_type, notification):
            self.conn.execute(delete(table).where(table.c.subscription == id_))

    def _typed(self, of: Subscription) -> None:
        for kind in {wanted.type for wanted in of.entities}:
            insert_new(self.conn, subscription_type, {"type": kind, "subscription": of.id})

    def _mine(self) -> ColumnElement[bool]:
        if self.unrestricted:
            return true()
        return _ROW.organisation == self._organisation


class Notifications(repository.Repository):
    """What is to be sent; the service's own work."""

    def add(self, waiting: Waiting) -> None:
        self.conn.execute(
            insert(notification).values(**{n: getattr(waiting, n) for n in Waiting.__slots__})
        )

    def due(self, now: datetime, size: int) -> list[tuple[Waiting, Kept]]:
        """The oldest of each subscription that is on, where its time has come.

        One at a time: a receiver hears of changes in their order.
        """
        oldest = (
            select(func.min(notification.c.id).label("id"))
            .group_by(notification.c.subscription)
            .subquery()
        )
        on = (_ROW.active, or_(_ROW.expires_at.is_(None), _ROW.expires_at > now))
        query = (
            select(*(notification.c[name] for name in Waiting.__slots__), *_STATE)
            .join(oldest, oldest.c.id == notification.c.id)
            .join(subscription, _ROW.id == notification.c.subscription)
            .where(notification.c.due_at <= now, *on)
            .order_by(notification.c.due_at)
        )
        found = self.conn.execute(query.limit(size)).all()
        return [(_waiting(row), _kept_of(row)) for row in found]

    def sent(self, waiting: Waiting, now: datetime) -> None:
        """The receiver has it."""
        self.forget(waiting.id)
        values = {"times_sent": _ROW.times_sent + 1, "last_success": now, "last_notification": now}
        self._note(waiting.subscription, values)

    def failed(self, waiting: Waiting, now: datetime, due_at: datetime | None) -> None:
        """It has not, and is tried again, unless there is no further time."""
        if due_at is None:
            self.forget(waiting.id)
        else:
            later = {"due_at": due_at, "attempts": waiting.attempts + 1}
            mine = notification.c.id == waiting.id
            self.conn.execute(update(notification).where(mine).values(later))
        values = {
            "times_failed": _ROW.times_failed + 1,
            "last_failure": now,
            "last_notification": now,
        }
        self._note(waiting.subscription, values)

    def forget(self, id_: str) -> None:
        self.conn.execute(delete(notification).where(notification.c.id == id_))

    def _note(self, id_: str, values: dict[str, Any]) -> None:
        self.conn.execute(update(subscription).where(_ROW.id == id_).values(values))


_STATE = [
    _ROW.document,
    _ROW.context,
    _ROW.active,
    _ROW.times_sent,
    _ROW.times_failed,
    _ROW.last_notification,
    _ROW.last_success,
    _ROW.last_failure,
]


def _row(of: Subscription, now: datetime) -> dict[str, Any]:
    return {
        "document": text_of(of.document),
        "context": text_of(of.context),
        "active": of.active,
        "expires_at": of.expires_at,
        "modified_at": now,
    }


def _kept(row: Any) -> Kept:
    return _state(row.id, row)


def _kept_of(row: Any) -> Kept:
    return _state(row.subscription, row)


def _state(id_: str, row: Any) -> Kept:
    record = Record(
        row.times_sent, row.times_failed, row.last_notification, row.last_success, row.last_failure
    )
    return Kept(id_, value_of(row.document), value_of(row.context), row.active, record)


def _waiting(row: Any) -> Waiting:
    return Waiting(**{name: getattr(row, name) for name in Waiting.__slots__})
