"""Signing keys: one signs, the next is already published, the last stays until its tokens die."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from sqlalchemy import Connection
from xianban_sdk.storage import UnitOfWork

from xianban_identity.repository import signing_keys
from xianban_identity.repository.signing_keys import KeyRow

__all__ = ["ROTATE_TIMER", "ensure", "is_ours", "jwks", "rotate", "sign"]

ROTATE_TIMER = "rotate-signing-keys"
# The longest life of a token, and what verifiers allow their clocks to differ.
_TOKENS_DIE = timedelta(seconds=300 + 60)


def ensure(uow: UnitOfWork, period: timedelta) -> None:
    """At first start: a key that signs and the one that follows it."""
    now = uow.clock.now()
    if signing_keys.published(uow.conn, now):
        return
    _add(uow.conn, now, now)
    _add(uow.conn, now, now + period)
    uow.schedule(ROTATE_TIMER, "", now + period)


def rotate(uow: UnitOfWork, period: timedelta) -> None:
    """The next key signs from now on; a new next one is published."""
    now = uow.clock.now()
    keys = signing_keys.published(uow.conn, now)
    _successor = [key for key in keys if key.retire_at is None][-1]
    for key in keys:
        if key.kid != _successor.kid:
            signing_keys.retire(uow.conn, key.kid, now + _TOKENS_DIE)
    if _successor.active_from > now:
        signing_keys.activate(uow.conn, _successor.kid, now)
    _add(uow.conn, now, now + period)
    signing_keys.forget_retired(uow.conn, now)
    uow.schedule(ROTATE_TIMER, "", now + period)


def jwks(conn: Connection, now: datetime) -> dict[str, Any]:
    """The public keys, as published."""
    return {"keys": [json.loads(key.public) for key in signing_keys.published(conn, now)]}


def sign(conn: Connection, now: datetime, typ: str, claims: dict[str, Any]) -> str:
    """A compact JWS by the key of the hour."""
    # A retired key may have begun in the same instant as its successor.
    active = [key for key in signing_keys.published(conn, now) if key.active_from <= now]
    current = max(active, key=lambda key: (key.retire_at is None, key.active_from))
    header = {"alg": "ES256", "typ": typ, "kid": current.kid}
    return jwt.encode(header, claims, _imported(current.private), ["ES256"])


# Parsing costs more than signing; four keys are never alive at once.
@lru_cache(maxsize=4)
def _imported(private: str) -> ECKey:
    return ECKey.import_key(json.loads(private))


def _add(conn: Connection, now: datetime, active_from: datetime) -> None:
    key = ECKey.generate_key("P-256")
    marks = {"kid": key.thumbprint(), "use": "sig", "alg": "ES256"}
    public = {**key.as_dict(private=False), **marks}
    private = {**key.as_dict(private=True), **marks}
    row = KeyRow(marks["kid"], json.dumps(public), json.dumps(private), now, active_from)
    signing_keys.add(conn, row)


def is_ours(conn: Connection, now: datetime, token: str) -> bool:
    """Whether one of the published keys signed this, however old it is."""
    for key in signing_keys.published(conn, now):
        try:
            jws.deserialize_compact(token, ECKey.import_key(json.loads(key.public)), ["ES256"])
        except (JoseError, ValueError):
            continue
        return True
    return False
