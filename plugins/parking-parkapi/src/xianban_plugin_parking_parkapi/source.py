"""What every kind of file brings: how it is recognised, its items, and how one is converted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from xianban_parking.hookspecs import LotFacts, LotObservation, Rejected

from xianban_plugin_parking_parkapi.document import MAX_ITEMS, Document, JsonDocument, Table
from xianban_plugin_parking_parkapi.item import Item, ItemError

__all__ = ["Read", "Source", "as_object", "features", "json_value", "records", "table_items"]

Read = LotFacts | LotObservation


@dataclass(frozen=True, slots=True)
class Source:
    """A file format of one publisher, or a standard."""

    id: str
    matches: Callable[[Document], bool]
    items: Callable[[Document], Iterator[Item]]
    convert: Callable[[Item], Iterator[Read]]

    def read(self, document: Document) -> Iterator[Read | Rejected]:
        """Every item; one that can't be read is told and the others go on."""
        seen: set[tuple[type, str]] = set()
        for item in islice(self.items(document), MAX_ITEMS):
            try:
                for found in self.convert(item):
                    _once(found, seen)
                    yield found
            except ItemError as error:
                yield Rejected(item.label, error.field, error.reason, item.shortened())


def _once(found: Read, seen: set[tuple[type, str]]) -> None:
    key = (type(found), found.lot)
    if key in seen:
        raise ItemError("id", "DUPLICATE")
    seen.add(key)


def table_items(document: Document) -> Iterator[Item]:
    """The rows of a table, labelled by their line."""
    assert isinstance(document, Table)
    for line, row in document.rows:
        yield Item(f"line {line}", row)


def records(values: object, label: str = "id") -> Iterator[Item]:
    """The objects of a JSON list, labelled by their own id where they have one."""
    for number, record in enumerate(_objects(values), start=1):
        yield Item(_label(record.get(label), number), record)


def features(document: Document) -> Iterator[Item]:
    """GeoJSON features: the properties, a point as `geometry.lon` and `geometry.lat`."""
    for number, feature in enumerate(_objects(json_value(document)["features"]), start=1):
        properties = as_object(feature.get("properties"))
        flat = {**properties, **_shape(as_object(feature.get("geometry")))}
        yield Item(_label(properties.get("id"), number), flat)


def json_value(document: Document) -> Any:
    """The value of a JSON document; `matches` has said that it is one."""
    assert isinstance(document, JsonDocument)
    return document.value


def as_object(value: object) -> Mapping[str, Any]:
    """A JSON object, or an empty one: the missing fields are told one by one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _objects(values: object) -> Iterator[Mapping[str, Any]]:
    return map(as_object, cast("Sequence[object]", values if isinstance(values, list) else []))


def _label(own: object, number: int) -> str:
    return str(own)[:100] if isinstance(own, str | int | float) else f"item {number}"


def _shape(geometry: Mapping[str, Any]) -> dict[str, object]:
    flat: dict[str, object] = {"geometry.type": geometry.get("type"), "geometry": geometry}
    point = geometry.get("coordinates")
    if geometry.get("type") == "Point" and isinstance(point, list):
        longitude, latitude, *_ = [*cast("list[object]", point), None, None]
        flat |= {"geometry.lon": longitude, "geometry.lat": latitude}
    return flat
