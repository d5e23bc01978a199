"""Plans of weekly visits, and the days for which none could be rostered."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from sqlalchemy import ColumnElement, delete, insert, or_, select, update
from xianban_sdk.errors import NotFound
from xianban_sdk.repository import columns

from xianban_eldercare.repository.narrowing import Page, Repository, page_of
from xianban_eldercare.repository.organisation_rows import UnmadeRow, VisitPlanRow
from xianban_eldercare.repository.organisation_tables import visit_plan, visit_plan_unmade

__all__ = ["VisitPlans"]


class VisitPlans(Repository):
    """The plans of an elder whom the caller may see; the service's own work sees all."""

    def get(self, plan_id: str) -> VisitPlanRow:
        """Locked: of two who roster or end it, one waits."""
        row = self.find(plan_id)
        if row is None:
            raise NotFound("VISIT_PLAN_NOT_FOUND", field="name")
        return row

    def find(self, plan_id: str) -> VisitPlanRow | None:
        """As `get`; None: erased with its elder."""
        query = select(visit_plan).where(
            visit_plan.c.id == plan_id, self.visible(visit_plan.c.resident)
        )
        row = self.conn.execute(query.with_for_update()).mappings().first()
        return VisitPlanRow(**row) if row else None

    def of_elder(self, resident: str, today: date, page: Page) -> tuple[list[VisitPlanRow], str]:
        """Those that run or will, oldest first."""
        query = select(visit_plan).where(
            visit_plan.c.resident == resident, self.visible(visit_plan.c.resident), _runs(today)
        )
        if page.after is not None:
            query = query.where(visit_plan.c.id > page.after)
        return page_of(self.conn, query.order_by(visit_plan.c.id), page, VisitPlanRow, "id")

    def running(self, today: date, last: date, *, after: str, limit: int) -> list[VisitPlanRow]:
        """Of all elders whom the caller sees, by id: what may come between the two days."""
        query = select(visit_plan).where(
            visit_plan.c.id > after,
            visit_plan.c.first_on <= last,
            _runs(today),
            self.visible(visit_plan.c.resident),
        )
        rows = self.conn.execute(query.order_by(visit_plan.c.id).limit(limit)).mappings()
        return [VisitPlanRow(**row) for row in rows]

    def add(self, row: VisitPlanRow) -> None:
        self.conn.execute(insert(visit_plan).values(**columns(row)))

    def save(self, row: VisitPlanRow) -> None:
        """Whoever saves has locked it."""
        same = (visit_plan.c.id == row.id, self.visible(visit_plan.c.resident))
        self.conn.execute(update(visit_plan).where(*same).values(**columns(row)))

    def unmade(self, plans: Collection[str]) -> Mapping[str, list[UnmadeRow]]:
        """Plan → its days without a visit, in order; of plans that the caller has found."""
        query = select(visit_plan_unmade).where(visit_plan_unmade.c.plan.in_(plans))
        found: dict[str, list[UnmadeRow]] = {}
        for row in self.conn.execute(query.order_by(visit_plan_unmade.c.day)).mappings():
            found.setdefault(row["plan"], []).append(UnmadeRow(**row))
        return found

    def put_unmade(self, plan_id: str, rows: Sequence[UnmadeRow]) -> None:
        """In place of those before; the plan is locked."""
        self.conn.execute(delete(visit_plan_unmade).where(visit_plan_unmade.c.plan == plan_id))
        if rows:
            self.conn.execute(insert(visit_plan_unmade), [columns(row) for row in rows])


def _runs(today: date) -> ColumnElement[bool]:
    """As `domain.visit_plans`: not ended, and not over."""
    # A visit of yesterday may still go on, but none is made for yesterday any more.
    return visit_plan.c.ended_at.is_(None) & or_(
        visit_plan.c.last_on.is_(None), visit_plan.c.last_on >= today
    )
