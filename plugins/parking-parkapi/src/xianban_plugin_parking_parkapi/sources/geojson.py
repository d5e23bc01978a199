"""GeoJSON of cities: Karlsruhe and around, Jena, Heidelberg's streets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

import utm
from xianban_parking.hookspecs import LotFacts, LotObservation

from xianban_plugin_parking_parkapi.document import Document, JsonDocument
from xianban_plugin_parking_parkapi.item import Item, ItemError
from xianban_plugin_parking_parkapi.source import Read, Source, as_object, features, json_value
from xianban_plugin_parking_parkapi.spelling import both, centimetres, lot_id

__all__ = ["HEIDELBERG", "JENA", "KARLSRUHE"]

# ETRS89 / UTM 32N (EPSG:25832), which these files use without saying so; bounds of the zone.
_ZONE: Final = (32, "N")
_EASTINGS: Final = (100_000, 1_000_000)
_NORTHINGS: Final = (0, 10_000_000)


def _with_property(name: str) -> Callable[[Document], bool]:
    def matches(document: Document) -> bool:
        if not isinstance(document, JsonDocument) or not isinstance(document.value, dict):
            return False
        found = as_object(json_value(document)).get("features")
        first = cast("list[object]", found)[0] if isinstance(found, list) and found else None
        return name in as_object(as_object(first).get("properties"))

    return matches


def _karlsruhe(item: Item) -> Iterator[Read]:
    lot = lot_id("karlsruhe", item.text("id"))
    yield _karlsruhe_facts(item, lot)
    if not item.flag("echtzeit_belegung", default=False):
        return
    if item.choice("echtzeit_status", ("OK", "Geschlossen", "Störung")) == "Störung":
        raise ItemError("echtzeit_status", "SOURCE_REPORTS_FAULT")
    yield LotObservation(
        lot=lot,
        observed_at=item.instant("stand_freieparkplaetze"),
        free=item.whole("freie_parkplaetze"),
        capacity=item.whole("gesamte_parkplaetze"),
    )


def _karlsruhe_facts(item: Item, lot: str) -> LotFacts:
    latitude, longitude = item.position("geometry.lat", "geometry.lon")
    height = item.text("max_durchfahrtshoehe", "0")
    parts = [item.text(field, "") for field in ("parkhaus_strasse", "parkhaus_plz")]
    return LotFacts(
        lot=lot,
        names=both(item.text("parkhaus_name")),
        latitude=latitude,
        longitude=longitude,
        capacity=item.capacity("gesamte_parkplaetze"),
        address=", ".join(part for part in [*parts, item.text("gemeinde", "")] if part),
        operator=item.text("betreiber_name", ""),
        max_height_cm=centimetres("max_durchfahrtshoehe", height),
        attribution="Stadt Karlsruhe (TRK); ParkenDD parkapi-sources (MIT)",
    )


def _jena(item: Item) -> Iterator[Read]:
    kind = item.text("art")
    if kind == "Busparkplatz":
        raise ItemError("art", "NOT_FOR_CARS")
    latitude, longitude = item.position("geometry.lat", "geometry.lon")
    name, places = item.text("name"), 0
    accessible = kind.startswith("Rollstuhlfahrerparkplatz")
    if accessible:
        name, places = _places_in_name(name)
    if not places:
        # The file tells how many places there are only for those reserved for wheelchair users.
        raise ItemError("capacity", "REQUIRED")
    yield LotFacts(
        lot=lot_id("jena", item.text("id")),
        names=both(name),
        latitude=latitude,
        longitude=longitude,
        capacity=places,
        accessible_places=places,
        attribution="Stadt Jena; ParkenDD parkapi-sources (MIT)",
    )


def _places_in_name(name: str) -> tuple[str, int]:
    """ "Engelplatz (2)" is two places at Engelplatz."""
    place, _, number = name.removesuffix(")").rpartition("(")
    if not (name.endswith(")") and number.isascii() and number.isdigit() and len(number) <= 5):
        raise ItemError("name", "NO_COUNT_IN_NAME")
    return place.strip(), int(number)


def _heidelberg(item: Item) -> Iterator[Read]:
    if item.text("Parkwinkel") == "Parkverbot":
        raise ItemError("Parkwinkel", "PARKING_FORBIDDEN")
    capacity = item.capacity("Kapazität")
    latitude, longitude = _middle(item)
    segment, start = item.text("Segment").strip("-"), item.text("Abstand1")
    yield LotFacts(
        lot=lot_id("heidelberg", segment, item.text("Straßense", ""), start),
        names=both(item.text("Straßenna")),
        latitude=latitude,
        longitude=longitude,
        capacity=capacity,
        address=f"{item.text('Straßenna')}, {item.text('Stadtteile', '')}".rstrip(", "),
        attribution="Stadt Heidelberg (EasyPark); ParkenDD parkapi-sources (MIT)",
    )


def _middle(item: Item) -> tuple[float, float]:
    shape = cast("Mapping[str, Any]", item.raw("geometry"))
    line = shape.get("coordinates")
    points = cast("list[Any]", line) if isinstance(line, list) else []
    if shape.get("type") != "LineString" or not points:
        raise ItemError("geometry", "NOT_A_LINE")
    east, north = _eastings(points[len(points) // 2])
    latitude, longitude = utm.to_latlon(east, north, *_ZONE)  # pyright: ignore[reportUnknownVariableType]
    return float(latitude), float(longitude)  # pyright: ignore[reportUnknownArgumentType]


def _eastings(point: object) -> tuple[float, float]:
    pair = cast("list[object]", point) if isinstance(point, list) else []
    read = Item("", dict(zip(("east", "north"), pair, strict=False)))
    try:
        east, north = read.number("east"), read.number("north")
    except ItemError as error:
        raise ItemError("geometry", error.reason) from None
    inside = _EASTINGS[0] <= east < _EASTINGS[1] and _NORTHINGS[0] <= north < _NORTHINGS[1]
    if not inside:
        raise ItemError("geometry", "OUT_OF_RANGE")
    return east, north


KARLSRUHE = Source("karlsruhe", _with_property("parkhaus_name"), features, _karlsruhe)
JENA = Source("jena", _with_property("the_geom"), features, _jena)
HEIDELBERG = Source("heidelberg", _with_property("Parkwinkel"), features, _heidelberg)
