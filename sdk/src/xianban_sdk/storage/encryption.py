"""Encrypted columns and hashes to look them up by."""

import base64
import hashlib
import hmac
import os
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Dialect, LargeBinary, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from xianban_sdk.storage.keys import Keyring, installed_keys

__all__ = ["Cipher", "Encrypted", "installed_cipher", "keyed_hash"]

_VERSION = b"\x01"
_KEY_ID = 4
_NONCE = 12


class Cipher:
    """AES-256-GCM. Each value carries the id of its key, so that keys can be rotated."""

    def __init__(self, keyring: Keyring | None = None) -> None:
        keys = (keyring or installed_keys()).fields
        self._keys = {_key_id(key): AESGCM(key) for key in keys}
        self._current = _key_id(keys[0])

    @property
    def mark(self) -> bytes:
        """What a value begins with that is encrypted now."""
        return _VERSION + self._current

    @property
    def older_marks(self) -> list[bytes]:
        """What those begin with that other known keys encrypted."""
        return [_VERSION + each for each in self._keys if each != self._current]

    def encrypt(self, value: bytes, context: bytes = b"") -> bytes:
        """`context` (a column's name, say) must be the same to decrypt."""
        nonce = os.urandom(_NONCE)
        sealed = self._keys[self._current].encrypt(nonce, value, context)
        return _VERSION + self._current + nonce + sealed

    def decrypt(self, value: bytes, context: bytes = b"") -> bytes:
        key_id = value[1 : 1 + _KEY_ID]
        if value[:1] != _VERSION or key_id not in self._keys:
            raise ValueError("encrypted with a key this installation does not have")
        nonce = value[1 + _KEY_ID : 1 + _KEY_ID + _NONCE]
        return self._keys[key_id].decrypt(nonce, value[1 + _KEY_ID + _NONCE :], context)


class Encrypted(TypeDecorator[Any]):
    """A column encrypted at rest: `Encrypted(Text)` takes str, `Encrypted(LargeBinary)` bytes."""

    impl = LargeBinary
    cache_ok = True

    def __init__(
        self, plain: type[TypeEngine[Any]] | TypeEngine[Any] = Text, context: str = ""
    ) -> None:
        super().__init__()
        kind = plain if isinstance(plain, type) else type(plain)
        self.binary = issubclass(kind, LargeBinary)
        self.context = context

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        plain = value if self.binary else value.encode()
        return installed_cipher().encrypt(plain, self.context.encode())

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        if value is None:
            return None
        plain = installed_cipher().decrypt(bytes(value), self.context.encode())
        return plain if self.binary else plain.decode()


def installed_cipher() -> Cipher:
    """Of the installed keys; kept, for making one costs several times what a value does."""
    return _cipher(installed_keys())


@lru_cache(maxsize=2)
def _cipher(keyring: Keyring) -> Cipher:
    return Cipher(keyring)


def keyed_hash(value: str) -> str:
    """The same value always gives the same hash, which nobody without the key can compute."""
    digest = hmac.digest(installed_keys().lookup, value.encode(), "sha256")
    return base64.b32encode(digest).decode().rstrip("=")


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()[:_KEY_ID]
