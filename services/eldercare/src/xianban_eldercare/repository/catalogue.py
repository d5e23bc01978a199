"""Organisations' catalogues, and how many places of a line are taken on a day."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, literal, or_, select, true, tuple_, update
from xianban_sdk.errors import NotFound
from xianban_sdk.repository import columns
from xianban_sdk.storage import insert_new

from xianban_eldercare.repository.narrowing import Page, Repository, page_of
from xianban_eldercare.repository.order_rows import ItemRow
from xianban_eldercare.repository.order_tables import service_day, service_item

__all__ = ["Catalogue", "Wanted"]

Key = tuple[str, str]
_ORDER = (
    service_item.c.kind,
    service_item.c.price_fen,
    service_item.c.display_name,
    service_item.c.organisation,
    service_item.c.id,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is narrowed to; empty: everything."""

    organisation: str = ""
    area: str = ""
    kind: str = ""


class Catalogue(Repository):
    """Public facts; who may write them is the handlers' question."""

    def get(self, key: Key, *, field: str = "name") -> ItemRow:
        """As it is now."""
        row = self.find(key)
        if row is None:
            raise NotFound("SERVICE_ITEM_NOT_FOUND", field=field)
        return row

    def find(self, key: Key) -> ItemRow | None:
        query = select(service_item).where(_is(key), service_item.c.current.is_(True))
        row = self.conn.execute(query).mappings().first()
        return ItemRow(**row) if row else None

    def versions(
        self, wanted: Collection[tuple[str, str, int]]
    ) -> Mapping[tuple[str, str, int], ItemRow]:
        """(organisation, id, version) → line, as orders were made at it."""
        key = tuple_(service_item.c.organisation, service_item.c.id, service_item.c.version)
        rows = self.conn.execute(select(service_item).where(key.in_(wanted))).mappings()
        return {(row["organisation"], row["id"], row["version"]): ItemRow(**row) for row in rows}

    def listed(self, page: Page, wanted: Wanted) -> tuple[list[ItemRow], str]:
        """By kind, price and name; what can't be ordered is for its organisation's list alone."""
        query = select(service_item).where(
            service_item.c.current.is_(True), _of(wanted), _serves(wanted.area)
        )
        if wanted.kind:
            query = query.where(service_item.c.kind == wanted.kind)
        if page.after is not None:
            after = (literal(key, col.type) for key, col in zip(page.after, _ORDER, strict=True))
            query = query.where(tuple_(*_ORDER) > tuple_(*after))
        keys = [column.name for column in _ORDER]
        return page_of(self.conn, query.order_by(*_ORDER), page, ItemRow, *keys)

    def add(self, row: ItemRow) -> bool:
        """A new version, or a new line; False when somebody else was faster."""
        before = (_is((row.organisation, row.id)), service_item.c.version < row.version)
        self.conn.execute(update(service_item).where(*before).values(current=False))
        return insert_new(self.conn, service_item, columns(row))

    # -- places ---------------------------------------------------------------------------------

    def take(self, row: ItemRow, day: date, units: int) -> bool:
        """False when the day has not so many left; of two who want the last, one waits."""
        key = {"organisation": row.organisation, "item": row.id, "day": day}
        insert_new(self.conn, service_day, {**key, "taken": 0})
        enough = service_day.c.taken + units <= row.daily_capacity
        return self._change((row.organisation, row.id), day, units, enough)

    def give_back(self, key: Key, day: date, units: int) -> None:
        self._change(key, day, -units, true())

    def _change(self, key: Key, day: date, units: int, when: ColumnElement[bool]) -> bool:
        organisation, item = key
        same = (
            service_day.c.organisation == organisation,
            service_day.c.item == item,
            service_day.c.day == day,
        )
        statement = update(service_day).where(*same, when)
        changed = self.conn.execute(statement.values(taken=service_day.c.taken + units))
        return changed.rowcount > 0

    def taken(self, keys: Collection[Key], day: date) -> dict[Key, int]:
        """(organisation, id) → units."""
        key = tuple_(service_day.c.organisation, service_day.c.item)
        query = select(service_day).where(key.in_(keys), service_day.c.day == day)
        return {(row.organisation, row.item): row.taken for row in self.conn.execute(query)}


def _is(key: Key) -> ColumnElement[bool]:
    organisation, item = key
    return (service_item.c.organisation == organisation) & (service_item.c.id == item)


def _of(wanted: Wanted) -> ColumnElement[bool]:
    if wanted.organisation:
        return service_item.c.organisation == wanted.organisation
    return service_item.c.active.is_(True)


def _serves(area: str) -> ColumnElement[bool]:
    """Lines whose area is the given one or lies above it."""
    if not area:
        return true()
    parts = area.split("/")
    above = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    return or_(*(service_item.c.area == one for one in above))
