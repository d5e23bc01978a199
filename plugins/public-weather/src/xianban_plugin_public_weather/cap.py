"""CAP 1.2 (OASIS Common Alerting Protocol): one message → warnings.

What is no message to the public about something real (status, scope) is none of ours. Signatures
are not verified: whom the operator configures is believed, over TLS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final
from xml.etree.ElementTree import Element

from xianban_sdk.findings import Severity
from xianban_sdk.public.warnings import (
    Colour,
    Hazard,
    Quoted,
    WarnedArea,
    WarningWords,
    WeatherWarning,
)

from xianban_plugin_public_weather.areas import area_of
from xianban_plugin_public_weather.naming import colour_of, hazard_of, locale_of
from xianban_plugin_public_weather.xml_safely import Unreadable, opened, text_of

__all__ = ["NAMESPACE", "instant", "is_cap", "read_alert"]

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
# 3.2.2: "If this item is not provided, each recipient is free to set its own policy".
_WITHOUT_EXPIRES: Final = timedelta(hours=24)
_LONGEST: Final = timedelta(days=30)
_MOST_INFOS: Final = 16
_MOST_QUOTED: Final = 50
_LONG: Final = 5000
_KINDS: Final = {"Alert": "alert", "Update": "update", "Cancel": "cancel"}
# Receipts and refusals between systems are nothing for people.
_BETWEEN_SYSTEMS: Final = frozenset({"Ack", "Error"})
_SEVERITIES: Final = {
    "Minor": Severity.MINOR,
    "Moderate": Severity.MODERATE,
    "Severe": Severity.SEVERE,
    "Extreme": Severity.EXTREME,
}
_URGENCIES: Final = frozenset({"immediate", "expected", "future", "past"})
_CERTAINTIES: Final = frozenset({"observed", "likely", "possible", "unlikely"})


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the languages of one warning have in common."""

    urgency: str
    severity: Severity | None
    certainty: str
    effective: datetime
    onset: datetime | None
    expires: datetime
    area: WarnedArea


@dataclass(frozen=True, slots=True)
class _Info:
    """One <info>."""

    locale: str
    facts: _Facts
    hazard: Hazard
    colour: Colour
    words: WarningWords
    web: str


def is_cap(root: Element) -> bool:
    """The document is a CAP 1.2 message itself."""
    return root.tag == f"{{{NAMESPACE}}}alert"


def read_alert(body: bytes, places: Mapping[str, str]) -> list[WeatherWarning]:
    """A message's warnings; none of an exercise. Unreadable says what is wrong.

    `places`: the sender's codes of places → the suite's areas.
    """
    root = opened(body)
    if not is_cap(root):
        raise Unreadable("NOT_CAP_1_2", root.tag)
    status, kind = _told(root, "status"), _told(root, "msgType")
    if status != "Actual" or _told(root, "scope") != "Public" or kind in _BETWEEN_SYSTEMS:
        return []
    if kind not in _KINDS:
        raise Unreadable("VALUE_UNKNOWN", f"msgType {kind}")
    told: dict[str, Any] = {
        "identifier": _told(root, "identifier"),
        "sender": _told(root, "sender"),
        "sent": instant(_told(root, "sent"), "sent"),
        "kind": _KINDS[kind],
        "references": tuple(_quoted(_text(root, "references", _LONG))),
    }
    if kind != "Alert" and not told["references"]:
        raise Unreadable("REFERENCES_MISSING", kind)
    if kind == "Cancel":
        at = told["sent"]
        return [WeatherWarning(**told, effective=at, expires=at)]
    return list(_warnings(root, told, places))


