"""An order sealed into a link: the provider's side needs no call to open one."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Any, Final

import orjson
from xianban_parking.hookspecs import PaymentOrder

__all__ = ["open_order", "seal_order"]

LONGEST: Final = 4096
_SEAL: Final = b"order."


def seal_order(secret: bytes, order: PaymentOrder) -> str:
    """The same order gives the same text."""
    fields = {
        "payment": order.payment,
        "amount_fen": order.amount_fen,
        "title": order.title,
        "callback_url": order.callback_url,
        "return_url": order.return_url,
    }
    body = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
    return f"{base64.urlsafe_b64encode(body).decode()}.{_mark(secret, body)}"


def open_order(secret: bytes, token: str) -> PaymentOrder:
    """The order of a link; PermissionError when nobody of us made it."""
    text, _, mark = token[:LONGEST].rpartition(".")
    try:
        body = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise PermissionError("the order's link is damaged") from None
    if not hmac.compare_digest(mark.encode(), _mark(secret, body).encode()):
        raise PermissionError("the order's link is not ours")
    fields: dict[str, Any] = orjson.loads(body)
    return PaymentOrder(**fields)


def _mark(secret: bytes, body: bytes) -> str:
    # Another prefix than message signatures have: neither can pass for the other.
    return hmac.new(secret, _SEAL + body, hashlib.sha256).hexdigest()
