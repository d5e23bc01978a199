"""Codes of an authenticator app after RFC 6238: SHA-1, six digits, 30 seconds, as every app has it.

What is remembered is JSON: the key, the last step that was used, and the recovery codes' hashes.
Identity keeps it encrypted, counts the tries and locks.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
from dataclasses import asdict, dataclass, replace

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from xianban_identity.hookspecs import DeviceFactor, Kept, Setup, hookimpl

__all__ = ["Totp", "register_second_factor"]

_STEP = 30
_CODE = re.compile(r"[0-9]{6}", re.ASCII)
# 160 bits, as RFC 4226 section 4 recommends.
_KEY = 20
_RECOVERY_CODES = 10
# No vowels and nothing that looks like something else: read from paper, typed on a phone.
_ALPHABET = "23456789BCDFGHJKMNPQRTVWXZ"
_RECOVERY = re.compile(rf"[{_ALPHABET}]{{10}}", re.ASCII)
_GROUP = 5


@dataclass(frozen=True, slots=True)
class _Memory:
    """What lies in the secret."""

    key: str
    # Codes of this step and before are used up.
    step: int = 0
    salt: str = ""
    recovery: tuple[str, ...] = ()

    @classmethod
    def read(cls, secret: str) -> _Memory:
        raw = json.loads(secret)
        return cls(raw["key"], raw["step"], raw["salt"], tuple(raw["recovery"]))

    def write(self) -> str:
        return json.dumps(asdict(self))


class Totp:
    """Set up with a QR code or a typed key; each code and each recovery code is good once."""

    id = "totp"
    amr = "otp"

    def begin(self, issuer: str, account: str) -> Setup:
        """A fresh key for the person's app."""
        key = os.urandom(_KEY)
        typed = base64.b32encode(key).decode()
        uri = _totp(key).get_provisioning_uri(account, issuer)
        return Setup(secret=_Memory(typed).write(), uri=uri, key=typed)

    def confirm(self, secret: str, given: str, at: float) -> Kept | None:
        """The app shows the right code: from here on it counts, with ten recovery codes."""
        used = _used_code(_Memory.read(secret), given, at)
        return self.renew(used.write()) if used else None

    def answer(self, secret: str, given: str, at: float) -> str | None:
        """A code of now, one step before or after; or a recovery code."""
        memory = _Memory.read(secret)
        used = _used_code(memory, given, at) or _used_recovery(memory, given)
        return used.write() if used else None

    def renew(self, secret: str) -> Kept:
        """Ten recovery codes; those before are void."""
        codes = [_recovery_code() for _ in range(_RECOVERY_CODES)]
        salt = os.urandom(16).hex()
        hashes = tuple(_hash(_bare(code), salt) for code in codes)
        fresh = replace(_Memory.read(secret), salt=salt, recovery=hashes)
        return Kept(fresh.write(), tuple(codes))

    def left(self, secret: str) -> int:
        """Recovery codes that are not used yet."""
        return len(_Memory.read(secret).recovery)


def _totp(key: bytes) -> TOTP:
    return TOTP(key, 6, SHA1(), _STEP)  # noqa: S303 what the apps know; HMAC does not need collisions


def _used_code(memory: _Memory, given: str, at: float) -> _Memory | None:
    code = re.sub(r"\s", "", given)
    if not _CODE.fullmatch(code):
        return None
    totp, now = _totp(base64.b32decode(memory.key)), int(at) // _STEP
    for step in (now - 1, now, now + 1):
        fits = step >= 0 and hmac.compare_digest(totp.generate(step * _STEP), code.encode())
        if fits and step > memory.step:
            return replace(memory, step=step)
    return None


def _used_recovery(memory: _Memory, given: str) -> _Memory | None:
    bare = _bare(given)
    if not _RECOVERY.fullmatch(bare) or not memory.recovery:
        return None
    hashed = _hash(bare, memory.salt)
    left = tuple(kept for kept in memory.recovery if not hmac.compare_digest(kept, hashed))
    return replace(memory, recovery=left) if len(left) < len(memory.recovery) else None


def _recovery_code() -> str:
    drawn = "".join(secrets.choice(_ALPHABET) for _ in range(2 * _GROUP))
    return f"{drawn[:_GROUP]}-{drawn[_GROUP:]}"


def _bare(code: str) -> str:
    return re.sub(r"[\s-]", "", code).upper()


def _hash(bare: str, salt: str) -> str:
    return hashlib.scrypt(bare.encode(), salt=bytes.fromhex(salt), n=2**13, r=8, p=1).hex()


@hookimpl
def register_second_factor() -> DeviceFactor:
    """The authenticator app."""
    return Totp()
