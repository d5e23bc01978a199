"""What is signed: access tokens after RFC 9068, ID tokens after OpenID Connect."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from xianban_identity.domain.people import Person
from xianban_identity.domain.sessions import Session

__all__ = ["LIFE", "Grantee", "access_claims", "id_claims", "unverified_claims", "userinfo"]

# The longest life a service accepts.
LIFE = 300


@dataclass(frozen=True, slots=True)
class Grantee:
    """The person and the log-in a token is about."""

    person: Person
    session: Session


def access_claims(
    grantee: Grantee, *, client: str, audience: str, scope: str, jti: str, now: datetime
) -> dict[str, Any]:
    """An access token's claims, without issuer and end."""
    session = grantee.session
    return {
        "sub": grantee.person.id,
        "aud": audience,
        "client_id": client,
        "iat": int(now.timestamp()),
        "jti": jti,
        "acr": session.acr(now),
        "amr": list(session.amr),
        "auth_time": int(session.auth_time.timestamp()),
        "sid": session.id,
        "level": int(grantee.person.level),
        "scope": scope,
    }


def id_claims(
    grantee: Grantee, *, client: str, nonce: str, access_token: str, scope: str, now: datetime
) -> dict[str, Any]:
    """An ID token's claims, without the issuer."""
    session = grantee.session
    issued = int(now.timestamp())
    claims: dict[str, Any] = {
        "aud": client,
        "azp": client,
        "iat": issued,
        "exp": issued + LIFE,
        "auth_time": int(session.auth_time.timestamp()),
        "acr": session.acr(now),
        "amr": list(session.amr),
        "sid": session.id,
        "at_hash": _half_hash(access_token),
        **userinfo(grantee.person, scope),
    }
    return {**claims, "nonce": nonce} if nonce else claims


def userinfo(person: Person, scope: str) -> dict[str, Any]:
    """What a client may know of the person for these scopes."""
    granted = scope.split()
    claims: dict[str, Any] = {"sub": person.id}
    if "profile" in granted:
        claims |= {"name": person.name, "locale": person.locale, "profile_style": person.profile}
    if "phone" in granted:
        claims |= {"phone_number": f"+86{person.phone}", "phone_number_verified": True}
    return claims


def _half_hash(token: str) -> str:
    half = hashlib.sha256(token.encode("ascii")).digest()[:16]
    return base64.urlsafe_b64encode(half).decode().rstrip("=")


def unverified_claims(token: str) -> dict[str, object]:
    """The payload before any check: only to learn which check applies. {} when unreadable."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > 8192:
        return {}
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    return cast(dict[str, object], payload) if isinstance(payload, dict) else {}
