"""Page tokens: opaque to clients and authenticated, so that nobody pages outside their query."""

import base64
import binascii
import hmac
from typing import Any

import orjson

from xianban_sdk.errors import InvalidArgument
from xianban_sdk.storage.keys import installed_keys

__all__ = ["decode_page", "encode_page"]

_TAG = 16


def encode_page(position: dict[str, Any]) -> str:
    """Where the next page starts; put the query's own parameters in, and compare them on return."""
    body = orjson.dumps(position, option=orjson.OPT_SORT_KEYS)
    return base64.urlsafe_b64encode(_tag(body) + body).decode().rstrip("=")


def decode_page(token: str, field: str = "page_token") -> dict[str, Any]:
    """The position in `token`, or an empty one for the first page."""
    if not token:
        return {}
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        raise InvalidArgument("PAGE_TOKEN_INVALID", field=field) from None
    tag, body = raw[:_TAG], raw[_TAG:]
    if not hmac.compare_digest(tag, _tag(body)):
        raise InvalidArgument("PAGE_TOKEN_INVALID", field=field)
    return orjson.loads(body)


def _tag(body: bytes) -> bytes:
    return hmac.digest(installed_keys().paging, body, "sha256")[:_TAG]
