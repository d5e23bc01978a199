"""How attributes were, as they were written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, insert, select, true
from xianban_sdk import repository
from xianban_sdk.errors import FailedPrecondition
from xianban_sdk.ids import Ids
from xianban_sdk.storage.retention import Kept

from xianban_sensing.domain.entities import Entity, Instance, instant_of
from xianban_sensing.domain.selections import Past
from xianban_sensing.repository.stored import text_of, value_of
from xianban_sensing.repository.tables import attribute_instance, notification

__all__ = ["KEPT", "Evolution", "History"]

# How things were is told of the last 7 days; what nobody took in two is told to nobody.
KEPT: Final = (
    Kept(attribute_instance, attribute_instance.c.recorded_at, timedelta(days=7)),
    Kept(notification, notification.c.made_at, timedelta(days=2)),
)

# Attribute in full → its instances with their times, oldest first.
Evolution = Mapping[str, Sequence[tuple[Instance, datetime]]]

# So many instances one answer holds; whoever wants more asks for less at a time.
_MOST: Final = 20_000
_ROW: Final = attribute_instance.c


class History(repository.Repository):
    """What entities told before."""

    def keep(self, entity: Entity, names: Iterable[str], now: datetime, ids: Ids) -> None:
        """These attributes as they are from now on."""
        rows = [
            {
                "id": ids.new(),
                "entity": entity.id,
                "attribute": name,
                "observed_at": instant_of(instance.get("observedAt")),
                "recorded_at": now,
                "instance": text_of(instance),
            }
            for name in names
            for instance in entity.attributes.get(name, ())
        ]
        if rows:
            self.conn.execute(insert(attribute_instance), rows)

    def of(
        self, ids: Collection[str], names: Collection[str], past: Past
    ) -> Mapping[str, Evolution]:
        """By entity; refused where an answer can't hold it."""
        at = _ROW.observed_at if past.by_observation else _ROW.recorded_at
        newest = func.row_number().over(
            partition_by=(_ROW.entity, _ROW.attribute), order_by=(at.desc(), _ROW.id.desc())
        )
        ranked = (
            select(_ROW.id, _ROW.entity, _ROW.attribute, _ROW.instance, at.label("at"))
            .add_columns(newest.label("rank"))
            .where(_ROW.entity.in_(ids), at.is_not(None), _within(at, past), _named(names))
            .subquery()
        )
        query = select(ranked).order_by(ranked.c.entity, ranked.c.at, ranked.c.id)
        if past.last:
            query = query.where(ranked.c.rank <= past.last)
        rows = self.conn.execute(query.limit(_MOST + 1)).all()
        if len(rows) > _MOST:
            raise FailedPrecondition("TOO_MANY_RESULTS", field="lastN")
        return _sorted(rows)


def _sorted(rows: Sequence[Any]) -> Mapping[str, Evolution]:
    found: dict[str, dict[str, list[tuple[Instance, datetime]]]]
    found = defaultdict(lambda: defaultdict(list))
    for row in rows:
        found[row.entity][row.attribute].append((value_of(row.instance), row.at))
    return found


def _within(at: Any, past: Past) -> ColumnElement[bool]:
    if past.relation == "before":
        return at < past.at
    if past.relation == "after":
        return at > past.at
    return and_(at >= past.at, at < past.until) if past.relation else true()


def _named(names: Collection[str]) -> ColumnElement[bool]:
    return _ROW.attribute.in_(names) if names else true()
