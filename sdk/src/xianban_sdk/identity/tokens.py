"""Checks access tokens: ES256, ``at+jwt``, at most 300 s, one exact audience.

Claims read: ``sub`` (the actor), ``iss``, ``aud``, ``exp``, ``iat``, ``nbf``, ``client_id``,
``acr`` ("urn:xianban:acr:2"), ``amr``, ``district``, ``sid`` (session) and ``level`` (real-name
level, a number).
A workload's ``sub`` is ``workload:<name>``.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import OrderedDict
from threading import Lock
from typing import Any, Final, NoReturn, cast

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from xianban_sdk.clock import Clock
from xianban_sdk.errors import Unauthenticated
from xianban_sdk.identity.jwks import JwksSource
from xianban_sdk.identity.principal import Principal
from xianban_sdk.telemetry import log

__all__ = ["WORKLOAD_PREFIX", "TokenVerifier"]

WORKLOAD_PREFIX: Final = "workload:"
_ACR_PREFIX: Final = "urn:xianban:acr:"
_MAX_BYTES: Final = 8192
_MAX_LIFE: Final = 300
_SKEW: Final = 5
_CACHE_SECONDS: Final = 60
_CACHE_SIZE: Final = 4096
_TYPES: Final = frozenset({"at+jwt", "application/at+jwt"})
# A token never brings its own key, nor extensions we would have to understand.
_FORBIDDEN_HEADERS: Final = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "b64"})


class TokenVerifier:
    """Turns a token into a Principal, or refuses it. Verified tokens are remembered ≤ 60 s."""

    def __init__(self, keys: JwksSource, issuer: str, audience: str, clock: Clock) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._lock = Lock()
        self._verified: OrderedDict[bytes, tuple[Principal, float]] = OrderedDict()

    def verify(self, token: str) -> Principal:
        """The principal of a valid token; Unauthenticated otherwise."""
        now = self._clock.now().timestamp()
        if len(token) > _MAX_BYTES:
            _refuse("too long")
        digest = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        known = self._verified.get(digest)
        # Both bounds: a clock that was set back must not stretch a remembered token's life.
        if known is not None and known[1] - _CACHE_SECONDS <= now < known[1]:
            return known[0]
        principal = self._check(token, now)
        self._remember(digest, principal, min(principal.expires, now + _CACHE_SECONDS))
        return principal

    def _remember(self, digest: bytes, principal: Principal, until: float) -> None:
        with self._lock:
            self._verified[digest] = (principal, until)
            if len(self._verified) > _CACHE_SIZE:
                self._verified.popitem(last=False)

    def forget(self) -> None:
        """Drops every remembered token, e.g. after a key was withdrawn."""
        with self._lock:
            self._verified.clear()

    def _check(self, token: str, now: float) -> Principal:
        header = _header(token)
        key = self._keys.key(header["kid"])
        if key is None:
            _refuse("unknown kid")
        claims = _signed_claims(token, key)
        self._check_claims(claims, now)
        return _principal(claims)

    def _check_claims(self, claims: dict[str, Any], now: float) -> None:
        if claims.get("iss") != self._issuer:
            _refuse("wrong issuer")
        if claims.get("aud") not in (self._audience, [self._audience]):
            _refuse("wrong audience")
        expires, issued = _instant(claims, "exp"), _instant(claims, "iat")
        if not 0 < expires - issued <= _MAX_LIFE or issued > now + _SKEW:
            _refuse("life out of bounds")
        if "nbf" in claims and _instant(claims, "nbf") > now + _SKEW:
            _refuse("not yet valid")
        if expires + _SKEW <= now:
            raise Unauthenticated("TOKEN_EXPIRED")


def _header(token: str) -> dict[str, str]:
    parts = token.split(".")
    if len(parts) != 3 or not all(parts):
        _refuse("not a JWT")
    header = _json(parts[0])
    if header.get("alg") != "ES256":
        _refuse("algorithm")
    if str(header.get("typ", "")).lower() not in _TYPES:
        _refuse("type")
    if _FORBIDDEN_HEADERS & header.keys() or not isinstance(header.get("kid"), str):
        _refuse("header")
    return cast(dict[str, str], header)


def _json(part: str) -> dict[str, Any]:
    try:
        value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        _refuse("not JSON")
    if not isinstance(value, dict):
        _refuse("not an object")
    return cast(dict[str, Any], value)


def _signed_claims(token: str, key: ECKey) -> dict[str, Any]:
    try:
        jws.deserialize_compact(token, key, algorithms=["ES256"])
    except (JoseError, ValueError) as error:
        _refuse(f"signature: {error}")
    return _json(token.split(".")[1])


def _instant(claims: dict[str, Any], name: str) -> int:
    value = claims.get(name)
    # bool is an int in Python, and "1893456000" is not a number.
    if not isinstance(value, int) or isinstance(value, bool):
        _refuse(f"{name} is not a number")
    return value


def _principal(claims: dict[str, Any]) -> Principal:
    actor = claims.get("sub")
    if not isinstance(actor, str) or not 0 < len(actor) <= 128:
        _refuse("no subject")
    amr = claims.get("amr")
    workload = actor.removeprefix(WORKLOAD_PREFIX) if actor.startswith(WORKLOAD_PREFIX) else None
    return Principal(
        actor=actor,
        client=_text(claims, "client_id"),
        acr=_acr(claims),
        amr=tuple(str(item) for item in cast(list[Any], amr)) if isinstance(amr, list) else (),
        district=_text(claims, "district"),
        session=_text(claims, "sid"),
        level=_number(claims, "level"),
        workload=workload,
        expires=float(cast(int, claims["exp"])),
    )


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def _acr(claims: dict[str, Any]) -> int:
    value = _text(claims, "acr").removeprefix(_ACR_PREFIX)
    return int(value) if value.isascii() and value.isdigit() and len(value) < 4 else 0


def _number(claims: dict[str, Any], name: str) -> int:
    # acr comes as "urn:xianban:acr:2": the level is what follows the last colon.
    value = str(claims.get(name, "")).rpartition(":")[2]
    return int(value) if value.isascii() and value.isdigit() and len(value) < 4 else 0


def _refuse(why: str) -> NoReturn:
    # The caller learns nothing about which rule it broke; the log does.
    log.info("token_refused", why=why)
    raise Unauthenticated("TOKEN_INVALID")
