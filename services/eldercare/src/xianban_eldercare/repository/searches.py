"""Searches for lost persons, and their trails."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from xianban_sdk.errors import NotFound
from xianban_sdk.storage import insert_new
from xianban_sdk.storage.upsert import insert_all_new

from xianban_eldercare.repository.narrowing import Page, Repository, page_of
from xianban_eldercare.repository.rows import columns
from xianban_eldercare.repository.whereabouts_rows import SearchRow
from xianban_eldercare.repository.whereabouts_tables import search, trail_point

__all__ = ["Searches"]


class Searches(Repository):
    """Searches for elders whom the caller may see."""

    def get(self, resident: str, number: str, *, lock: bool = False) -> SearchRow:
        """Raises NotFound."""
        found = self._one(search.c.resident == resident, search.c.id == number, lock=lock)
        if found is None:
            raise NotFound("SEARCH_NOT_FOUND", field="name")
        return found

    def running(self, resident: str, *, lock: bool = False) -> SearchRow | None:
        """The one that runs."""
        return self._one(search.c.resident == resident, search.c.ended_at.is_(None), lock=lock)

    def numbered(self, number: str, *, lock: bool = False) -> SearchRow | None:
        """For timers, which know no resident."""
        return self._one(search.c.id == number, lock=lock)

    def with_alert(self, alert: str) -> SearchRow | None:
        """The running one whose alert this is, locked; one that ended before may share it."""
        return self._one(search.c.alert == alert, search.c.ended_at.is_(None), lock=True)

    def _one(self, *which: ColumnElement[bool], lock: bool) -> SearchRow | None:
        query = select(search).where(*which, self.visible(search.c.resident))
        row = self.conn.execute(query.with_for_update() if lock else query).mappings().first()
        return SearchRow(**row) if row else None

    def sought(self, residents: Collection[str]) -> dict[str, SearchRow]:
        """Who of the people is being looked for."""
        query = select(search).where(
            search.c.resident.in_(residents),
            search.c.ended_at.is_(None),
            self.visible(search.c.resident),
        )
        rows = self.conn.execute(query).mappings()
        return {row["resident"]: SearchRow(**row) for row in rows}

    def open(self, page: Page, now: datetime) -> tuple[list[SearchRow], str]:
        """Those that run in the caller's areas, newest first."""
        mine = self.in_areas(search.c.resident)
        return self._listed(page, search.c.ended_at.is_(None), search.c.until > now, mine)

    def of(self, resident: str, page: Page) -> tuple[list[SearchRow], str]:
        """Every search for somebody, newest first."""
        return self._listed(page, search.c.resident == resident, self.visible(search.c.resident))

    def _listed(self, page: Page, *which: ColumnElement[bool]) -> tuple[list[SearchRow], str]:
        query = select(search).where(*which)
        if page.after is not None:
            query = query.where(search.c.id < page.after)
        return page_of(self.conn, query.order_by(search.c.id.desc()), page, SearchRow, "id")

    def add(self, row: SearchRow) -> bool:
        """False when one runs already."""
        return insert_new(self.conn, search, columns(row))

    def save(self, row: SearchRow) -> None:
        """The row is locked by whoever read it."""
        mine = (search.c.id == row.id, self.visible(search.c.resident))
        self.conn.execute(update(search).where(*mine).values(**columns(row)))

    # -- trails: whoever asks has the search from here ----------------------------------------

    def record(self, row: SearchRow, places: Mapping[int, str]) -> None:
        """Instant in microseconds → place as JSON; what is known already stays."""
        points = [{"search": row.id, "at": at, "position": one} for at, one in places.items()]
        if points:
            insert_all_new(self.conn, trail_point, points)

    def trail(self, row: SearchRow, page: Page) -> tuple[list[tuple[int, str]], str]:
        """(instant, place), newest first."""
        query: Any = select(trail_point.c.at, trail_point.c.position).where(
            trail_point.c.search == row.id
        )
        if page.after is not None:
            query = query.where(trail_point.c.at < page.after)
        return page_of(self.conn, query.order_by(trail_point.c.at.desc()), page, _point, "at")

    def forget_trail(self, row: SearchRow) -> None:
        """For good."""
        self.conn.execute(delete(trail_point).where(trail_point.c.search == row.id))


def _point(**row: Any) -> tuple[int, str]:
    return row["at"], row["position"]
