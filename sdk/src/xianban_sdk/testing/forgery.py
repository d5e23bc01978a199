"""The forged tokens that every service must refuse by itself, whatever stands before it."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from xianban_sdk.clock import Clock
from xianban_sdk.demo import PEOPLE, person_id
from xianban_sdk.testing.issuer import TestIssuer

__all__ = ["forged_tokens"]


def forged_tokens(issuer: TestIssuer, clock: Clock, person: str, audience: str) -> dict[str, str]:
    """Eighteen forgeries of a person's token for a service, by the name of the trick."""
    actor = person_id(person) if person in PEOPLE else person
    now = int(clock.now().timestamp())
    good = issuer.claims(actor, audience)
    header, payload, signature = issuer.sign(good).split(".")
    other = ECKey.generate_key("P-256")

    def changed(**claims: Any) -> str:
        return issuer.sign(issuer.claims(actor, audience, **claims))

    def by_other_key(**extra: Any) -> str:
        return jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": "test", **extra}, good, other)

    def unsigned(alg: str) -> str:
        return f"{_encoded({'alg': alg, 'typ': 'at+jwt', 'kid': 'test'})}.{payload}.x"

    return {
        "alg none": unsigned("none"),
        "alg nOnE": unsigned("nOnE"),
        "HS256 with the public key": _with_public_key_as_secret(issuer, payload),
        "expired": changed(iat=now - 400, exp=now - 100),
        "wrong aud": changed(aud="another-service"),
        "aud list without us": changed(aud=["one-service", "another-service"]),
        "wrong iss": changed(iss="http://evil.example"),
        "nbf in the future": changed(nbf=now + 60),
        "no exp": changed(exp=None),
        "exp as text": changed(exp="4102444800"),
        "ID token as access token": issuer.sign(good, typ="JWT"),
        "other key, same kid": by_other_key(),
        "embedded jwk": by_other_key(jwk=other.as_dict(private=False)),
        "tampered payload": f"{header}.{_encoded({**good, 'sub': 'x'})}.{signature}",
        "2 MB": "a" * 2_000_000,
        "not a JWT": "not-a-token",
        "empty signature": f"{header}.{payload}.",
        "unknown kid": issuer.sign(good, kid="unknown"),
    }


def _with_public_key_as_secret(issuer: TestIssuer, payload: str) -> str:
    header = _encoded({"alg": "HS256", "typ": "at+jwt", "kid": "test"})
    signed = f"{header}.{payload}"
    # By hand: joserfc refuses to make such a token.
    digest = hmac.digest(issuer.key.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def _encoded(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
