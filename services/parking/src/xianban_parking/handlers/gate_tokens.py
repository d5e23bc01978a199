"""Reservation tokens: compact JWS (ES256) that a gate checks with public keys and nothing else."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, cast
from weakref import WeakKeyDictionary

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from sqlalchemy import Engine
from xianban_sdk.storage import UnitOfWork

from xianban_parking.domain.errors import ReservationError
from xianban_parking.domain.gate_tokens import GateDecision, TokenClaims, check_at_gate
from xianban_parking.repository import MACHINE
from xianban_parking.repository.keys import GateKeys

__all__ = ["check_offline", "ensure_key", "plate_digest", "public_keys", "read_token", "sign"]

TYPE = "xianban-gate+jws"
ALGORITHM = "ES256"
MAX_TOKEN = 2048
# Every reservation signs with the same key; a new one is taken up after this at the latest.
KNOWN_SECONDS = 60.0
PUBLIC = ("kid", "kty", "crv", "x", "y", "alg", "use")

_known: WeakKeyDictionary[Engine, tuple[float, ECKey]] = WeakKeyDictionary()


def plate_digest(text: str) -> str:
    """Salted with the reservation's id by the domain: a gate needs no secret to compare."""
    return hashlib.sha256(text.encode()).hexdigest()


def ensure_key(uow: UnitOfWork) -> ECKey:
    """The signing key of this installation, made once."""
    database = uow.conn.engine
    if (known := _known.get(database)) is not None and time.monotonic() < known[0]:
        return known[1]
    key = _key_of(_stored(uow))
    kept = (time.monotonic() + KNOWN_SECONDS, key)
    # Only a key that is committed is remembered: another would verify nowhere.
    uow.after_commit(lambda: _known.update({database: kept}))
    return key


def _stored(uow: UnitOfWork) -> str:
    keys = GateKeys(uow.conn, MACHINE)
    found = keys.current()
    if found is None:
        made = ECKey.generate_key("P-256", {"kid": uow.ids.new(), "alg": ALGORITHM, "use": "sig"})
        keys.add(str(made.kid), json.dumps(made.as_dict(private=True)), uow.clock.now())
        found = keys.current()
    return cast(str, found)


@lru_cache(maxsize=4)
def _key_of(private: str) -> ECKey:
    # Every reservation signs with the same one.
    return ECKey.import_key(json.loads(private))


def sign(key: ECKey, claims: TokenClaims) -> str:
    header = {"alg": ALGORITHM, "typ": TYPE, "kid": key.kid}
    return jws.serialize_compact(header, json.dumps(_payload(claims)), key, [ALGORITHM])


def public_keys(keys: GateKeys) -> list[dict[str, str]]:
    """What a gate downloads once and checks with for years."""
    return [_public(ECKey.import_key(json.loads(private))) for private in keys.all()]


def read_token(token: str, keys: Iterable[Mapping[str, str]]) -> TokenClaims:
    """The claims of a token that one of the keys signed; ReservationError otherwise."""
    if len(token) > MAX_TOKEN:
        raise ReservationError("TOKEN_INVALID", "token")
    try:
        return _claims(_verified(token, keys))
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise ReservationError("TOKEN_INVALID", "token") from error


def check_offline(
    token: str, keys: Iterable[Mapping[str, str]], lot: str, plate: str, at: datetime
) -> GateDecision:
    """What a gate without a network decides: signature, lot, plate and time."""
    return check_at_gate(read_token(token, keys), lot, plate, at, plate_hash=plate_digest)


def _verified(token: str, keys: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    found = jws.extract_compact(token.encode())
    header = found.headers()
    if header.get("typ") != TYPE or header.get("alg") != ALGORITHM:
        raise ValueError("not a gate token")
    for key in keys:
        if key.get("kid") == header.get("kid"):
            signed = jws.deserialize_compact(token, ECKey.import_key(dict(key)), [ALGORITHM])
            return cast("dict[str, Any]", json.loads(signed.payload))
    raise ValueError("unknown key")


def _payload(claims: TokenClaims) -> dict[str, Any]:
    return {
        "jti": claims.reservation,
        "lot": claims.lot,
        "ph": claims.plate_hash,
        "nbf": _seconds(claims.not_before),
        "sta": _seconds(claims.starts_at),
        "end": _seconds(claims.ends_at),
        "exp": _seconds(claims.expires_at),
        "ver": claims.version,
    }


def _claims(payload: Mapping[str, Any]) -> TokenClaims:
    return TokenClaims(
        reservation=str(payload["jti"]),
        lot=str(payload["lot"]),
        plate_hash=str(payload["ph"]),
        not_before=_instant(payload["nbf"]),
        starts_at=_instant(payload["sta"]),
        ends_at=_instant(payload["end"]),
        expires_at=_instant(payload["exp"]),
        version=int(payload["ver"]),
    )


def _public(key: ECKey) -> dict[str, str]:
    full = key.as_dict(private=False)
    return {name: str(full[name]) for name in PUBLIC if name in full}


def _seconds(instant: datetime) -> int:
    return int(instant.timestamp())


def _instant(seconds: Any) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
