"""Tables of cities and operators: Bietigheim-Bissingen, Goldbeck, Keltern, Reutlingen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, time
from typing import Final

from xianban_parking.hookspecs import LotFacts, LotObservation

from xianban_plugin_parking_parkapi.document import Document, Table
from xianban_plugin_parking_parkapi.item import Item, ItemError
from xianban_plugin_parking_parkapi.source import Read, Source, table_items
from xianban_plugin_parking_parkapi.spelling import both, lot_id, osm_hours

__all__ = ["BIETIGHEIM", "GOLDBECK", "KELTERN", "REUTLINGEN"]

_GOLDBECK_DAYS: Final = (("Mo-Fr", "Mo-Fr"), ("Sa", "Sa"), ("So", "Su"))


def _with_columns(*columns: str) -> Callable[[Document], bool]:
    return lambda document: isinstance(document, Table) and set(columns) <= set(document.header)


def _bietigheim(item: Item) -> Iterator[Read]:
    # The file has counts only; places and positions are in a map service that is not carried.
    yield LotObservation(
        lot=lot_id("bietigheim", item.text("Name")),
        observed_at=item.epoch_milliseconds("Timestamp"),
        occupied=item.whole("OccupiedSites"),
        capacity=item.whole("Capacity"),
    )


def _goldbeck(item: Item) -> Iterator[Read]:
    latitude, longitude = item.position("Breitengrad", "Längengrad")
    yield LotFacts(
        lot=lot_id("goldbeck", item.text("ID")),
        names=both(item.text("Name")),
        latitude=latitude,
        longitude=longitude,
        capacity=item.capacity("Anzahl Stellplätze"),
        address=item.text("Adresse mit PLZ und Stadt", ""),
        operator=item.text("Betreiber Name", ""),
        accessible_places=item.count("Anzahl Behindertenparkplätze", 0),
        ev_places=item.count("Anzahl Ladeplätze", 0),
        park_and_ride=item.flag("Park&Ride", default=False),
        max_height_cm=item.count("Einfahrtshöhe (cm)", 0),
        opening_hours=_goldbeck_hours(item),
        attribution="Goldbeck Parking Services; ParkenDD parkapi-sources (MIT)",
    )


def _goldbeck_hours(item: Item) -> str:
    if item.flag("24/7 geöffnet?", default=False):
        return "24/7"
    rules: list[str] = []
    for german, english in _GOLDBECK_DAYS:
        begins, ends = (f"Öffnungszeiten {german} {edge}" for edge in ("Beginn", "Ende"))
        if item.has(begins):
            rules.append(f"{english} {_clock(item, begins)}-{_clock(item, ends)}")
    return "; ".join(rules)


def _clock(item: Item, field: str) -> str:
    value = item.raw(field)
    if isinstance(value, time | datetime):
        return f"{value:%H:%M}"
    try:
        return f"{time.fromisoformat(item.text(field)):%H:%M}"
    except ValueError:
        raise ItemError(field, "NOT_A_CLOCK_TIME") from None


def _keltern(item: Item) -> Iterator[Read]:
    latitude, longitude = item.position("locations_latitude", "locations_longitude")
    all_day = item.flag("hasOpeningHours24h", default=False)
    yield LotFacts(
        lot=lot_id("keltern", item.text("id").partition("@")[0]),
        names=both(item.text("name")),
        latitude=latitude,
        longitude=longitude,
        capacity=item.capacity("capacity"),
        address=", ".join(_keltern_address(item)),
        operator=item.text("operatorID", "").replace("_", " "),
        accessible_places=item.count("quantitySpacesReservedForMobilityImpededPerson", 0),
        park_and_ride=item.text("type", "") == "parkAndRide",
        opening_hours="24/7" if all_day else osm_hours(item.text("openingHours", "")),
        attribution=item.text("source", ""),
    )


def _keltern_address(item: Item) -> Iterator[str]:
    for field in ("adress_str", "adress_pos", "adress_cit"):
        if item.has(field):
            yield item.text(field)


def _reutlingen(item: Item) -> Iterator[Read]:
    latitude, longitude = _well_known_point(item, "GEOM")
    yield LotFacts(
        lot=lot_id("reutlingen", item.text("id")),
        names=both(item.text("ort")),
        latitude=latitude,
        longitude=longitude,
        capacity=item.capacity("Kapazität"),
        attribution="Stadt Reutlingen; ParkenDD parkapi-sources (MIT)",
    )


def _well_known_point(item: Item, field: str) -> tuple[float, float]:
    text = item.text(field)
    inside = text.removeprefix("POINT").strip()
    if not (text.startswith("POINT") and inside.startswith("(") and inside.endswith(")")):
        raise ItemError(field, "NOT_A_POINT")
    longitude, _, latitude = inside[1:-1].strip().partition(" ")
    point = Item(item.label, {field: latitude, "longitude": longitude})
    return point.position(field, "longitude")


BIETIGHEIM = Source(
    "bietigheim", _with_columns("Name", "OccupiedSites", "Timestamp"), table_items, _bietigheim
)
GOLDBECK = Source("goldbeck", _with_columns("ID", "Anzahl Stellplätze"), table_items, _goldbeck)
KELTERN = Source(
    "keltern", _with_columns("id", "dataType", "hasOpeningHours24h"), table_items, _keltern
)
REUTLINGEN = Source(
    "reutlingen", _with_columns("id", "Kapazität", "GEOM"), table_items, _reutlingen
)
