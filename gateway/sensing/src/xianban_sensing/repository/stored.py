"""Entities as rows and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from xianban_sensing.domain.entities import Entity, point_of
from xianban_sensing.domain.geometries import on_sphere
from xianban_sensing.domain.leaves import Leaf, leaves_of

__all__ = ["entity_row", "leaf_rows", "loaded", "text_of", "value_of"]


def text_of(value: Any) -> str:
    """JSON as it is kept."""
    return orjson.dumps(value).decode()


def value_of(text: str) -> Any:
    return orjson.loads(text)


def entity_row(entity: Entity) -> dict[str, Any]:
    """The row, with the place where the entity has one."""
    place = point_of(entity.attributes)
    x, y, z = on_sphere(*place) if place else (None, None, None)
    return {
        "id": entity.id,
        "types": text_of(entity.types),
        "attributes": text_of(entity.attributes),
        "context": text_of(entity.context),
        "provider": entity.provider,
        "x": x,
        "y": y,
        "z": z,
        "created_at": entity.created_at,
        "modified_at": entity.modified_at,
    }


def loaded(row: Any) -> Entity:
    attributes: dict[str, list[Any]] = value_of(row.attributes)
    return Entity(
        id=row.id,
        types=tuple(value_of(row.types)),
        attributes={name: tuple(instances) for name, instances in attributes.items()},
        context=value_of(row.context),
        provider=row.provider,
        created_at=row.created_at,
        modified_at=row.modified_at,
    )


def leaf_rows(entity: Entity, names: Iterable[str]) -> list[dict[str, Any]]:
    """The values of these attributes, numbered within each; refused where the entity as a whole
    has too many: whoever is told of it looks at all of them."""
    wanted, counted = frozenset(names), dict[str, int]()
    rows: list[dict[str, Any]] = []
    for leaf in (one for one in leaves_of(entity.attributes) if one.attribute in wanted):
        position = counted.get(leaf.attribute, 0)
        counted[leaf.attribute] = position + 1
        rows.append(_leaf_row(entity.id, position, leaf))
    return rows


def _leaf_row(entity: str, position: int, leaf: Leaf) -> dict[str, Any]:
    return {
        "entity": entity,
        "attribute": leaf.attribute,
        "position": position,
        "path": leaf.path,
        "number": leaf.number,
        "text": leaf.text,
        "instant": leaf.instant,
        "truth": leaf.truth,
    }
