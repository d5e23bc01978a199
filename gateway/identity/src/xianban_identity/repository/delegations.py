"""Delegations and their history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select
from xianban_sdk.rpc import Scope

from xianban_identity.domain.delegation import OPEN, Delegation, Kind, Side, State
from xianban_identity.repository.people import phone_key
from xianban_identity.repository.tables import delegation, delegation_event

__all__ = [
    "Event",
    "Record",
    "add",
    "claim",
    "claim_for_clerk",
    "counts",
    "find",
    "history",
    "in_review",
    "load",
    "of",
    "open_between",
    "open_requests",
    "save",
    "unmatched",
    "write_event",
]


@dataclass(frozen=True, slots=True)
class Record:
    """A delegation with what the asker typed about the other side."""

    delegation: Delegation
    asked_name: str
    asked_until: datetime | None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a delegation's history."""

    id: str
    occurred_at: datetime
    action: str
    actor: str
    reason: str


def _mine(person: str) -> ColumnElement[bool]:
    return or_(delegation.c.delegate == person, delegation.c.subject == person)


def of(
    conn: Connection, scope: Scope, *, current: bool, now: datetime, before: str, size: int
) -> list[Record]:
    """The person's delegations, given and received, newest first."""
    query = select(delegation).where(_mine(scope.subject or ""))
    if current:
        alive = or_(delegation.c.ends_at.is_(None), delegation.c.ends_at > now)
        query = query.where(delegation.c.state.in_([s.value for s in OPEN]), alive)
    if before:
        query = query.where(delegation.c.id < before)
    rows = conn.execute(query.order_by(delegation.c.id.desc()).limit(size))
    return [_record(row) for row in rows]


def find(conn: Connection, scope: Scope, delegation_id: str) -> Record | None:
    """One of the person's own; somebody else's is as absent."""
    return _one(conn, _own(scope, delegation_id))


def claim(conn: Connection, scope: Scope, delegation_id: str) -> Record | None:
    """As `find`, and held until the transaction ends."""
    return _one(conn, _own(scope, delegation_id).with_for_update())


def claim_for_clerk(conn: Connection, scope: Scope, delegation_id: str) -> Record | None:
    """One that waits for a clerk; nothing else is a clerk's business."""
    if "identity-clerk" not in scope.roles:
        return None
    waiting = delegation.c.state == State.IN_REVIEW.value
    query = select(delegation).where(delegation.c.id == delegation_id, waiting, *_matched())
    return _one(conn, query.with_for_update())


def load(conn: Connection, delegation_id: str) -> Record | None:
    """For the clock: no person asks."""
    query = select(delegation).where(delegation.c.id == delegation_id)
    return _one(conn, query.with_for_update())


def in_review(
    conn: Connection, scope: Scope, *, now: datetime, after: str, size: int
) -> list[Record]:
    """The clerks' queue, oldest first; requests to unknown people are nobody's work yet."""
    if "identity-clerk" not in scope.roles:
        return []
    query = (
        select(delegation)
        .where(delegation.c.state == State.IN_REVIEW.value, delegation.c.id > after, *_matched())
        .where(or_(delegation.c.ends_at.is_(None), delegation.c.ends_at > now))
    )
    return [_record(row) for row in conn.execute(query.order_by(delegation.c.id).limit(size))]


def unmatched(conn: Connection, phone: str) -> list[Record]:
    """Requests to a phone number whose person was unknown when they were made."""
    query = select(delegation).where(
        delegation.c.asked_phone_hash == phone_key(phone),
        delegation.c.state.in_([State.PENDING.value, State.IN_REVIEW.value]),
        or_(delegation.c.delegate == "", delegation.c.subject == ""),
    )
    return [_record(row) for row in conn.execute(query.order_by(delegation.c.id))]


def counts(conn: Connection, delegate: str, subject: str, now: datetime) -> tuple[int, int]:
    """(delegates the subject has, subjects the delegate has) in force."""
    in_force = (
        delegation.c.state == State.ACTIVE.value,
        or_(delegation.c.ends_at.is_(None), delegation.c.ends_at > now),
    )
    total = select(func.count()).select_from(delegation).where(*in_force)
    return (
        conn.execute(total.where(delegation.c.subject == subject)).scalar_one(),
        conn.execute(total.where(delegation.c.delegate == delegate)).scalar_one(),
    )


