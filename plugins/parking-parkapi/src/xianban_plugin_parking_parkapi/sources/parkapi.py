"""ParkAPI v3: parking sites with static fields, realtime fields, or both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, cast

from xianban_parking.hookspecs import LotFacts, LotObservation

from xianban_plugin_parking_parkapi.document import Document, JsonDocument
from xianban_plugin_parking_parkapi.item import Item, ItemError
from xianban_plugin_parking_parkapi.source import Read, Source, json_value, records
from xianban_plugin_parking_parkapi.spelling import both, lot_id

__all__ = ["PARKAPI"]

LONGEST_HOURS: Final = 512
_STATIC: Final = ("name", "lat", "lon", "capacity")
_REALTIME: Final = ("realtime_free_capacity", "realtime_capacity", "realtime_data_updated_at")


def _sites(document: Document) -> object:
    value = json_value(document)
    return cast("dict[str, object]", value).get("items") if isinstance(value, dict) else value


def _matches(document: Document) -> bool:
    return isinstance(document, JsonDocument) and isinstance(_sites(document), list)


def _items(document: Document) -> Iterator[Item]:
    return records(_sites(document), "uid")


def _convert(item: Item) -> Iterator[Read]:
    told = False
    if any(item.has(field) for field in _STATIC):
        yield _facts(item)
        told = True
    if any(item.has(field) for field in _REALTIME):
        yield _count(item)
        told = True
    if not told:
        raise ItemError("name", "REQUIRED")


def _facts(item: Item) -> LotFacts:
    latitude, longitude = item.position("lat", "lon")
    return LotFacts(
        lot=lot_id(item.text("uid")),
        names=both(item.text("name")),
        latitude=latitude,
        longitude=longitude,
        capacity=item.capacity("capacity"),
        address=item.text("address", ""),
        operator=item.text("operator_name", ""),
        accessible_places=item.count("capacity_disabled", 0),
        ev_places=item.count("capacity_charging", 0),
        park_and_ride=_park_and_ride(item),
        max_height_cm=item.count("max_height", 0),
        opening_hours=item.text("opening_hours", "")[:LONGEST_HOURS],
        attribution=item.text("attribution_contributor", ""),
    )


def _park_and_ride(item: Item) -> bool:
    if not item.has("park_and_ride_type"):
        return False
    kinds = item.raw("park_and_ride_type")
    if not isinstance(kinds, list):
        raise ItemError("park_and_ride_type", "NOT_A_LIST")
    return any(kind != "NO" for kind in cast("list[object]", kinds))


def _count(item: Item) -> LotObservation:
    return LotObservation(
        lot=lot_id(item.text("uid")),
        observed_at=item.instant("realtime_data_updated_at"),
        free=item.whole("realtime_free_capacity"),
        capacity=item.whole("realtime_capacity") if item.has("realtime_capacity") else None,
    )


PARKAPI = Source("parkapi", _matches, _items, _convert)
