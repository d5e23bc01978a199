"""Signs tokens as identity would, and wrongly where a test wants to see a refusal."""

from __future__ import annotations

from typing import Any, Final

from joserfc import jwt
from joserfc.jwk import ECKey

from xianban_sdk.clock import Clock
from xianban_sdk.demo import PEOPLE, person_id

__all__ = ["TestIssuer"]

_LIFE: Final = 300


class TestIssuer:
    """An issuer with one key."""

    __test__ = False  # not a test class, whatever its name says to pytest

    def __init__(self, clock: Clock, issuer: str = "http://127.0.0.1:8080") -> None:
        self.issuer = issuer
        self.key = ECKey.generate_key("P-256", {"kid": "test", "use": "sig"})
        self._clock = clock

    def jwks(self) -> dict[str, Any]:
        """The public keys."""
        return {"keys": [{**self.key.as_dict(private=False), "kid": "test"}]}

    def claims(self, actor: str, audience: str, **changes: Any) -> dict[str, Any]:
        """The claims of a good token; a change of None leaves the claim out."""
        now = int(self._clock.now().timestamp())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": actor,
            "aud": audience,
            "iat": now,
            "exp": now + _LIFE,
            "client_id": "test",
            "acr": "urn:xianban:acr:1",
            "amr": ["otp"],
            "sid": "test-session",
            "level": 2,
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """A token of these claims; header fields may be replaced."""
        head = {"alg": "ES256", "typ": "at+jwt", "kid": "test", **header}
        return jwt.encode(head, claims, self.key)

    def token(self, person: str, audience: str, **changes: Any) -> str:
        """A demo person's (by alias) or anybody's (by id) token."""
        actor = person_id(person) if person in PEOPLE else person
        return self.sign(self.claims(actor, audience, **changes))

    def workload(self, name: str, audience: str, **changes: Any) -> str:
        """A process's token."""
        return self.sign(self.claims(f"workload:{name}", audience, **changes))
