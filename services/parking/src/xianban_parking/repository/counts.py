"""Counts of free places: the newest per lot, the raw history, the feeds and what they got wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, bindparam, delete, func, or_, select, update
from xianban_sdk.errors import NotFound
from xianban_sdk.storage import insert_new

from xianban_parking.repository.narrowing import Page, Repository, page_of
from xianban_parking.repository.rows import (
    FeedErrorRow,
    FeedRow,
    ObservationRow,
    OccupancyRow,
)
from xianban_parking.repository.tables import feed, feed_error, observation, occupancy

__all__ = ["Counts", "Feeds"]

ERRORS_KEPT = 1000
# A lot of which nobody has told a count.
_NOTHING_YET: dict[str, Any] = {
    "feed": "",
    "capacity": 0,
    "cadence_seconds": 300,
    "override_reason": "",
    "published_verdict": "",
}
# Built once: every look at a lot asks it.
_OF = select(occupancy).where(occupancy.c.lot.in_(bindparam("lots", expanding=True)))


class Counts(Repository):
    """Counts are public: no person is in them."""

    def of(self, lot_ids: Iterable[str] | None = None) -> dict[str, OccupancyRow]:
        if lot_ids is None:
            found = self.conn.execute(select(occupancy)).mappings()
        else:
            found = self.conn.execute(_OF, {"lots": list(lot_ids)}).mappings()
        return {row["lot"]: OccupancyRow(**row) for row in found}

    def keep(self, lot_id: str, **values: Any) -> None:
        """Only these columns: a feed and an operator's hand must not undo each other."""
        if not insert_new(self.conn, occupancy, {**_NOTHING_YET, "lot": lot_id, **values}):
            self.change(lot_id, **values)

    def change(self, lot_id: str, **values: Any) -> None:
        self.conn.execute(update(occupancy).where(occupancy.c.lot == lot_id).values(**values))

    def observe(self, row: Mapping[str, Any]) -> bool:
        """Keep one raw observation; False when this feed told it before."""
        return insert_new(self.conn, observation, row)

    def history(
        self, lot_id: str, start: datetime, end: datetime, page: Page
    ) -> tuple[list[ObservationRow], str]:
        query = _during(lot_id, start, end).order_by(observation.c.observed_at, observation.c.seq)
        if page.after is not None:
            at, seq = datetime.fromisoformat(page.after[0]), page.after[1]
            same = and_(observation.c.observed_at == at, observation.c.seq > seq)
            query = query.where(or_(observation.c.observed_at > at, same))
        rows, more = page_of(self.conn, query, page, ObservationRow, "seq")
        token = page.token([rows[-1].observed_at.isoformat(), rows[-1].seq]) if more else ""
        return rows, token

    def series(self, lot_id: str, start: datetime, end: datetime) -> list[ObservationRow]:
        query = _during(lot_id, start, end).order_by(observation.c.observed_at)
        return [ObservationRow(**row) for row in self.conn.execute(query).mappings()]

    def prune(self, before: datetime) -> int:
        return self.conn.execute(
            delete(observation).where(observation.c.observed_at < before)
        ).rowcount


class Feeds(Repository):
    """Feeds, their health, and the items they got wrong."""

    def listed(self, page: Page) -> tuple[list[FeedRow], str]:
        query = select(feed).order_by(feed.c.id)
        if page.after is not None:
            query = query.where(feed.c.id > page.after)
        return page_of(self.conn, query, page, FeedRow, "id")

    def get(self, feed_id: str) -> FeedRow:
        row = self.conn.execute(select(feed).where(feed.c.id == feed_id)).mappings().first()
        if row is None:
            raise NotFound("FEED_NOT_FOUND", field="parent", feed=feed_id)
        return FeedRow(**row)

    def register(self, row: Mapping[str, Any]) -> None:
        """A feed as its plugin describes it; its health is kept."""
        empty = {"last_error": "", "items": 0, "errors": 0}
        if not insert_new(self.conn, feed, {**empty, **row}):
            self.conn.execute(update(feed).where(feed.c.id == row["id"]).values(**row))

    def succeeded(self, feed_id: str, items: int, errors: int, now: datetime) -> None:
        values = {"last_success_at": now, "items": items, "errors": errors}
        self.conn.execute(update(feed).where(feed.c.id == feed_id).values(**values))

    def failed(self, feed_id: str, error: str, now: datetime) -> None:
        values = {"last_error_at": now, "last_error": error[:500]}
        self.conn.execute(update(feed).where(feed.c.id == feed_id).values(**values))

    def keep_error(self, row: Mapping[str, Any]) -> None:
        """The same complaint again only gets a newer time."""
        if insert_new(self.conn, feed_error, row):
            return
        same = [feed_error.c[name] == row[name] for name in ("feed", "item", "field", "reason")]
        newest = {"occurred_at": row["occurred_at"]}
        self.conn.execute(update(feed_error).where(*same).values(**newest))

    def errors(self, feed_id: str, page: Page) -> tuple[list[FeedErrorRow], str]:
        query = select(feed_error).where(feed_error.c.feed == feed_id)
        query = query.order_by(feed_error.c.id.desc())
        if page.after is not None:
            query = query.where(feed_error.c.id < page.after)
        return page_of(self.conn, query, page, FeedErrorRow, "id")

    def prune_errors(self, feed_id: str) -> None:
        """Keeps the newest: a feed that is wrong for years must not fill the disk."""
        kept = (
            select(feed_error.c.id)
            .where(feed_error.c.feed == feed_id)
            .order_by(feed_error.c.occurred_at.desc())
            .limit(ERRORS_KEPT)
        )
        old = feed_error.c.id.not_in(kept)
        self.conn.execute(delete(feed_error).where(feed_error.c.feed == feed_id, old))

    def silent_since(self, feed_id: str, cadence: timedelta, now: datetime) -> bool:
        newest = select(func.max(occupancy.c.received_at)).where(occupancy.c.feed == feed_id)
        at = self.conn.scalar(newest)
        return at is None or now - at > cadence * 12


def _during(lot_id: str, start: datetime, end: datetime) -> Select[Any]:
    inside = (observation.c.observed_at >= start, observation.c.observed_at < end)
    return select(observation).where(observation.c.lot == lot_id, *inside)
