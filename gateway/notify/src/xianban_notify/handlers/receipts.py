"""The right to tell what became of a delivery: an address that nobody can guess."""

from __future__ import annotations

import hashlib
import hmac

from xianban_sdk.errors import NotFound

_DIGITS = 32
_ULID = 26


def receipt_of(delivery: str, secret: bytes) -> str:
    """The last part of a receipt address."""
    return f"{delivery}.{_digest(delivery, secret)}"


def delivery_of(receipt: str, secret: bytes) -> str:
    """The delivery that a receipt is about; NOT_FOUND for one that we did not give out."""
    delivery, _, digest = receipt.partition(".")
    if len(delivery) != _ULID or not hmac.compare_digest(
        digest.encode(), _digest(delivery, secret).encode()
    ):
        raise NotFound("RECEIPT_NOT_FOUND", field="receipt")
    return delivery


def _digest(delivery: str, secret: bytes) -> str:
    return hmac.new(secret, f"receipt:{delivery}".encode(), hashlib.sha256).hexdigest()[:_DIGITS]
