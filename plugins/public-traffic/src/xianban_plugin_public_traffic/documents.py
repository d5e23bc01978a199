"""DATEX II v3 (CEN/TS 16157) as bytes: opened in bounds, without DTD; names, times and places."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

__all__ = [
    "MAX_BYTES",
    "NS",
    "Publication",
    "Unreadable",
    "instant_at",
    "kind_of",
    "location_of",
    "opened",
    "text_at",
]

MAX_BYTES: Final = 4 * 1024 * 1024
_SCHEMA: Final = "http://datex2.eu/schema/3"
NS: Final = {
    "com": f"{_SCHEMA}/common",
    "loc": f"{_SCHEMA}/locationReferencing",
    "roa": f"{_SCHEMA}/roadTrafficData",
    "sit": f"{_SCHEMA}/situation",
    "d2": f"{_SCHEMA}/d2Payload",
    "mc": f"{_SCHEMA}/messageContainer",
}
_TYPE: Final = "{http://www.w3.org/2001/XMLSchema-instance}type"
_PAYLOAD: Final = f"{{{NS['d2']}}}payload"
_CONTAINER: Final = f"{{{NS['mc']}}}messageContainer"
# Clocks of others may be a little ahead.
_AHEAD: Final = timedelta(minutes=2)
_LONGEST: Final = 128


class Unreadable(ValueError):
    """What cannot be taken as it is: the field, and an UPPER_SNAKE reason."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(f"{field} {reason}".strip())
        self.reason = reason
        self.field = field


@dataclass(frozen=True, slots=True)
class Publication:
    """A payload of the kind that was asked for."""

    published_at: datetime
    payload: Element


def opened(body: bytes, kind: str, now: datetime) -> Publication:
    """The document's payload, e.g. of kind `ElaboratedDataPublication`; Unreadable."""
    payload = _payload(_root(body))
    if kind_of(payload) != kind:
        raise Unreadable(f"NO_{kind.upper()}")
    published_at = instant_at(payload, "com:publicationTime")
    if published_at is None:
        raise Unreadable("TIME_MISSING", "publicationTime")
    if published_at - now > _AHEAD:
        raise Unreadable("TIME_IN_FUTURE", "publicationTime")
    return Publication(published_at, payload)


def kind_of(element: Element) -> str:
    """Its xsi:type, without the prefix: a sender chooses prefixes as it likes."""
    return element.get(_TYPE, "").rpartition(":")[2]


def text_at(element: Element, path: str) -> str:
    """What stands there, bounded; empty where nothing does."""
    return (element.findtext(path, "", NS) or "").strip()[:_LONGEST]


def instant_at(element: Element, path: str) -> datetime | None:
    """An instant with its zone; Unreadable where something else stands."""
    text, field = text_at(element, path), path.rpartition(":")[2]
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable("TIME_UNREADABLE", field) from None
    if found.tzinfo is None:
        raise Unreadable("TIME_WITHOUT_ZONE", field)
    return found


def location_of(element: Element) -> str:
    """The id of the predefined location; Unreadable where a place is told in another way."""
    found = element.find("loc:predefinedLocationReference", NS)
    name = "" if found is None else found.get("id", "").strip()[:_LONGEST]
    if not name:
        raise Unreadable("LOCATION_NOT_PREDEFINED", "predefinedLocationReference")
    return name


def _root(body: bytes) -> Element:
    if len(body) > MAX_BYTES:
        raise Unreadable("TOO_LARGE")
    try:
        return fromstring(body, forbid_dtd=True)
    except DefusedXmlException:
        raise Unreadable("XML_WITH_DTD") from None
    except (ParseError, ValueError, LookupError):
        raise Unreadable("NOT_XML") from None


def _payload(root: Element) -> Element:
    """The payload alone, or inside a message container of the exchange."""
    if root.tag == _CONTAINER:
        inside = root.findall("mc:payload", NS)
        if len(inside) != 1:
            raise Unreadable("NOT_ONE_PAYLOAD", "payload")
        return inside[0]
    if root.tag != _PAYLOAD:
        raise Unreadable("NOT_DATEX_II_3")
    return root
