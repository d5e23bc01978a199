"""Turns a granted right into tokens."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from xianban_sdk.storage import UnitOfWork

from xianban_identity.domain.sessions import Session
from xianban_identity.oidc import keys
from xianban_identity.oidc.provider import Provider
from xianban_identity.oidc.tokens import LIFE, Grantee, access_claims, id_claims
from xianban_identity.repository import credentials, people, sessions
from xianban_identity.repository.credentials import RefreshRow

__all__ = ["Granted", "access_token", "grantee_of", "personal_tokens", "workload_token"]

REFRESH_LIFE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Granted:
    """What a person granted a client, once; refresh tokens of it share the id."""

    id: str
    client: str
    scope: str
    resources: tuple[str, ...]


def grantee_of(uow: UnitOfWork, session_id: str) -> Grantee | None:
    """The person behind a session that still stands, or None."""
    session = sessions.load(uow.conn, session_id)
    if session is None or not session.stands(uow.clock.now()):
        return None
    person = people.find(uow.conn, session.person)
    return Grantee(person, session) if person and not person.deceased else None


def personal_tokens(
    provider: Provider,
    uow: UnitOfWork,
    grantee: Grantee,
    granted: Granted,
    *,
    audience: str,
    nonce: str = "",
    refreshable: bool = False,
) -> dict[str, Any]:
    """A token response for a person."""
    now = uow.clock.now()
    token = access_token(provider, uow, grantee, granted.client, audience, granted.scope)
    answer: dict[str, Any] = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": LIFE,
        "scope": granted.scope,
    }
    if "openid" in granted.scope.split():
        claims = id_claims(
            grantee,
            client=granted.client,
            nonce=nonce,
            access_token=token,
            scope=granted.scope,
            now=now,
        )
        answer["id_token"] = keys.sign(uow.conn, now, "JWT", {"iss": provider.issuer, **claims})
    if refreshable:
        answer["refresh_token"] = _refresh_token(uow, grantee.session, granted, now)
    sessions.save(uow.conn, replace(grantee.session, last_used_at=now))
    return answer


def access_token(
    provider: Provider,
    uow: UnitOfWork,
    grantee: Grantee,
    client: str,
    audience: str,
    scope: str,
    expires: int | None = None,
) -> str:
    """One access token for one audience; `expires` may only shorten its life."""
    now = uow.clock.now()
    claims = access_claims(
        grantee, client=client, audience=audience, scope=scope, jti=uow.ids.new(), now=now
    )
    claims["exp"] = min(int(now.timestamp()) + LIFE, expires or 1 << 40)
    return _signed(provider, uow, claims)


def workload_token(
    provider: Provider, uow: UnitOfWork, client: str, audience: str
) -> dict[str, Any]:
    """A token response for a process of the suite, with no person behind it."""
    issued = int(uow.clock.now().timestamp())
    claims = {
        "sub": f"workload:{client}",
        "aud": audience,
        "client_id": client,
        "iat": issued,
        "exp": issued + LIFE,
        "jti": uow.ids.new(),
    }
    token = _signed(provider, uow, claims)
    return {"access_token": token, "token_type": "Bearer", "expires_in": LIFE}


def _signed(provider: Provider, uow: UnitOfWork, claims: dict[str, Any]) -> str:
    whole = {"iss": provider.issuer, "district": provider.settings.district, **claims}
    return keys.sign(uow.conn, uow.clock.now(), "at+jwt", whole)


def _refresh_token(uow: UnitOfWork, session: Session, granted: Granted, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    row = RefreshRow(
        token_hash=credentials.digest(token),
        grant_id=granted.id,
        session=session.id,
        person=session.person,
        client=granted.client,
        scope=granted.scope,
        resources=granted.resources,
        issued_at=now,
        expires_at=min(now + REFRESH_LIFE, session.expires_at),
    )
    credentials.add_refresh(uow.conn, row)
    return token
