"""The keys of this installation, derived from one secret; installed once at start-up."""

import threading
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["Keyring", "install_keys", "installed_keys"]


@dataclass(frozen=True)
class Keyring:
    """Keys for fields (the first encrypts, all decrypt), look-up hashes and paging."""

    fields: tuple[bytes, ...]
    lookup: bytes
    paging: bytes

    @classmethod
    def derive(cls, secret: bytes, *others: bytes, lookup: bytes = b"") -> "Keyring":
        """From the current secret; `others`, retired or to come, decrypt as well."""
        if len(secret) < 32:
            raise ValueError("the installation's secret has at least 32 bytes")
        fields = tuple(_derive(each, b"fields") for each in (secret, *others))
        # Look-up hashes must stay comparable with stored ones: they follow the oldest secret.
        oldest = lookup or (others[-1] if others else secret)
        return cls(fields, _derive(oldest, b"lookup"), _derive(secret, b"paging"))


class _Installed:
    keyring: Keyring | None = None
    lock = threading.Lock()


def install_keys(keyring: Keyring) -> None:
    """Give the process its keys, before the first encrypted column or page token is used."""
    with _Installed.lock:
        _Installed.keyring = keyring


def installed_keys() -> Keyring:
    if _Installed.keyring is None:
        raise RuntimeError("no keys: call install_keys(Keyring.derive(secret)) at start-up")
    return _Installed.keyring


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"xianban/" + purpose).derive(secret)
