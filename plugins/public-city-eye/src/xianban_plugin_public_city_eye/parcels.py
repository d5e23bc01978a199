"""What was pushed: one XML text. What came beside it is counted and let go, never looked at."""

from __future__ import annotations

from email import policy
from email.message import Message
from email.parser import BytesParser
from typing import Final, cast

__all__ = ["Unreadable", "opened"]

_XML: Final = frozenset({"application/soap+xml", "application/xml", "text/xml"})
_XOP: Final = "application/xop+xml"


class Unreadable(ValueError):
    """No notification can be found in the body: an UPPER_SNAKE reason."""


def opened(body: bytes, content_type: str) -> tuple[bytes, int]:
    """The XML, and how many other parts there were."""
    if not content_type.lower().startswith("multipart/"):
        return body, 0
    parts = _parts(body, content_type)
    texts = [part for part in parts if part.get_content_type() in (*_XML, _XOP)]
    if len(texts) != 1:
        raise Unreadable("NOT_ONE_NOTIFICATION")
    found = texts[0].get_payload(decode=True)
    return found if isinstance(found, bytes) else b"", len(parts) - 1


def _parts(body: bytes, content_type: str) -> list[Message]:
    # The header must not bring a header of its own.
    if any(ord(one) < 32 for one in content_type) or len(content_type) > 512:
        raise Unreadable("CONTENT_TYPE")
    try:
        head = f"Content-Type: {content_type}\r\n\r\n".encode("ascii")
    except UnicodeEncodeError:
        raise Unreadable("CONTENT_TYPE") from None
    whole = BytesParser(policy=policy.compat32).parsebytes(head + body)
    if not whole.is_multipart():
        raise Unreadable("NOT_MULTIPART")
    return cast("list[Message]", whole.get_payload())
