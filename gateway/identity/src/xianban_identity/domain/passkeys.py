"""Passkeys: keys that a person's devices hold and unlock themselves (W3C WebAuthn level 3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from xianban_identity.domain.errors import Invalid

__all__ = ["AMR", "CHALLENGE_LIFE", "MOST_PASSKEYS", "Party", "Passkey", "named"]

# RFC 8176: a key was shown to be held, its holder was there, and the device had checked who it is.
AMR = ("pop", "user", "mfa")
CHALLENGE_LIFE = timedelta(minutes=10)
MOST_PASSKEYS = 10
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Party:
    """Whom browsers take us for: the domain of our passkeys, the one origin they work at."""

    id: str
    origin: str

    @classmethod
    def of(cls, issuer: str) -> Party | None:
        """None where browsers allow no passkeys: at an address of numbers, or without TLS."""
        parts = urlsplit(issuer)
        host = (parts.hostname or "").lower()
        local = host == "localhost" or host.endswith(".localhost")
        if not host or ":" in host or host.replace(".", "").isdigit():
            return None
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            return None
        return cls(host, f"{parts.scheme}://{parts.netloc.lower()}")


@dataclass(frozen=True, slots=True)
class Passkey:
    """One registered passkey."""

    id: str
    person: str
    credential: bytes
    # AAGUID, id and COSE key as the authenticator gave them (WebAuthn 6.5.1).
    attested: bytes
    sign_count: int
    name: str
    transports: tuple[str, ...]
    # Synchronised by its maker, so that it outlives the device.
    synced: bool
    created_at: datetime
    last_used_at: datetime | None = None

    def counts_back(self, given: int) -> bool:
        """A counter that does not grow tells of a copy (WebAuthn 7.2 step 22); 0 counts nothing."""
        return (given != 0 or self.sign_count != 0) and given <= self.sign_count


def named(raw: str) -> str:
    """What the person calls the device, in one line."""
    name = " ".join(raw.split())
    if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable():
        raise Invalid("PASSKEY_NAME_INVALID", field="name", params={"limit": _LONGEST_NAME})
    return name
