"""ONVIF notifications (WS-BaseNotification `Notify`, pushed over HTTP), read into plain words.

ONVIF fixes how a rule's state travels, not what the rule is for; that is its name at the camera.
So the name begins with what is seen: "fire", "fire-lane/B1-03", "water/ramp".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from xianban_parking.hookspecs import CameraEvent, Dropped, Sight, Unread
from xianban_sdk.public.cameras import LONGEST
from xianban_sdk.signatures import verify

from xianban_plugin_public_city_eye.parcels import Unreadable, opened

__all__ = ["MAX_BODY", "OnvifNotifications"]

MAX_BODY: Final = 2 * 1024 * 1024
MAX_XML: Final = 256 * 1024
MAX_NOTIFICATIONS: Final = 200
# Cameras' clocks drift; what lies further ahead is a wrong clock.
AHEAD: Final = timedelta(minutes=5)

_SOAP: Final = "{http://www.w3.org/2003/05/soap-envelope}"
_WSNT: Final = "{http://docs.oasis-open.org/wsn/b-2}"
_TT: Final = "{http://www.onvif.org/ver10/schema}"
_RULES: Final = "RuleEngine"
# Which camera, by which configuration: the names that ONVIF gives the sources of rules.
_SOURCES: Final = ("VideoSourceConfigurationToken", "VideoSource", "VideoSourceToken", "Source")
_CONFIDENCES: Final = ("Likelihood", "Confidence")
_TRUTHS: Final = {"true": True, "1": True, "false": False, "0": False}
_SIGHTS: Final = {str(sight.value): sight for sight in Sight}


class _WrongError(ValueError):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


class OnvifNotifications:
    """One message carries many notifications; a bad one costs only itself."""

    id = "onvif"
    names: Mapping[str, str] = {"zh-CN": "ONVIF 事件通知", "en": "ONVIF notifications"}

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def parse(
        self, body: bytes, content_type: str, headers: Mapping[str, str], now: datetime
    ) -> Iterator[CameraEvent | Unread | Dropped]:
        """Reads a message whose sender proved itself; raises PermissionError otherwise."""
        if len(body) > MAX_BODY:
            return iter([Unread("body", "body", "TOO_LARGE")])
        verify(self._secret, headers, body, now)
        return _read(body, content_type, now)


def _read(
    body: bytes, content_type: str, now: datetime
) -> Iterator[CameraEvent | Unread | Dropped]:
    try:
        text, beside = opened(body, content_type)
        messages = _messages(text)
    except Unreadable as error:
        yield Unread("body", "body", str(error))
        return
    inside = sum(map(_inlined, messages))
    if beside + inside:
        yield Dropped(beside + inside)
    for number, message in enumerate(messages, start=1):
        yield _one(message, f"notification {number}", now)


def _messages(text: bytes) -> list[Element]:
    if len(text) > MAX_XML:
        raise Unreadable("TOO_LARGE")
    try:
        root = fromstring(text, forbid_dtd=True)
    except DefusedXmlException:
        raise Unreadable("XML_WITH_DTD") from None
    except (ParseError, ValueError, LookupError):
        raise Unreadable("NOT_XML") from None
    notify = root.find(f"{_SOAP}Body/{_WSNT}Notify") if root.tag == f"{_SOAP}Envelope" else root
    if notify is None or notify.tag != f"{_WSNT}Notify":
        raise Unreadable("NOT_A_NOTIFICATION")
    found = notify.findall(f"{_WSNT}NotificationMessage")
    if not found:
        raise Unreadable("NOTHING_NOTIFIED")
    if len(found) > MAX_NOTIFICATIONS:
        raise Unreadable("TOO_MANY")
    return found


def _inlined(message: Element) -> int:
    """Pictures inside of the XML: whole elements, or texts longer than any word."""
    elements = message.findall(f".//{_TT}ElementItem")
    values = (one.get("Value", "") for one in message.iter(f"{_TT}SimpleItem"))
    return len(elements) + sum(len(value) > LONGEST for value in values)


def _one(message: Element, item: str, now: datetime) -> CameraEvent | Unread:
    try:
        return _event(message, now)
    except _WrongError as error:
        return Unread(item, error.field, error.reason)


def _event(message: Element, now: datetime) -> CameraEvent:
    _must_be_a_rules(message.findtext(f"{_WSNT}Topic", ""))
    told = message.find(f"{_WSNT}Message/{_TT}Message")
    if told is None:
        raise _WrongError("Message", "REQUIRED")
    source, data = _items(told, "Source") | _items(told, "Key"), _items(told, "Data")
    rule = source.get("Rule", "")
    sight, _, place = rule.partition("/")
    if sight not in _SIGHTS:
        raise _WrongError("Rule", "SIGHT_UNKNOWN" if rule else "REQUIRED")
    return CameraEvent(
        camera=_camera(source),
        sight=_SIGHTS[sight],
        holds=_holds(told, data),
        occurred_at=_instant(told.get("UtcTime", ""), now),
        rule=rule,
        place=place,
        confidence=_confidence(data),
    )


def _must_be_a_rules(topic: str) -> None:
    """Topics of other trees (recording, digital inputs) are none of ours; prefixes are free."""
    root = topic.strip()[:LONGEST].partition("/")[0].rpartition(":")[2]
    if root != _RULES:
        raise _WrongError("Topic", "TOPIC_UNKNOWN")


def _items(told: Element, part: str) -> dict[str, str]:
    """The part's simple items; what is longer than a word is left out."""
    items = told.findall(f"{_TT}{part}/{_TT}SimpleItem")
    pairs = ((one.get("Name", ""), one.get("Value", "")) for one in items)
    return {name: value for name, value in pairs if len(value) <= LONGEST}


def _camera(source: Mapping[str, str]) -> str:
    for name in _SOURCES:
        if source.get(name):
            return source[name]
    raise _WrongError(_SOURCES[0], "REQUIRED")


def _holds(told: Element, data: Mapping[str, str]) -> bool:
    """A property says whether it holds; a plain event holds by being told."""
    operation = told.get("PropertyOperation", "")
    if operation == "Deleted":
        return False
    states = [_TRUTHS[value] for value in data.values() if value in ("true", "false")]
    states += [_TRUTHS[data[name]] for name in ("State", "IsInside") if data.get(name) in _TRUTHS]
    if states:
        return states[0]
    if operation:
        raise _WrongError("Data", "STATE_MISSING")
    return True


def _instant(text: str, now: datetime) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise _WrongError("UtcTime", "NOT_AN_INSTANT") from None
    if found.tzinfo is None:
        raise _WrongError("UtcTime", "TIME_WITHOUT_ZONE")
    if found > now + AHEAD:
        raise _WrongError("UtcTime", "TIME_IN_FUTURE")
    return found.astimezone(UTC)


def _confidence(data: Mapping[str, str]) -> float:
    text = next((data[name] for name in _CONFIDENCES if name in data), "1")
    try:
        found = float(text)
    except ValueError:
        raise _WrongError("Likelihood", "NOT_A_NUMBER") from None
    if not 0 <= found <= 1:
        raise _WrongError("Likelihood", "OUT_OF_RANGE")
    return found
