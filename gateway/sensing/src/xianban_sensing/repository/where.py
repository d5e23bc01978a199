"""A selection of entities as conditions that SQLite and PostgreSQL both know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, and_, exists, not_, or_, select

from xianban_sensing.domain.geometries import chord_squared, on_sphere
from xianban_sensing.domain.queries import And, Node, Or, Term, Value
from xianban_sensing.domain.selections import Near, Selection
from xianban_sensing.repository.tables import entity, entity_leaf, entity_type

__all__ = ["where"]

_LEAF: Final = entity_leaf.c


def where(wanted: Selection) -> list[ColumnElement[bool]]:
    """All of them hold of what is meant; the pattern of ids is not among them."""
    return list(_conditions(wanted))


def _conditions(wanted: Selection) -> Iterator[ColumnElement[bool]]:
    if wanted.types:
        of_type = select(entity_type.c.entity).where(entity_type.c.type.in_(wanted.types))
        yield entity.c.id.in_(of_type)
    if wanted.ids:
        yield entity.c.id.in_(wanted.ids)
    if wanted.attributes:
        yield _some(_LEAF.attribute.in_(wanted.attributes))
    if wanted.query is not None:
        yield _node(wanted.query)
    if wanted.near is not None:
        yield _near(wanted.near)


def _some(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """The entity has a value of which these hold."""
    return exists(select(1).where(_LEAF.entity == entity.c.id, *conditions))


def _node(node: Node) -> ColumnElement[bool]:
    if isinstance(node, And):
        return and_(*(_node(part) for part in node.parts))
    if isinstance(node, Or):
        return or_(*(_node(part) for part in node.parts))
    here = (_LEAF.attribute == node.attribute, _LEAF.path == node.path)
    if not node.operator:
        return _some(*here)
    is_so = _some(*here, _comparison(node))
    return and_(_some(*here), not_(is_so)) if node.operator == "!=" else is_so


def _comparison(term: Term) -> ColumnElement[bool]:
    """Of one value; for `!=` what the value must not be."""
    if term.upto is not None:
        first, last = _column(term.values[0]), _column(term.upto)
        return and_(first >= term.values[0], last <= term.upto)
    return or_(*(_compared(term.operator, value) for value in term.values))


def _compared(operator: str, value: Value) -> ColumnElement[bool]:
    column = _column(value)
    if operator in ("==", "!="):
        return column == value
    if isinstance(value, bool):
        return column != column  # truths have no order
    orders = {">": column > value, ">=": column >= value, "<": column < value}
    return orders.get(operator, column <= value)


def _column(value: Value) -> Column[Any]:
    if isinstance(value, bool):
        return _LEAF.truth
    if isinstance(value, float):
        return _LEAF.number
    return _LEAF.instant if isinstance(value, datetime) else _LEAF.text


def _near(near: Near) -> ColumnElement[bool]:
    """By the straight line through the earth, which grows with the way over it."""
    place = on_sphere(near.longitude, near.latitude)
    steps = [
        (column - there) * (column - there)
        for column, there in zip((entity.c.x, entity.c.y, entity.c.z), place, strict=True)
    ]
    apart: ColumnElement[float] = steps[0] + steps[1] + steps[2]
    if near.at_most_m is None:
        return apart >= chord_squared(near.at_least_m)
    return apart <= chord_squared(near.at_most_m)
