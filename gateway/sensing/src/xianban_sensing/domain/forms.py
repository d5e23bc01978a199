"""Writes entities as NGSI-LD documents: normalized, concise or simplified (keyValues). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final, cast

from xianban_sensing.domain.contexts import Context
from xianban_sensing.domain.documents import HOLDS
from xianban_sensing.domain.entities import Attributes, Entity, Instance, iso
from xianban_sensing.domain.geometries import is_geometry

__all__ = ["Form", "Look", "document", "evolution", "written"]

Json = dict[str, Any]
_STAMPS: Final = ("createdAt", "modifiedAt")
_PLAIN: Final = ("observedAt", "unitCode", "datasetId")


class Form(Enum):
    """How an attribute is written."""

    NORMALIZED = "normalized"
    CONCISE = "concise"
    SIMPLIFIED = "keyValues"


@dataclass(frozen=True, slots=True)
class Look:
    """How an entity is shown: in which form, with which attributes (full names; none: all), with
    or without the system's own stamps."""

    form: Form = Form.NORMALIZED
    attributes: frozenset[str] = frozenset()
    stamps: bool = False

    def of(self, attributes: Attributes) -> Attributes:
        """Those that are shown."""
        if not self.attributes:
            return attributes
        return {name: one for name, one in attributes.items() if name in self.attributes}


def document(entity: Entity, context: Context, look: Look) -> Json:
    """The entity without its @context."""
    types = [context.compact(one) for one in entity.types]
    told: Json = {"id": entity.id, "type": types[0] if len(types) == 1 else types}
    if look.stamps:
        told |= {"createdAt": iso(entity.created_at), "modifiedAt": iso(entity.modified_at)}
    return told | written(entity.attributes, context, look)


def written(attributes: Attributes, context: Context, look: Look) -> Json:
    """Attributes under their short names."""
    return {
        context.compact(name): _several([_shown(one, context, look) for one in instances])
        for name, instances in look.of(attributes).items()
    }


def _several(shown: Sequence[Any]) -> Any:
    return shown[0] if len(shown) == 1 else list(shown)


def _shown(instance: Instance, context: Context, look: Look) -> Any:
    held = instance[HOLDS[instance["type"]]]
    if look.form is Form.SIMPLIFIED:
        return {"languageMap": held} if instance["type"] == "LanguageProperty" else held
    whole = _members(instance, context, look)
    if look.form is Form.CONCISE:
        bare = whole.keys() == {HOLDS[instance["type"]]} and "value" in whole
        return held if bare and not _mistakable(instance) else whole
    return {"type": instance["type"], **whole}


def _mistakable(instance: Instance) -> bool:
    """Whether the bare value would be read as another attribute than it is."""
    value: Any = instance["value"]
    if instance["type"] == "GeoProperty" or is_geometry(value):
        return instance["type"] != "GeoProperty"
    items = cast("list[Any]", value) if isinstance(value, list) else [value]
    names = ("type", *HOLDS.values())
    return any(isinstance(one, dict) and any(name in one for name in names) for one in items)


def _members(instance: Instance, context: Context, look: Look) -> Json:
    kept = (HOLDS[instance["type"]], *_PLAIN, *(_STAMPS if look.stamps else ()))
    whole: Json = {name: instance[name] for name in kept if name in instance}
    inner: Mapping[str, Instance] = instance.get("attributes", {})
    return whole | {
        context.compact(name): _shown(one, context, look) for name, one in inner.items()
    }


def evolution(
    instances: Mapping[str, Sequence[tuple[Instance, datetime]]],
    context: Context,
    look: Look,
) -> Json:
    """How attributes were, each instance with its time: whole, or as [value, time] pairs."""
    return {
        context.compact(name): _pairs(found)
        if look.form is Form.SIMPLIFIED
        else [_shown(one, context, look) for one, _ in found]
        for name, found in instances.items()
    }


# Kind of attribute → the member that lists its values over time (4.5.9).
_LISTS: Final = {
    "Property": "values",
    "GeoProperty": "values",
    "Relationship": "objects",
    "LanguageProperty": "languageMaps",
}


def _pairs(found: Sequence[tuple[Instance, datetime]]) -> Json:
    kind: str = found[0][0]["type"] if found else "Property"
    pairs = [[one[HOLDS[one["type"]]], iso(at)] for one, at in found]
    return {"type": kind, _LISTS[kind]: pairs}