def instant(text: str, field: str) -> datetime:
    """An xs:dateTime; CAP demands its offset."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable("TIME_UNREADABLE", field) from None
    if at.tzinfo is None:
        raise Unreadable("TIME_WITHOUT_ZONE", field)
    return at


def _warnings(
    root: Element, told: dict[str, Any], places: Mapping[str, str]
) -> Iterator[WeatherWarning]:
    found = islice(root.iterfind(f"{{{NAMESPACE}}}info"), _MOST_INFOS)
    infos = [_info(one, told["sent"], places) for one in found]
    if not infos:
        raise Unreadable("INFO_MISSING")
    for part, languages in enumerate(_grouped(infos)):
        first, known = languages[0], [one for one in languages if one.hazard != "other"]
        coloured = [one for one in languages if one.colour]
        facts: dict[str, Any] = {
            name: getattr(first.facts, name) for name in _Facts.__dataclass_fields__
        }
        yield WeatherWarning(
            **told,
            **facts,
            part=part,
            hazard=known[0].hazard if known else "other",
            colour=coloured[0].colour if coloured else "",
            words={one.locale: one.words for one in languages},
            web=next((one.web for one in languages if one.web), ""),
        )


def _grouped(infos: list[_Info]) -> list[list[_Info]]:
    """The languages of one warning together: equal facts, each the nth in its own language."""
    groups: dict[tuple[_Facts, int], list[_Info]] = {}
    seen: dict[tuple[str, _Facts], int] = {}
    for one in infos:
        nth = seen[one.locale, one.facts] = seen.get((one.locale, one.facts), -1) + 1
        groups.setdefault((one.facts, nth), []).append(one)
    return list(groups.values())


def _info(info: Element, sent: datetime, places: Mapping[str, str]) -> _Info:
    event = _told(info, "event")
    area, named = area_of(info, NAMESPACE, places)
    words = WarningWords(
        event=event,
        headline=_text(info, "headline"),
        description=_text(info, "description", _LONG),
        instruction=_text(info, "instruction", _LONG),
        area=named,
    )
    web = _text(info, "web", 500)
    return _Info(
        locale=locale_of(_text(info, "language")),
        facts=_facts(info, sent, area),
        hazard=hazard_of(event, words.headline),
        colour=colour_of(*_parameters(info), event, words.headline),
        words=words,
        web=web if web.startswith(("https://", "http://")) else "",
    )


def _facts(info: Element, sent: datetime, area: WarnedArea) -> _Facts:
    effective = _at(info, "effective") or sent
    expires = _at(info, "expires") or effective + _WITHOUT_EXPIRES
    if not effective < expires <= effective + _LONGEST:
        raise Unreadable("EXPIRES_UNBELIEVABLE", expires.isoformat())
    urgency, certainty = (_told(info, name).lower() for name in ("urgency", "certainty"))
    return _Facts(
        urgency=urgency if urgency in _URGENCIES else "unknown",
        severity=_SEVERITIES.get(_told(info, "severity")),
        certainty=certainty if certainty in _CERTAINTIES else "unknown",
        effective=effective,
        onset=_at(info, "onset"),
        expires=expires,
        area=area,
    )


def _parameters(info: Element) -> Iterator[str]:
    for one in islice(info.iterfind(f"{{{NAMESPACE}}}parameter"), 50):
        name = _text(one, "valueName").lower()
        if any(word in name for word in ("color", "colour", "awareness_level", "颜色")):
            yield _text(one, "value")


def _quoted(references: str) -> Iterator[Quoted]:
    """ "sender,identifier,sent sender,identifier,sent"."""
    for one in references.split()[:_MOST_QUOTED]:
        parts = one.split(",")
        if len(parts) != 3 or not all(parts):
            raise Unreadable("REFERENCES_UNREADABLE", one)
        yield Quoted(parts[0], parts[1], instant(parts[2], "references"))


def _at(info: Element, name: str) -> datetime | None:
    text = _text(info, name)
    return instant(text, name) if text else None


def _told(element: Element, name: str) -> str:
    text = _text(element, name)
    if not text:
        raise Unreadable("FIELD_MISSING", name)
    return text


def _text(element: Element, name: str, most: int = 300) -> str:
    return text_of(element, name, NAMESPACE, most)
