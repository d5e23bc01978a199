"""RFC 8291 (message encryption for Web Push) over RFC 8188 (aes128gcm), and RFC 8292 (VAPID)."""

from __future__ import annotations

import base64
import json
import os
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["LONGEST", "encrypt", "key_of", "public_bytes", "token", "unpadded"]

# RFC 8291, 4: push services need not take more than 4096 bytes; header, delimiter and tag aside.
LONGEST: Final = 3993
_RECORD: Final = 4096
# RFC 8292, 2: at most 24 hours.
_TOKEN_LIFE: Final = timedelta(hours=12)
_CURVE: Final = ec.SECP256R1()
# The order of P-256 (FIPS 186-5).
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def encrypt(plain: bytes, browser_key: bytes, auth: bytes) -> bytes:
    """One aes128gcm record that only this browser can read; ValueError for a key off the curve."""
    own = ec.generate_private_key(_CURVE)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, browser_key)
    shared = own.exchange(ec.ECDH(), theirs)
    own_public = public_bytes(own.public_key())
    context = b"WebPush: info\0" + browser_key + own_public
    secret = _derive(shared, auth, context, 32)
    salt = os.urandom(16)
    key = _derive(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(secret, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + _RECORD.to_bytes(4, "big") + bytes([len(own_public)]) + own_public
    # 2: the last record's delimiter.
    return header + AESGCM(key).encrypt(nonce, plain + b"\x02", None)


def key_of(secret: bytes) -> ec.EllipticCurvePrivateKey:
    """The installation's VAPID key: the same for every process that has the secret."""
    derived = _derive(secret, b"", b"xianban vapid", 48)
    scalar = int.from_bytes(derived, "big") % (_ORDER - 1) + 1
    return ec.derive_private_key(scalar, _CURVE)


def public_bytes(key: ec.EllipticCurvePublicKey) -> bytes:
    """65 bytes, uncompressed: the form of both RFCs."""
    return key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


def token(key: ec.EllipticCurvePrivateKey, origin: str, contact: str, now: datetime) -> str:
    """The Authorization header's value for a push service."""
    head = _json({"typ": "JWT", "alg": "ES256"})
    until = int((now + _TOKEN_LIFE).timestamp())
    signed = f"{head}.{_json({'aud': origin, 'exp': until, 'sub': contact})}"
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    signature = unpadded(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={signed}.{signature}, k={unpadded(public_bytes(key.public_key()))}"


def unpadded(raw: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _json(value: dict[str, object]) -> str:
    return unpadded(json.dumps(value, separators=(",", ":")).encode())


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)
