"""Orders: of an elder, or of the organisations of an area."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import ColumnElement, insert, literal, select, true, tuple_, update
from xianban_sdk.errors import NotFound
from xianban_sdk.repository import columns, within

from xianban_eldercare.domain.orders import OPEN
from xianban_eldercare.repository.narrowing import Page, Repository, page_of
from xianban_eldercare.repository.order_rows import OrderRow
from xianban_eldercare.repository.order_tables import care_order
from xianban_eldercare.repository.organisation_tables import organisation

__all__ = ["Orders"]

_BY_TIME = (care_order.c.start_at, care_order.c.id)


class Orders(Repository):
    """Staff see what their areas' organisations do, wherever the elder lives."""

    def get(self, order_id: str, *, locked: bool = False) -> OrderRow:
        row = self.find(order_id, locked=locked)
        if row is None:
            raise NotFound("ORDER_NOT_FOUND", field="name")
        return row

    def find(self, order_id: str, *, locked: bool = False) -> OrderRow | None:
        query = select(care_order).where(care_order.c.id == order_id, self._mine())
        row = self.conn.execute(query.with_for_update() if locked else query).mappings().first()
        return OrderRow(**row) if row else None

    def several(self, ids: Collection[str]) -> dict[str, OrderRow]:
        """Id → order."""
        query = select(care_order).where(care_order.c.id.in_(ids), self._mine())
        return {row["id"]: OrderRow(**row) for row in self.conn.execute(query).mappings()}

    def of_elder(self, resident: str, page: Page, *, open_: bool) -> tuple[list[OrderRow], str]:
        """Newest first."""
        query = select(care_order).where(care_order.c.resident == resident, self._mine())
        if open_:
            query = query.where(care_order.c.state.in_([one.value for one in OPEN]))
        if page.after is not None:
            query = query.where(care_order.c.id < page.after)
        return page_of(self.conn, query.order_by(care_order.c.id.desc()), page, OrderRow, "id")

    def of_day(self, organisation_id: str, day: date, page: Page) -> tuple[list[OrderRow], str]:
        """In the order of their time."""
        query = select(care_order).where(
            care_order.c.organisation == organisation_id, care_order.c.day == day, self._mine()
        )
        if page.after is not None:
            at, last = datetime.fromisoformat(page.after[0]), page.after[1]
            after = tuple_(literal(at, care_order.c.start_at.type), literal(last))
            query = query.where(tuple_(*_BY_TIME) > after)
        return page_of(self.conn, query.order_by(*_BY_TIME), page, OrderRow, "start_at", "id")

    def add(self, row: OrderRow) -> None:
        self.conn.execute(insert(care_order).values(**columns(row)))

    def save(self, row: OrderRow) -> None:
        """Whoever saves has locked it."""
        same = (care_order.c.id == row.id, self._mine())
        self.conn.execute(update(care_order).where(*same).values(**columns(row)))

    def _mine(self) -> ColumnElement[bool]:
        if self.unrestricted:
            return true()
        if not self.scope.areas:
            return self.own(care_order.c.resident)
        theirs = select(organisation.c.id).where(within(self.scope.areas, organisation.c.area))
        here = care_order.c.organisation.in_(theirs)
        return here if self.scope.subject is None else here & self.own(care_order.c.resident)
