"""Elders' places, and where each locator stands to them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

from sqlalchemy import delete, select, update
from xianban_sdk.errors import NotFound
from xianban_sdk.readings.rules import Standing
from xianban_sdk.storage import upsert

from xianban_eldercare.repository.narrowing import Repository
from xianban_eldercare.repository.rows import columns
from xianban_eldercare.repository.whereabouts_rows import FenceRow
from xianban_eldercare.repository.whereabouts_tables import fence, fence_state

__all__ = ["Fences"]


class Fences(Repository):
    """Places of elders whom the caller may see."""

    def of(self, resident: str, *, lock: bool = False) -> list[FenceRow]:
        """Oldest first. `lock`: until the transaction ends nobody else judges or changes them."""
        mine = (fence.c.resident == resident, self.visible(fence.c.resident))
        query = select(fence).where(*mine).order_by(fence.c.id)
        rows = self.conn.execute(query.with_for_update() if lock else query)
        return [FenceRow(**row) for row in rows.mappings()]

    def get(self, resident: str, number: str) -> FenceRow:
        """Raises NotFound."""
        found = [one for one in self.of(resident, lock=True) if one.id == number]
        if not found:
            raise NotFound("FENCE_NOT_FOUND", field="name")
        return found[0]

    def add(self, row: FenceRow) -> None:
        """The caller may see the elder; the handler has asked."""
        self.conn.execute(fence.insert().values(**columns(row)))

    def save(self, row: FenceRow) -> None:
        """The row is locked by whoever read it."""
        mine = (fence.c.id == row.id, self.visible(fence.c.resident))
        self.conn.execute(update(fence).where(*mine).values(**columns(row)))

    def remove(self, row: FenceRow) -> None:
        """With all that is known of it."""
        self.forget([row.id])
        self.conn.execute(delete(fence).where(fence.c.id == row.id, self.visible(fence.c.resident)))

    def watched(self, residents: Collection[str]) -> set[str]:
        """Which of the people have a place that somebody watches."""
        query = select(fence.c.resident).where(
            fence.c.resident.in_(residents),
            fence.c.active.is_(True),
            self.visible(fence.c.resident),
        )
        return set(self.conn.scalars(query))

    def standings(self, fences: Collection[str]) -> dict[tuple[str, int], Standing]:
        """(fence, series) → where the locator stands; the fences come from `of`."""
        query = select(fence_state).where(fence_state.c.fence.in_(fences))
        return {
            (row.fence, row.series): Standing(
                row.raised, row.told, row.since, row.settled, row.snoozed_until
            )
            for row in self.conn.execute(query)
        }

    def stand(self, number: str, series: int, standing: Standing) -> None:
        """Keep a standing that has changed."""
        upsert(self.conn, fence_state, {"fence": number, "series": series, **asdict(standing)})

    def forget(self, fences: Collection[str], series: Collection[int] | None = None) -> None:
        """Begin anew: of all locators, or of some."""
        gone = delete(fence_state).where(fence_state.c.fence.in_(fences))
        if series is not None:
            gone = gone.where(fence_state.c.series.in_(series))
        self.conn.execute(gone)
