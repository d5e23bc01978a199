"""private_key_jwt (RFC 7523): the client signs who it is; each assertion is good once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from sqlalchemy import Connection

from xianban_identity.oidc.clients import Client
from xianban_identity.oidc.tokens import unverified_claims
from xianban_identity.repository import credentials

__all__ = ["ASSERTION_TYPE", "authenticated"]

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST = timedelta(minutes=5)
_SKEW = timedelta(seconds=30)


def claimed_client(assertion: str) -> str:
    """Who the assertion says it is; worth nothing before `authenticated` says yes."""
    subject = unverified_claims(assertion).get("sub")
    return subject if isinstance(subject, str) else ""


def authenticated(
    conn: Connection, client: Client, assertion: str, audiences: frozenset[str], now: datetime
) -> bool:
    """Whether the client itself signed this, for us, just now, and for the first time."""
    claims = _verified(client, assertion)
    if claims is None or claims.get("iss") != client.id or claims.get("sub") != client.id:
        return False
    expires = _expiry(claims)
    if expires is None or not now - _SKEW < expires <= now + _LONGEST:
        return False
    if not _is_for_us(claims.get("aud"), audiences) or not _has_begun(claims, now):
        return False
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 8 <= len(jti) <= 256:
        return False
    return credentials.assertion_is_new(conn, client.id, jti, expires + _SKEW)


def _verified(client: Client, assertion: str) -> dict[str, Any] | None:
    for key in client.keys:
        public = {name: key[name] for name in ("kty", "crv", "x", "y")}
        try:
            token = jwt.decode(assertion, ECKey.import_key(public), algorithms=["ES256"])
        except (JoseError, ValueError, json.JSONDecodeError):
            continue
        return token.claims
    return None


def _expiry(claims: dict[str, Any]) -> datetime | None:
    expires = claims.get("exp")
    if not isinstance(expires, int) or isinstance(expires, bool):
        return None
    return datetime.fromtimestamp(expires, UTC) if 0 < expires < 1 << 33 else None


def _has_begun(claims: dict[str, Any], now: datetime) -> bool:
    latest = (now + _SKEW).timestamp()
    return all(
        isinstance(claims[name], int | float) and claims[name] <= latest
        for name in ("nbf", "iat")
        if name in claims
    )


def _is_for_us(audience: object, ours: frozenset[str]) -> bool:
    named = cast(list[object], audience) if isinstance(audience, list) else [audience]
    return len(named) == 1 and named[0] in ours
