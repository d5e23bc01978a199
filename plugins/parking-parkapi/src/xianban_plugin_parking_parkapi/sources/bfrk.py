"""BFRK Baden-Württemberg: car parks at stops and stations, as a JSON list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from xianban_parking.hookspecs import LotFacts

from xianban_plugin_parking_parkapi.document import Document, JsonDocument
from xianban_plugin_parking_parkapi.item import Item, ItemError
from xianban_plugin_parking_parkapi.source import Read, Source, as_object, json_value, records
from xianban_plugin_parking_parkapi.spelling import both, lot_id

__all__ = ["BFRK"]


def _matches(document: Document) -> bool:
    if not isinstance(document, JsonDocument) or not isinstance(document.value, list):
        return False
    found = cast("list[Any]", json_value(document))
    return bool(found) and {"objektid", "hst_dhid"} <= as_object(found[0]).keys()


def _items(document: Document) -> Iterator[Item]:
    return records(json_value(document), "objektid")


def _convert(item: Item) -> Iterator[Read]:
    if not item.flag("oeffentlichvorhanden", default=True):
        raise ItemError("oeffentlichvorhanden", "NOT_PUBLIC")
    latitude, longitude = item.position("lat", "lon")
    places = [item.text("ortsteil", ""), item.text("gemeinde", "")]
    yield LotFacts(
        lot=lot_id("bfrk", item.text("objektid")),
        names=both(" ".join(dict.fromkeys(filter(None, [*places, item.text("art", "")])))),
        latitude=latitude,
        longitude=longitude,
        capacity=item.capacity("stellplaetzegesamt"),
        address=", ".join(dict.fromkeys(filter(None, places))),
        operator=item.text("eigentuemer", ""),
        accessible_places=item.count("behindertenstellplaetze", 0),
        park_and_ride=item.text("art", "") == "Park+Ride",
        opening_hours=_hours(item),
        attribution="NVBW / MobiData BW, BFRK; ParkenDD parkapi-sources (MIT)",
    )


def _hours(item: Item) -> str:
    if item.flag("offen_24_7", default=False):
        return "24/7"
    return item.text("oeffnungszeiten", "")


BFRK = Source("bfrk", _matches, _items, _convert)
