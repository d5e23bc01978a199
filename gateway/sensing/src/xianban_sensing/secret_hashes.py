"""Devices' secrets as the broker checks them: Mosquitto's own form of a password."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Final

__all__ = ["matches", "new_secret", "sealed"]

_SECRET_BYTES: Final = 32
_SALT_BYTES: Final = 12
# Mosquitto's default. The secret is 256 random bits: a slow hash would only slow log-ins down.
_ITERATIONS: Final = 101


def new_secret() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def sealed(secret: str) -> str:
    """`$7$iterations$salt$hash`: PBKDF2 with HMAC-SHA512, 64 bytes, as mosquitto_passwd writes."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return f"$7${_ITERATIONS}${_text(salt)}${_text(_hash(secret, salt, _ITERATIONS))}"


def matches(secret: str, kept: str) -> bool:
    """False for anything that is not of this form, too."""
    parts = kept.split("$")
    if len(parts) != 5 or parts[1] != "7" or not parts[2].isdigit():
        return False
    expected = base64.b64decode(parts[4])
    found = _hash(secret, base64.b64decode(parts[3]), int(parts[2]))
    return hmac.compare_digest(found, expected)


def _hash(secret: str, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", secret.encode(), salt, iterations)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
