"""SituationPublication: which predefined locations are closed, and until when."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final
from xml.etree.ElementTree import Element

from xianban_sdk.public.traffic import TrafficClosure, TrafficClosures, TrafficUnread

from xianban_plugin_public_traffic.documents import (
    NS,
    Publication,
    Unreadable,
    instant_at,
    kind_of,
    location_of,
    text_at,
)

__all__ = ["KIND", "read_closures"]

KIND: Final = "SituationPublication"
_MOST: Final = 5_000
_RECORD: Final = "RoadOrCarriagewayOrLaneManagement"
_CLOSED: Final = frozenset({"roadClosed", "carriagewayClosures", "closedPermanentlyForTheWinter"})
_INACTIVE: Final = frozenset({"suspended", "planned"})
_VALID: Final = "sit:validity/com:validityTimeSpecification"


@dataclass(frozen=True, slots=True)
class _Period:
    start: datetime
    end: datetime | None


def read_closures(
    publication: Publication, known: Collection[str]
) -> tuple[TrafficClosures, list[TrafficUnread]]:
    """All closures of known locations; of two versions of a record, the newer stands."""
    unread: list[TrafficUnread] = []
    found: dict[str, list[TrafficClosure]] = {}
    for record in _newest(publication.payload):
        try:
            found[record.get("id", "")] = [*_closures(record, known, unread)]
        except Unreadable as error:
            item = record.get("id", "")[:128] or "situationRecord"
            unread.append(TrafficUnread(item, error.field, error.reason))
    closures = tuple(one for several in found.values() for one in several)
    return TrafficClosures(publication.published_at, closures), unread


def _newest(payload: Element) -> Iterator[Element]:
    newest: dict[str, Element] = {}
    records = payload.iterfind("sit:situation/sit:situationRecord", NS)
    for record in islice(records, _MOST):
        name = record.get("id", "")
        if name not in newest or _version(newest[name]) <= _version(record):
            newest[name] = record
    yield from newest.values()


def _version(record: Element) -> int:
    text = record.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _closures(
    record: Element, known: Collection[str], unread: list[TrafficUnread]
) -> Iterator[TrafficClosure]:
    if not _closes(record):
        return
    period, name = _period(record), record.get("id", "")[:128]
    for place in _places(record):
        if place in known:
            yield TrafficClosure(name, place, period.start, period.end)
        else:
            unread.append(TrafficUnread(place, "locationReference", "LOCATION_UNKNOWN"))


def _closes(record: Element) -> bool:
    """Whether it keeps every car out: not an advice, not for lorries alone, not taken back."""
    kind = text_at(record, "sit:roadOrCarriagewayOrLaneManagementType")
    return (
        kind_of(record) == _RECORD
        and kind in _CLOSED
        and text_at(record, "sit:complianceOption") != "advisory"
        and text_at(record, "sit:probabilityOfOccurrence") != "riskOf"
        and record.find("sit:forVehiclesWithCharacteristicsOf", NS) is None
        and text_at(record, "sit:validity/com:validityStatus") not in _INACTIVE
        and not _over(record)
    )


def _over(record: Element) -> bool:
    """The sender's life-cycle management: cancelled, or at its end."""
    life = ("sit:management/sit:lifeCycleManagement/sit:" + word for word in ("cancel", "end"))
    return any(text_at(record, path) in ("true", "1") for path in life)


def _period(record: Element) -> _Period:
    if record.find(f"{_VALID}/com:validPeriod", NS) is not None:
        # Nights, weekdays: read wrongly, a road would be called closed that is open.
        raise Unreadable("RECURRING_PERIOD", "validPeriod")
    start = instant_at(record, f"{_VALID}/com:overallStartTime")
    if start is None:
        raise Unreadable("FIELD_MISSING", "overallStartTime")
    end = instant_at(record, f"{_VALID}/com:overallEndTime")
    # "active" holds whatever the times say, until it is told no more.
    active = text_at(record, "sit:validity/com:validityStatus") == "active"
    return _Period(start, None if active else end)


def _places(record: Element) -> list[str]:
    """A location by reference, or a list of such."""
    there = record.find("sit:locationReference", NS)
    if there is None:
        raise Unreadable("FIELD_MISSING", "locationReference")
    several = there.findall("loc:locationContainedInGroup", NS)
    return [location_of(one) for one in (several or [there])]
