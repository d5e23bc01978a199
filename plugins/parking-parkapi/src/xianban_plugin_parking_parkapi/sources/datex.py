"""DATEX II 2.x: two dialects of parking that share one namespace, each with facts and counts.

The parking publications extension 1.1 has `parkingTable`/`parkingRecord` and `parkingRecordStatus`;
the older facility extension 1.0 has `parkingFacilityTable`/`parkingFacility` and
`parkingFacilityStatus`. Elements are found by local name: the namespace prefix tells nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final
from xml.etree.ElementTree import Element

from xianban_parking.hookspecs import LotFacts, LotObservation

from xianban_plugin_parking_parkapi.document import Document, XmlDocument
from xianban_plugin_parking_parkapi.item import Item
from xianban_plugin_parking_parkapi.source import Read, Source
from xianban_plugin_parking_parkapi.spelling import both, lot_id

__all__ = ["FACILITIES", "FACILITY_STATUS", "PARKING_STATUS", "PARKING_TABLE"]

NAMESPACE: Final = "http://datex2.eu/schema/2/2_0"
ATTRIBUTION: Final = "DATEX II: "

# Our word → the dialect's path, by local names.
_TABLE: Final = {
    "name": "parkingName/values/value",
    "latitude": "parkingLocation/pointByCoordinates/pointCoordinates/latitude",
    "longitude": "parkingLocation/pointByCoordinates/pointCoordinates/longitude",
    "capacity": "parkingNumberOfSpaces",
    "opens": "openingTimes/validity/validityTimeSpecification/validPeriod"
    "/recurringTimePeriodOfDay/startTimeOfPeriod",
    "closes": "openingTimes/validity/validityTimeSpecification/validPeriod"
    "/recurringTimePeriodOfDay/endTimeOfPeriod",
}
_FACILITY: Final = {
    "name": "parkingFacilityName/values/value",
    "latitude": "facilityLocation/pointByCoordinates/pointCoordinates/latitude",
    "longitude": "facilityLocation/pointByCoordinates/pointCoordinates/longitude",
    "capacity": "totalParkingCapacity",
}
_STATUS: Final = {
    "time": "parkingStatusOriginTime",
    "free": "parkingOccupancy/parkingNumberOfVacantSpaces",
    "occupied": "parkingOccupancy/parkingNumberOfOccupiedSpaces",
    "capacity": "parkingOccupancy/parkingNumberOfSpacesOverride",
}
_FACILITY_STATUS: Final = {
    "time": "parkingFacilityStatusTime",
    "free": "totalNumberOfVacantParkingSpaces",
    "occupied": "totalNumberOfOccupiedParkingSpaces",
    "capacity": "totalParkingCapacityOverride",
}
# Midnight to midnight is how this dialect writes "all day".
_MIDNIGHT: Final = "00:00:00"


def _publication(root: Element, element: str) -> Iterator[Element]:
    return root.iter(f"{{{NAMESPACE}}}{element}")


def _holds(element: str) -> Callable[[Document], bool]:
    return lambda document: (
        isinstance(document, XmlDocument)
        and next(_publication(document.root, element), None) is not None
    )


def _elements(
    element: str, paths: Mapping[str, str], reference: str = ""
) -> Callable[[Document], Iterator[Item]]:
    def items(document: Document) -> Iterator[Item]:
        assert isinstance(document, XmlDocument)
        country = _supplier(document.root)
        for number, found in enumerate(_publication(document.root, element), start=1):
            named = found.find(f"{{{NAMESPACE}}}{reference}") if reference else found
            own = named.get("id", "") if named is not None else ""
            values = {word: _text(found, path) for word, path in paths.items()}
            yield Item(own[:100] or f"item {number}", {"id": own, "supplier": country, **values})

    return items


def _supplier(root: Element) -> str:
    return next((found.text or "" for found in _publication(root, "nationalIdentifier")), "")


def _text(element: Element, path: str) -> str | None:
    return element.findtext("/".join(f"{{{NAMESPACE}}}{step}" for step in path.split("/")))


def _lot(item: Item) -> str:
    return lot_id("datex", item.text("supplier", ""), item.text("id"))


def _facts(item: Item) -> Iterator[Read]:
    latitude, longitude = item.position("latitude", "longitude")
    opens, closes = item.text("opens", ""), item.text("closes", "")
    all_day = opens == closes == _MIDNIGHT
    yield LotFacts(
        lot=_lot(item),
        names=both(item.text("name")),
        latitude=latitude,
        longitude=longitude,
        capacity=item.capacity("capacity"),
        opening_hours="24/7" if all_day or not opens else f"{opens[:5]}-{closes[:5]}",
        attribution=ATTRIBUTION + item.text("supplier", "?"),
    )


def _count(item: Item) -> Iterator[Read]:
    yield LotObservation(
        lot=_lot(item),
        observed_at=item.instant("time"),
        free=item.whole("free") if item.has("free") or not item.has("occupied") else None,
        occupied=item.whole("occupied") if item.has("occupied") else None,
        capacity=item.whole("capacity") if item.has("capacity") else None,
    )


PARKING_TABLE = Source(
    "datex-parking", _holds("parkingRecord"), _elements("parkingRecord", _TABLE), _facts
)
PARKING_STATUS = Source(
    "datex-parking-status",
    _holds("parkingRecordStatus"),
    _elements("parkingRecordStatus", _STATUS, "parkingRecordReference"),
    _count,
)
FACILITIES = Source(
    "datex-facility", _holds("parkingFacility"), _elements("parkingFacility", _FACILITY), _facts
)
FACILITY_STATUS = Source(
    "datex-facility-status",
    _holds("parkingFacilityStatus"),
    _elements("parkingFacilityStatus", _FACILITY_STATUS, "parkingFacilityReference"),
    _count,
)
