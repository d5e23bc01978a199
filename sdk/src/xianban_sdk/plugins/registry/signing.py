"""Ed25519 over what is published; a private key is a file that its owner alone may read."""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from xianban_sdk.plugins.registry.refusals import RegistryRefused

__all__ = ["Signature", "make_key", "public_text", "read_key", "read_signature", "sign", "verify"]

_PREFIX: Final = "ed25519:"
# What is signed says what it is: a signature for one thing is none for another.
_CONTEXT: Final = b"xianban-plugins-v1\n"
_OTHERS: Final = 0o077
_LARGEST: Final = 4096


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed, and the signature."""

    key: str
    """ "ed25519:…", the public key."""
    value: str
    """base64."""

    def dump(self) -> bytes:
        """As a file."""
        return orjson.dumps({"key": self.key, "signature": self.value}) + b"\n"


def make_key(file: Path) -> Ed25519PrivateKey:
    """A new key in a file of mode 0600; RegistryRefused where there is one already."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise RegistryRefused("key-unwritable", str(file), why=error.strerror or "") from None
    with os.fdopen(handle, "wb") as opened:
        opened.write(pem)
    return key


def read_key(file: Path) -> Ed25519PrivateKey:
    """The private key; refused when others may read the file, or it is none."""
    try:
        if file.stat().st_mode & _OTHERS:
            raise RegistryRefused("key-open", str(file))
        key = load_pem_private_key(file.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise RegistryRefused("key-unreadable", str(file), why=str(error)) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise RegistryRefused("key-unreadable", str(file), why="Ed25519")
    return key


def public_text(key: Ed25519PrivateKey) -> str:
    """The public key as people hand it on."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return _PREFIX + base64.b64encode(raw).decode()


def sign(key: Ed25519PrivateKey, what: bytes) -> Signature:
    """A signature over bytes."""
    return Signature(public_text(key), base64.b64encode(key.sign(_CONTEXT + what)).decode())


def read_signature(raw: bytes, where: str) -> Signature:
    """The signature in a file."""
    try:
        table = orjson.loads(raw[:_LARGEST])
        return Signature(str(table["key"]), str(table["signature"]))
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise RegistryRefused("signature-unreadable", where) from None


def verify(signature: Signature, what: bytes, where: str) -> None:
    """RegistryRefused unless the key signed exactly these bytes."""
    try:
        raw = base64.b64decode(signature.key.removeprefix(_PREFIX), validate=True)
        value = base64.b64decode(signature.value, validate=True)
        Ed25519PublicKey.from_public_bytes(raw).verify(value, _CONTEXT + what)
    except (InvalidSignature, ValueError, binascii.Error):
        raise RegistryRefused("signature-wrong", where) from None
