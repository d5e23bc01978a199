"""Entities in the database. What is known of things is public; who may write is the handlers'."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from sqlalchemy import delete, func, insert, select, update
from xianban_sdk import repository
from xianban_sdk.errors import FailedPrecondition, NotFound
from xianban_sdk.storage import insert_new

from xianban_sensing.domain.entities import Entity
from xianban_sensing.domain.patterns import pattern_of
from xianban_sensing.domain.selections import Selection
from xianban_sensing.repository.stored import entity_row, leaf_rows, loaded
from xianban_sensing.repository.tables import (
    attribute_instance,
    entity,
    entity_leaf,
    entity_type,
)
from xianban_sensing.repository.where import where

__all__ = ["Entities"]

# So many ids are held against a pattern, which no database here can do safely.
_MOST_MATCHED: Final = 20_000


class Entities(repository.Repository):
    """Everything that is known of things."""

    def get(self, id_: str) -> Entity:
        found = self.find(id_)
        if found is None:
            raise NotFound("ENTITY_NOT_FOUND", field="id")
        return found

    def find(self, id_: str) -> Entity | None:
        row = self.conn.execute(select(entity).where(entity.c.id == id_)).first()
        return loaded(row) if row else None

    def locked(self, id_: str) -> Entity | None:
        """To be changed: nobody else changes it meanwhile."""
        query = select(entity).where(entity.c.id == id_).with_for_update()
        row = self.conn.execute(query).first()
        return loaded(row) if row else None

    def listed(self, wanted: Selection, limit: int, offset: int) -> tuple[list[Entity], bool]:
        """A page by id, and whether more follow."""
        query = select(entity).where(*where(wanted)).order_by(entity.c.id)
        if wanted.id_pattern:
            ids = self._matching(wanted)[offset : offset + limit + 1]
            query = select(entity).where(entity.c.id.in_(ids)).order_by(entity.c.id)
        else:
            query = query.limit(limit + 1).offset(offset)
        found = [loaded(row) for row in self.conn.execute(query)]
        return found[:limit], len(found) > limit

    def counted(self, wanted: Selection) -> int:
        """How many are meant, on all pages."""
        if wanted.id_pattern:
            return len(self._matching(wanted))
        query = select(func.count()).select_from(entity).where(*where(wanted))
        return self.conn.execute(query).scalar_one()

    def types(self) -> list[str]:
        """The types of which there are entities, in full."""
        query = select(entity_type.c.type).distinct().order_by(entity_type.c.type)
        return list(self.conn.scalars(query))

    def of_provider(self, provider: str, type_: str) -> list[str]:
        """The ids of a provider's entities of a type."""
        of_type = select(entity_type.c.entity).where(entity_type.c.type == type_)
        query = select(entity.c.id).where(entity.c.provider == provider, entity.c.id.in_(of_type))
        return list(self.conn.scalars(query.order_by(entity.c.id)))

    def add(self, new: Entity) -> bool:
        """False when an entity of that id is there already."""
        if not insert_new(self.conn, entity, entity_row(new)):
            return False
        self._typed(new)
        self._leaves(new, new.attributes.keys())
        return True

    def save(self, changed: Entity, names: Collection[str]) -> None:
        """Its attributes of these names are other ones than before, or gone."""
        values = {name: value for name, value in entity_row(changed).items() if name != "id"}
        self.conn.execute(update(entity).where(entity.c.id == changed.id).values(values))
        of_another = (entity_type.c.entity == changed.id, entity_type.c.type.not_in(changed.types))
        self.conn.execute(delete(entity_type).where(*of_another))
        self._typed(changed)
        of_it = entity_leaf.c.entity == changed.id
        gone = delete(entity_leaf).where(of_it, entity_leaf.c.attribute.in_(list(names)))
        self.conn.execute(gone)
        self._leaves(changed, names)

    def remove(self, id_: str) -> None:
        """With its past."""
        self.conn.execute(delete(entity).where(entity.c.id == id_))
        for table in (entity_type, entity_leaf, attribute_instance):
            self.conn.execute(delete(table).where(table.c.entity == id_))

    def _typed(self, of: Entity) -> None:
        for one in of.types:
            insert_new(self.conn, entity_type, {"type": one, "entity": of.id})

    def _leaves(self, of: Entity, names: Collection[str]) -> None:
        rows = leaf_rows(of, names)
        if rows:
            self.conn.execute(insert(entity_leaf), rows)

    def _matching(self, wanted: Selection) -> list[str]:
        """The ids that hold the pattern, among those that are meant otherwise."""
        holds: Callable[[str], bool] = pattern_of(wanted.id_pattern)
        query = select(entity.c.id).where(*where(wanted)).order_by(entity.c.id)
        ids = list(self.conn.scalars(query.limit(_MOST_MATCHED + 1)))
        if len(ids) > _MOST_MATCHED:
            raise FailedPrecondition("QUERY_TOO_COMPLEX", field="idPattern")
        return [id_ for id_ in ids if holds(id_)]
