"""Visits to elders' homes, and what they let a carer see."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, insert, literal, select, tuple_, update
from xianban_sdk.errors import NotFound
from xianban_sdk.repository import columns

from xianban_eldercare.domain.visits import AROUND, LATE_AFTER
from xianban_eldercare.repository.narrowing import Page, Repository, page_of
from xianban_eldercare.repository.organisation_rows import VisitRow
from xianban_eldercare.repository.organisation_tables import visit

__all__ = ["Span", "Visits"]

Span = tuple[datetime, datetime]
_ORDER = (visit.c.start_at, visit.c.id)


class Visits(Repository):
    """The visits of an elder, or of an area's organisations, or a carer's own."""

    def get(self, visit_id: str, *, locked: bool = False) -> VisitRow:
        """Of the elder the call is about."""
        return self._one(
            select(visit).where(visit.c.id == visit_id, self.visible(visit.c.resident)), locked
        )

    def assigned(self, visit_id: str, now: datetime, *, locked: bool = False) -> VisitRow:
        """The caller's own visit, from a day before until a day after it."""
        mine = (self.own(visit.c.resident), self._assigned(now))
        return self._one(select(visit).where(visit.c.id == visit_id, *mine), locked)

    def sent_to(self, resident: str, now: datetime) -> bool:
        """The caller is sent to the elder about now: their assignment."""
        query = select(visit.c.id).where(visit.c.resident == resident, self._assigned(now))
        return self.conn.scalar(query.limit(1)) is not None

    def of_elder(self, resident: str, span: Span, page: Page) -> tuple[list[VisitRow], str]:
        mine = (visit.c.resident == resident, self.visible(visit.c.resident))
        return self._page(select(visit).where(*mine), span, page)

    def route(self, now: datetime, span: Span, page: Page) -> tuple[list[VisitRow], str]:
        """The caller's own."""
        return self._page(select(visit).where(self._assigned(now)), span, page)

    def roster(self, organisation_id: str, span: Span, page: Page) -> tuple[list[VisitRow], str]:
        """Of an organisation in the caller's areas."""
        query = select(visit).where(
            visit.c.organisation == organisation_id,
            self.in_own_organisations(visit.c.organisation),
            self.in_areas(visit.c.resident),
        )
        return self._page(query, span, page)

    def of_carer(self, carer: str, start: datetime, end: datetime) -> list[VisitRow]:
        """Whatever organisation sends them; for the rules alone, nobody is shown it."""
        # A way to a later visit may reach back into the span: the rule asks about it.
        query = select(visit).where(
            visit.c.carer == carer,
            visit.c.end_at > start,
            visit.c.start_at < end + timedelta(hours=4),
            visit.c.state != "cancelled",
        )
        return [VisitRow(**row) for row in self.conn.execute(query).mappings()]

    def days_of_plans(self, plans: Collection[str], since: date) -> Mapping[str, set[date]]:
        """Plan → the days that have or had their visit; whatever became of it."""
        mine = (visit.c.plan.in_(plans), visit.c.plan_day >= since)
        query = select(visit.c.plan, visit.c.plan_day).where(*mine, self.visible(visit.c.resident))
        found: dict[str, set[date]] = {plan: set() for plan in plans}
        for row in self.conn.execute(query):
            found[row.plan].add(row.plan_day)
        return found

    def ahead_of_plan(self, plan: str, now: datetime) -> list[VisitRow]:
        """Those that are still to begin, locked."""
        query = select(visit).where(
            visit.c.plan == plan,
            visit.c.state == "planned",
            visit.c.start_at > now,
            self.visible(visit.c.resident),
        )
        rows = self.conn.execute(query.order_by(*_ORDER).with_for_update()).mappings()
        return [VisitRow(**row) for row in rows]

    def of_plan_since(self, plan: str, day: date) -> list[VisitRow]:
        """Those made for the day or later, whatever became of them; locked."""
        query = select(visit).where(
            visit.c.plan == plan, visit.c.plan_day >= day, self.visible(visit.c.resident)
        )
        rows = self.conn.execute(query.order_by(*_ORDER).with_for_update()).mappings()
        return [VisitRow(**row) for row in rows]

    def several(self, ids: Collection[str]) -> list[VisitRow]:
        """Those of the ids that may be seen, by their times."""
        query = select(visit).where(visit.c.id.in_(ids), self.visible(visit.c.resident))
        return [VisitRow(**row) for row in self.conn.execute(query.order_by(*_ORDER)).mappings()]

    def ahead_of_elder(self, resident: str, now: datetime) -> list[VisitRow]:
        """Those that are still to begin, locked."""
        query = select(visit).where(
            visit.c.resident == resident,
            visit.c.state == "planned",
            visit.c.start_at > now,
            self.visible(visit.c.resident),
        )
        rows = self.conn.execute(query.order_by(*_ORDER).with_for_update()).mappings()
        return [VisitRow(**row) for row in rows]

    def of_orders(self, orders: Collection[str], *, locked: bool = False) -> dict[str, VisitRow]:
        """Order → the visit by which it is or was done; one called off or missed is none."""
        query = select(visit).where(
            visit.c.order_id.in_(orders), visit.c.state.in_(("planned", "checked-in", "done"))
        )
        rows = self.conn.execute(query.with_for_update() if locked else query).mappings()
        return {row["order_id"]: VisitRow(**row) for row in rows}

    def late(self, resident: str, now: datetime) -> bool:
        """Somebody should have come and has not; for the alarm."""
        query = select(visit.c.id).where(
            visit.c.resident == resident,
            visit.c.state == "planned",
            visit.c.end_at <= now - LATE_AFTER,
        )
        return self.conn.scalar(query.limit(1)) is not None

    def add(self, row: VisitRow) -> None:
        self.conn.execute(insert(visit).values(**columns(row)))

    def save(self, row: VisitRow) -> None:
        """Whoever saves has locked it."""
        self.conn.execute(update(visit).where(visit.c.id == row.id).values(**columns(row)))

    def _assigned(self, now: datetime) -> ColumnElement[bool]:
        """The caller is sent there, and about now."""
        return (
            (visit.c.carer == self.scope.actor)
            & (visit.c.state != "cancelled")
            & (visit.c.start_at <= now + AROUND)
            & (visit.c.end_at > now - AROUND)
        )

    def _one(self, query: Select[tuple[VisitRow]], locked: bool) -> VisitRow:
        found = self.conn.execute(query.with_for_update() if locked else query).mappings().first()
        if found is None:
            raise NotFound("VISIT_NOT_FOUND", field="name")
        return VisitRow(**found)

    def _page(
        self, query: Select[tuple[VisitRow]], span: Span, page: Page
    ) -> tuple[list[VisitRow], str]:
        start, end = span
        query = query.where(visit.c.end_at > start, visit.c.start_at < end)
        if page.after is not None:
            query = query.where(
                tuple_(*_ORDER)
                > tuple_(
                    literal(datetime.fromisoformat(page.after[0]), visit.c.start_at.type),
                    literal(page.after[1]),
                )
            )
        return page_of(self.conn, query.order_by(*_ORDER), page, VisitRow, "start_at", "id")
