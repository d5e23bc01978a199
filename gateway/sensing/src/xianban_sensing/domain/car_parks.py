"""Car parks as the Smart Data Model OffStreetParking says them. Pure.

A count of free places stands there only while parking's verdict allows a number; what the verdict
is, and when was counted, is always told. `occupancyVerdict` is ours: the model has no word for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from xianban_sensing.domain.contexts import DEFAULT_VOCAB
from xianban_sensing.domain.entities import LOCATION, Attributes, Instance, instant_of, iso, said

__all__ = ["COUNTS", "TYPE", "CarPark", "Count", "counts_of", "facts_of", "id_of", "newest"]

_PARKING: Final = "https://smartdatamodels.org/dataModel.Parking/"
_SHARED: Final = "https://smartdatamodels.org/"
TYPE: Final = f"{_PARKING}OffStreetParking"
_AVAILABLE: Final = f"{_PARKING}availableSpotNumber"
_OCCUPIED: Final = f"{_PARKING}occupiedSpotNumber"
_SHARE: Final = f"{_PARKING}occupancy"
_COUNTED: Final = f"{_PARKING}occupancyModified"
_VERDICT: Final = f"{DEFAULT_VOCAB}occupancyVerdict"
# What a count tells; where a new one says nothing of one of these, it goes.
COUNTS: Final = (_AVAILABLE, _OCCUPIED, _SHARE, _COUNTED, _VERDICT)
_TRUSTED: Final = frozenset({"fresh", "late"})


@dataclass(frozen=True, slots=True)
class CarPark:
    """What does not change from minute to minute."""

    lot: str
    name: str
    address: str
    longitude: float
    latitude: float
    capacity: int
    operator: str
    opening_hours: str
    max_height_cm: int
    reservable: bool
    accessible: bool
    electric: bool
    park_and_ride: bool


@dataclass(frozen=True, slots=True)
class Count:
    """How many places were free at an instant; `verdict` is parking's word for what it is worth."""

    free: int | None
    capacity: int
    verdict: str
    counted_at: datetime | None


def id_of(lot: str) -> str:
    """The entity's id of parking's "lots/{id}"."""
    return f"urn:ngsi-ld:OffStreetParking:{lot.rpartition('/')[2]}"


def facts_of(found: CarPark) -> Attributes:
    """Attributes in full; what is not known is left out."""
    told: dict[str, Any] = {
        f"{_SHARED}name": found.name,
        f"{_SHARED}address": _address(found.address),
        f"{_SHARED}owner": found.operator and [found.operator],
        f"{_SHARED}openingHours": found.opening_hours,
        f"{_PARKING}category": _categories(found),
        f"{_PARKING}allowedVehicleType": ["car"],
        f"{_PARKING}totalSpotNumber": found.capacity,
        f"{_PARKING}maximumAllowedHeight": found.max_height_cm and found.max_height_cm / 100,
        f"{_PARKING}reservationType": ["optional" if found.reservable else "notAvailable"],
        f"{_PARKING}usageScenario": ["parkAndRide"] if found.park_and_ride else None,
    }
    facts = {name: (_property(value),) for name, value in told.items() if value}
    place = {"type": "Point", "coordinates": [found.longitude, found.latitude]}
    return {**facts, LOCATION: ({"type": "GeoProperty", "value": place},)}


def _categories(found: CarPark) -> list[str]:
    some = {"forDisabled": found.accessible, "forElectricalCharging": found.electric}
    return ["public", "parkingLot", *(name for name, there in some.items() if there)]


def _address(text: str) -> dict[str, str] | None:
    return (
        {"type": "PostalAddress", "streetAddress": text, "addressCountry": "CN"} if text else None
    )


def counts_of(count: Count) -> Attributes:
    """Attributes in full; without a number where the verdict allows none."""
    told: dict[str, tuple[Instance, ...]] = {_VERDICT: (_property(count.verdict),)}
    if count.counted_at is not None:
        told[_COUNTED] = (_property(iso(count.counted_at)),)
    if count.free is None or count.counted_at is None or count.verdict not in _TRUSTED:
        return told
    taken = max(0, count.capacity - count.free)
    numbers: dict[str, float] = {_AVAILABLE: count.free, _OCCUPIED: taken}
    if count.capacity > 0:
        numbers[_SHARE] = round(taken / count.capacity, 4)
    observed = {"observedAt": iso(count.counted_at)}
    return told | {name: ({**_property(value), **observed},) for name, value in numbers.items()}


def newest(count: Count, attributes: Attributes) -> Attributes:
    """As `counts_of`; where these attributes already tell a later count, as they tell it."""
    if not _is_older(count, attributes):
        return counts_of(count)
    known = {name: attributes[name] for name in COUNTS if name in attributes}
    return {name: tuple(said(one) for one in instances) for name, instances in known.items()}


def _is_older(count: Count, attributes: Attributes) -> bool:
    known = [instant_of(one.get("value")) for one in attributes.get(_COUNTED, ())]
    stated = known[0] if known else None
    return stated is not None and count.counted_at is not None and count.counted_at < stated


def _property(value: Any) -> dict[str, Any]:
    return {"type": "Property", "value": value}
