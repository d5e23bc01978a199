"""Use cases of log-ins."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp
from xianban.identity.v1 import events_pb2
from xianban_sdk.errors import NotFound
from xianban_sdk.rpc import Scope
from xianban_sdk.storage import UnitOfWork

from xianban_identity.domain.sessions import Session
from xianban_identity.repository import credentials, sessions

__all__ = ["end", "end_session"]


def end(session_id: str, *, uow: UnitOfWork, scope: Scope) -> Session:
    """A person ends one of their log-ins, wherever it is."""
    found = sessions.claim(uow.conn, scope, session_id)
    if found is None:
        raise NotFound("SESSION_NOT_FOUND", field="name")
    return end_session(found, "ended_by_person", uow=uow)


def end_session(session: Session, reason: str, *, uow: UnitOfWork) -> Session:
    """Refresh tokens die at once, access tokens by their own age."""
    if session.ended_at is not None:
        return session
    now = uow.clock.now()
    ended = session.end(now, reason)
    sessions.save(uow.conn, ended)
    credentials.revoke_session(uow.conn, session.id, now)
    occurred = Timestamp()
    occurred.FromDatetime(now)
    event = events_pb2.SessionEnded(
        session=session.id, person=session.person, reason=reason, occur_time=occurred
    )
    uow.emit(event, aggregate=f"sessions/{session.id}")
    return ended
