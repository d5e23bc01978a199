"""Six digits, remembered as a scrypt hash with its own salt."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re

from xianban_identity.hookspecs import SecondFactor, hookimpl

__all__ = ["Pin", "register_second_factor"]

_PIN = re.compile(r"[0-9]{6}", re.ASCII)
_SALT = 16
_RUNS = ("0123456789", "9876543210")


class Pin:
    """Chosen by the person after a fresh code; identity counts the tries and locks."""

    id = "pin"
    amr = "pin"

    def enrol(self, given: str) -> str:
        """The salted hash; ValueError for a PIN that is guessed first."""
        if not _PIN.fullmatch(given) or _is_obvious(given):
            raise ValueError("six digits, neither all the same nor counting")
        salt = os.urandom(_SALT)
        return base64.b64encode(salt + _hash(given, salt)).decode()

    def verify(self, secret: str, given: str, at: float) -> bool:
        """Compares in constant time."""
        raw = base64.b64decode(secret)
        salt, kept = raw[:_SALT], raw[_SALT:]
        return hmac.compare_digest(kept, _hash(given, salt))


def _hash(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=2**13, r=8, p=1)


def _is_obvious(pin: str) -> bool:
    return len(set(pin)) == 1 or any(pin in run for run in _RUNS)


@hookimpl
def register_second_factor() -> SecondFactor:
    """The PIN."""
    return Pin()
