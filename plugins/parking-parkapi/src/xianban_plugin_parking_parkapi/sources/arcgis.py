"""ArcGIS feature sets: Konstanz."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from xianban_parking.hookspecs import LotFacts, LotObservation

from xianban_plugin_parking_parkapi.document import Document, JsonDocument
from xianban_plugin_parking_parkapi.item import Item
from xianban_plugin_parking_parkapi.source import Read, Source, as_object, json_value, records
from xianban_plugin_parking_parkapi.spelling import both, centimetres, lot_id, osm_hours

__all__ = ["KONSTANZ"]


def _matches(document: Document) -> bool:
    if not isinstance(document, JsonDocument):
        return False
    value = as_object(document.value)
    return "geometryType" in value and isinstance(value.get("features"), list)


def _items(document: Document) -> Iterator[Item]:
    found = cast("list[Any]", json_value(document)["features"])
    return records([as_object(feature).get("attributes") for feature in found])


def _convert(item: Item) -> Iterator[Read]:
    lot = lot_id("konstanz", item.text("id"))
    yield _facts(item, lot)
    if item.flag("has_live", default=False):
        yield LotObservation(
            lot=lot,
            observed_at=item.epoch_milliseconds("updated"),
            free=item.whole("real_fcap"),
            capacity=item.whole("real_capa"),
        )


def _facts(item: Item, lot: str) -> LotFacts:
    latitude, longitude = item.position("lat", "lon")
    # One line would lose which hours belong to which days.
    hours = str(item.raw("opening_h")) if item.has("opening_h") else ""
    return LotFacts(
        lot=lot,
        names=both(item.text("name")),
        latitude=latitude,
        longitude=longitude,
        capacity=item.capacity("max_cap"),
        address=item.text("address", ""),
        operator=item.text("operator", ""),
        accessible_places=item.count("capacity_d", 0),
        ev_places=item.count("capacity_c", 0),
        # A free text: "Kombitickets erhältlich" is a remark, not a yes.
        park_and_ride=item.text("park_ride", "").casefold() == "ja",
        max_height_cm=centimetres("max_hei", item.text("max_hei", "0")),
        opening_hours=osm_hours(hours[:500]) if hours else "",
        attribution="Stadt Konstanz; ParkenDD parkapi-sources (MIT)",
    )


KONSTANZ = Source("konstanz", _matches, _items, _convert)
