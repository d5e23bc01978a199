"""XML of strangers: bounded, without DTD; elements by their local names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

__all__ = ["MAX_BYTES", "Unreadable", "opened", "text_of"]

MAX_BYTES: Final = 1024 * 1024


class Unreadable(ValueError):
    """A document that cannot be taken as it is: an UPPER_SNAKE reason, and where."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason} {detail}".strip())
        self.reason = reason
        self.detail = detail[:200]


def opened(body: bytes) -> Element:
    """The document's root; Unreadable."""
    if len(body) > MAX_BYTES:
        raise Unreadable("TOO_LARGE")
    try:
        return fromstring(body, forbid_dtd=True)
    except DefusedXmlException:
        raise Unreadable("XML_WITH_DTD") from None
    except (ParseError, ValueError, LookupError):
        raise Unreadable("NOT_XML") from None


def text_of(element: Element, path: str, namespace: str, most: int = 300) -> str:
    """What stands there, plain and bounded; empty where nothing does."""
    steps = "/".join(f"{{{namespace}}}{step}" for step in path.split("/"))
    return "".join(_plain(element.findtext(steps) or ""))[:most]


def _plain(text: str) -> Iterator[str]:
    """Letters and line ends; nothing that turns the writing round or has no width."""
    yield from (one for one in text.strip() if one.isprintable() or one == "\n")
