"""Log-ins."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select
from xianban_sdk.rpc import Scope

from xianban_identity.domain.sessions import Session
from xianban_identity.repository.tables import session

__all__ = ["add", "by_cookie", "claim", "load", "of", "save"]


def of(conn: Connection, scope: Scope, now: datetime) -> list[Session]:
    """The person's standing log-ins, most recently used first."""
    query = select(session).where(
        session.c.person == scope.subject, session.c.ended_at.is_(None), session.c.expires_at > now
    )
    rows = conn.execute(query.order_by(session.c.last_used_at.desc(), session.c.id.desc()))
    return [_session(row) for row in rows]


def claim(conn: Connection, scope: Scope, session_id: str) -> Session | None:
    """One of the person's own."""
    query = select(session).where(session.c.id == session_id, session.c.person == scope.subject)
    return _one(conn, query.with_for_update())


def load(conn: Connection, session_id: str) -> Session | None:
    """For the token endpoint, which holds the session's id from a token of ours."""
    return _one(conn, select(session).where(session.c.id == session_id).with_for_update())


def by_cookie(conn: Connection, cookie_hash: str) -> Session | None:
    """The log-in of a browser; its cookie is the proof."""
    return _one(conn, select(session).where(session.c.cookie_hash == cookie_hash))


def add(conn: Connection, item: Session, cookie_hash: str) -> None:
    """A new log-in."""
    values = {"id": item.id, "person": item.person, "created_at": item.created_at}
    conn.execute(session.insert().values(cookie_hash=cookie_hash, **values, **_changing(item)))


def save(conn: Connection, item: Session) -> None:
    """Writes a log-in back."""
    conn.execute(session.update().where(session.c.id == item.id).values(**_changing(item)))


def _changing(item: Session) -> dict[str, Any]:
    return {
        "client": item.client,
        "device": item.device,
        "last_used_at": item.last_used_at,
        "expires_at": item.expires_at,
        "auth_time": item.auth_time,
        "amr": " ".join(item.amr),
        "strong_at": item.strong_at,
        "ended_at": item.ended_at,
        "end_reason": item.end_reason,
    }


def _one(conn: Connection, query: Select[Any]) -> Session | None:
    row = conn.execute(query).first()
    return _session(row) if row else None


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        person=row.person,
        client=row.client,
        device=row.device,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
        auth_time=row.auth_time,
        amr=tuple(row.amr.split()),
        strong_at=row.strong_at,
        ended_at=row.ended_at,
        end_reason=row.end_reason,
    )
