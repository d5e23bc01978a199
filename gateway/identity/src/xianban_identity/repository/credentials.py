"""Authorization codes, refresh tokens and client assertions; kept as hashes, good once.

No caller's scope stands in these signatures: the secret itself is the right to ask.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update
from xianban_sdk.storage import insert_new, upsert

from xianban_identity.repository.tables import (
    authorization_code,
    client_approval,
    client_assertion,
    refresh_token,
    spent_code,
)

__all__ = [
    "Approval",
    "CodeRow",
    "RefreshRow",
    "add_code",
    "add_refresh",
    "approval",
    "approve_client",
    "assertion_is_new",
    "digest",
    "find_refresh",
    "forget_old",
    "mark_used",
    "revoke_grant",
    "revoke_session",
    "spent_grant",
    "take_code",
]


def digest(secret: str) -> str:
    """Secrets here have 256 random bits: a plain hash can't be reversed."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class CodeRow:
    """What an authorization code stands for."""

    grant_id: str
    client: str
    session: str
    person: str
    redirect_uri: str
    scope: str
    resources: tuple[str, ...]
    nonce: str
    challenge: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RefreshRow:
    """What a refresh token stands for."""

    token_hash: str
    grant_id: str
    session: str
    person: str
    client: str
    scope: str
    resources: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """What a person let a third-party client have."""

    scope: frozenset[str]
    resources: frozenset[str]


def add_code(conn: Connection, code: str, row: CodeRow) -> None:
    """A code that was just issued."""
    values = {name: getattr(row, name) for name in CodeRow.__slots__ if name != "resources"}
    conn.execute(
        authorization_code.insert().values(
            code_hash=digest(code), resources=" ".join(row.resources), **values
        )
    )


def take_code(conn: Connection, code: str, now: datetime) -> CodeRow | None:
    """The code's one use: of two racers one gets the row, whatever comes of it afterwards."""
    where = authorization_code.c.code_hash == digest(code)
    row = conn.execute(
        delete(authorization_code).where(where).returning(*authorization_code.c)
    ).first()
    if row is None:
        return None
    spent = {"code_hash": row.code_hash, "grant_id": row.grant_id, "spent_at": now}
    conn.execute(spent_code.insert().values(spent))
    return _code(row)


def spent_grant(conn: Connection, code: str) -> str | None:
    """The grant a used code belonged to."""
    query = select(spent_code.c.grant_id).where(spent_code.c.code_hash == digest(code))
    return conn.execute(query).scalar()


def add_refresh(conn: Connection, row: RefreshRow) -> None:
    """A refresh token that was just issued."""
    values = {name: getattr(row, name) for name in RefreshRow.__slots__ if name != "resources"}
    conn.execute(refresh_token.insert().values(resources=" ".join(row.resources), **values))


def find_refresh(conn: Connection, token: str) -> RefreshRow | None:
    """Held until the transaction ends: of two racers the second sees it used."""
    query = select(refresh_token).where(refresh_token.c.token_hash == digest(token))
    row = conn.execute(query.with_for_update()).first()
    return _refresh(row) if row else None


def mark_used(conn: Connection, token_hash: str, now: datetime) -> None:
    """A second sight of it means that somebody copied it."""
    where = refresh_token.c.token_hash == token_hash
    conn.execute(update(refresh_token).where(where).values(used_at=now))


def revoke_grant(conn: Connection, grant_id: str, now: datetime) -> None:
    """All refresh tokens of one authorization."""
    _revoke(conn, refresh_token.c.grant_id == grant_id, now)


def revoke_session(conn: Connection, session_id: str, now: datetime) -> None:
    """All refresh tokens of one log-in, and codes that still wait."""
    _revoke(conn, refresh_token.c.session == session_id, now)
    conn.execute(delete(authorization_code).where(authorization_code.c.session == session_id))


def _revoke(conn: Connection, where: Any, now: datetime) -> None:
    standing = refresh_token.c.revoked_at.is_(None)
    conn.execute(update(refresh_token).where(where, standing).values(revoked_at=now))


def assertion_is_new(conn: Connection, client: str, jti: str, expires_at: datetime) -> bool:
    """False when this assertion was shown before."""
    row = {"jti_hash": digest(f"{client}\n{jti}"), "expires_at": expires_at}
    return insert_new(conn, client_assertion, row)


def approval(conn: Connection, person: str, client: str) -> Approval:
    """What the person let the client have so far."""
    where = (client_approval.c.person == person, client_approval.c.client == client)
    row = conn.execute(select(client_approval).where(*where)).first()
    if row is None:
        return Approval(frozenset(), frozenset())
    return Approval(frozenset(row.scope.split()), frozenset(row.resources.split()))


def approve_client(
    conn: Connection, person: str, client: str, granted: Approval, now: datetime
) -> None:
    """The person said yes on the consent screen."""
    row = {
        "person": person,
        "client": client,
        "scope": " ".join(sorted(granted.scope)),
        "resources": " ".join(sorted(granted.resources)),
        "approved_at": now,
    }
    upsert(conn, client_approval, row)


def forget_old(conn: Connection, now: datetime, before: datetime) -> None:
    """Drops what can't matter any more: dead assertions at once, spent codes and tokens later."""
    conn.execute(delete(client_assertion).where(client_assertion.c.expires_at < now))
    conn.execute(delete(authorization_code).where(authorization_code.c.expires_at < now))
    conn.execute(delete(spent_code).where(spent_code.c.spent_at < before))
    conn.execute(delete(refresh_token).where(refresh_token.c.expires_at < before))


def _code(row: Row[Any]) -> CodeRow:
    values = {name: getattr(row, name) for name in CodeRow.__slots__ if name != "resources"}
    return CodeRow(resources=tuple(row.resources.split()), **values)


def _refresh(row: Row[Any]) -> RefreshRow:
    values = {name: getattr(row, name) for name in RefreshRow.__slots__ if name != "resources"}
    return RefreshRow(resources=tuple(row.resources.split()), **values)