def open_requests(conn: Connection, person: str, now: datetime) -> int:
    """How many of the person's own requests wait for an answer."""
    asked_by_me = or_(
        (delegation.c.requested_by == Side.DELEGATE.value) & (delegation.c.delegate == person),
        (delegation.c.requested_by == Side.SUBJECT.value) & (delegation.c.subject == person),
    )
    waiting = delegation.c.state.in_([State.PENDING.value, State.IN_REVIEW.value])
    alive = or_(delegation.c.ends_at.is_(None), delegation.c.ends_at > now)
    query = select(func.count()).select_from(delegation).where(asked_by_me, waiting, alive)
    return conn.execute(query).scalar_one()


def open_between(conn: Connection, item: Delegation, asker: str, phone: str, now: datetime) -> bool:
    """Whether this asker has the same thing open, or in force, with the same number."""
    mine = delegation.c.delegate if item.requested_by is Side.DELEGATE else delegation.c.subject
    query = select(delegation.c.id).where(
        mine == asker,
        delegation.c.kind == item.kind.value,
        delegation.c.asked_phone_hash == phone_key(phone),
        delegation.c.state.in_([s.value for s in OPEN]),
        or_(delegation.c.ends_at.is_(None), delegation.c.ends_at > now),
    )
    return conn.execute(query.limit(1)).first() is not None


def add(conn: Connection, record: Record, phone: str) -> None:
    """A new request."""
    conn.execute(
        delegation.insert().values(
            id=record.delegation.id,
            created_at=record.delegation.created_at,
            requested_by=record.delegation.requested_by.value,
            kind=record.delegation.kind.value,
            scopes=" ".join(record.delegation.scopes),
            asked_phone_hash=phone_key(phone),
            asked_name=record.asked_name,
            asked_until=record.asked_until,
            **_changing(record.delegation),
        )
    )


def save(conn: Connection, item: Delegation) -> None:
    """Writes what can change: the two sides, the state and the end."""
    where = delegation.c.id == item.id
    conn.execute(delegation.update().where(where).values(**_changing(item)))


def _changing(item: Delegation) -> dict[str, Any]:
    return {
        "delegate": item.delegate,
        "subject": item.subject,
        "state": item.state.value,
        "ends_at": item.ends_at,
        "auto_rule": item.auto_rule,
        "answered_at": item.answered_at,
    }


def write_event(conn: Connection, delegation_id: str, event: Event) -> None:
    """History only grows."""
    conn.execute(
        delegation_event.insert().values(
            id=event.id,
            delegation=delegation_id,
            occurred_at=event.occurred_at,
            action=event.action,
            actor=event.actor,
            reason=event.reason,
        )
    )


def history(
    conn: Connection, scope: Scope, delegation_id: str, *, after: str, size: int, veiled: bool
) -> list[Event]:
    """A delegation's history, oldest first, for its two sides only.

    `veiled`: without what would tell the asker that the other side is known.
    """
    query = (
        select(delegation_event)
        .join(delegation, delegation.c.id == delegation_event.c.delegation)
        .where(delegation.c.id == delegation_id, _mine(scope.subject or ""))
        .where(delegation_event.c.id > after)
    )
    if veiled:
        query = query.where(delegation_event.c.action != "sent_to_review")
    rows = conn.execute(query.order_by(delegation_event.c.id).limit(size))
    return [Event(row.id, row.occurred_at, row.action, row.actor, row.reason) for row in rows]


def _matched() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return delegation.c.delegate != "", delegation.c.subject != ""


def _own(scope: Scope, delegation_id: str) -> Select[Any]:
    mine = _mine(scope.subject or "")
    return select(delegation).where(delegation.c.id == delegation_id, mine)


def _one(conn: Connection, query: Select[Any]) -> Record | None:
    row = conn.execute(query).first()
    return _record(row) if row else None


def _record(row: Row[Any]) -> Record:
    item = Delegation(
        id=row.id,
        kind=Kind(row.kind),
        delegate=row.delegate,
        subject=row.subject,
        scopes=tuple(row.scopes.split()),
        state=State(row.state),
        requested_by=Side(row.requested_by),
        created_at=row.created_at,
        ends_at=row.ends_at,
        auto_rule=row.auto_rule,
        answered_at=row.answered_at,
    )
    return Record(item, row.asked_name, row.asked_until)
