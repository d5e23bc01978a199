"""企业微信's callbacks: signed with SHA-1 over the token, sealed with AES-256-CBC.

Plain text: 16 random bytes, the length of the message (4 bytes, network order), the message, the
receiver's id; padded after PKCS#7 to blocks of 32. The IV is the key's first 16 bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

__all__ = ["Pressed", "Seal", "read_callback"]

WINDOW: Final = timedelta(minutes=5)
MAX_BODY: Final = 64 * 1024
_BLOCK: Final = 32
_RANDOM: Final = 16
_EVENT: Final = "template_card_event"


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button of a template card."""

    member: str
    key: str
    response_code: str


class Seal:
    """One application's token and EncodingAESKey."""

    def __init__(self, token: str, encoding_key: str, receiver: str) -> None:
        self._token = token
        self._key = base64.b64decode(encoding_key + "=", validate=True)
        if len(self._key) != 32:
            raise ValueError("an EncodingAESKey has 43 characters")
        self._receiver = receiver.encode()

    def signature(self, timestamp: str, nonce: str, sealed: str) -> str:
        """The four texts sorted, joined and hashed."""
        joined = "".join(sorted((self._token, timestamp, nonce, sealed)))
        return hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest()

    def opened(self, query: Mapping[str, str], sealed: str, now: datetime) -> bytes:
        """The message; PermissionError unless it was signed and sealed for us just now."""
        stamp = query.get("timestamp", "")
        right = self.signature(stamp, query.get("nonce", ""), sealed)
        if not hmac.compare_digest(right.encode(), query.get("msg_signature", "").encode()):
            raise PermissionError("the signature does not hold")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 11):
            raise PermissionError("no timestamp")
        if abs(now - datetime.fromtimestamp(int(stamp), UTC)) > WINDOW:
            raise PermissionError("the signature is too old or from the future")
        return self._unsealed(sealed)

    def sealed(self, message: bytes) -> str:
        """As the provider seals it: for replies, and for whoever plays the provider."""
        plain = os.urandom(_RANDOM) + struct.pack(">I", len(message)) + message + self._receiver
        pad = _BLOCK - len(plain) % _BLOCK
        worker = self._cipher().encryptor()
        done = worker.update(plain + bytes([pad]) * pad) + worker.finalize()
        return base64.b64encode(done).decode()

    def _unsealed(self, sealed: str) -> bytes:
        try:
            raw = base64.b64decode(sealed, validate=True)
            worker = self._cipher().decryptor()
            plain = worker.update(raw) + worker.finalize()
        except (binascii.Error, ValueError):
            raise PermissionError("it is not sealed") from None
        pad = plain[-1] if plain else 0
        if not 1 <= pad <= _BLOCK or len(plain) < _RANDOM + 4 + pad:
            raise PermissionError("it is not sealed")
        plain = plain[_RANDOM:-pad]
        (length,) = struct.unpack(">I", plain[:4])
        message, receiver = plain[4 : 4 + length], plain[4 + length :]
        if not hmac.compare_digest(receiver, self._receiver):
            raise PermissionError("it is for another receiver")
        return message

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))


def read_callback(
    seal: Seal, query: Mapping[str, str], body: bytes, now: datetime
) -> Pressed | str:
    """A pressed button, or what the provider wants to hear back."""
    if query.get("echostr"):
        return seal.opened(query, query["echostr"], now).decode()
    if len(body) > MAX_BODY:
        raise ValueError("too large")
    outer = _xml(body).findtext("Encrypt", "")
    told = _xml(seal.opened(query, outer, now))
    if told.findtext("MsgType") != "event" or told.findtext("Event") != _EVENT:
        return ""
    return Pressed(
        member=told.findtext("FromUserName", ""),
        key=told.findtext("EventKey", ""),
        response_code=told.findtext("ResponseCode", ""),
    )


def _xml(text: bytes) -> Element:
    try:
        return fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, LookupError):
        raise ValueError("no XML") from None
