"""Traffic sources, the roads that they know, and which of them lead to which car park."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    delete,
    select,
    update,
)
from xianban_sdk.repository import columns
from xianban_sdk.storage import Instant, insert_new, upsert

from xianban_parking.repository.narrowing import Page, Repository, page_of
from xianban_parking.repository.tables import lot, metadata

__all__ = ["ClosureRow", "StretchRow", "Traffic", "TrafficSourceRow", "WayRow"]

# How each source is doing, and what of its last answer could not be taken.
traffic_source = Table(
    "traffic_source",
    metadata,
    Column("id", Text, primary_key=True),
    Column("names", JSON, nullable=False),  # by locale
    Column("plugin", Text, nullable=False),
    Column("cadence_seconds", Integer, nullable=False),
    Column("read_at", Instant),
    Column("failed_at", Instant),
    Column("error", Text, nullable=False),
    # When its closures were published, and when they were told last.
    Column("closures_published_at", Instant),
    Column("closures_told_at", Instant),
    Column("unread", JSON, nullable=False),  # the first of them: item, field, reason
    Column("unread_count", Integer, nullable=False),
)

# The newest reading of each road; no history.
traffic_stretch = Table(
    "traffic_stretch",
    metadata,
    Column("source", Text, nullable=False),
    Column("stretch", Text, nullable=False),
    Column("names", JSON, nullable=False),
    Column("flow", Text),
    Column("measured_at", Instant),
    Column("travel_seconds", Integer),
    Column("usual_seconds", Integer),
    PrimaryKeyConstraint("source", "stretch"),
)

traffic_closure = Table(
    "traffic_closure",
    metadata,
    Column("source", Text, nullable=False),
    Column("stretch", Text, nullable=False),
    Column("closure", Text, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant),
    PrimaryKeyConstraint("source", "stretch", "closure"),
)

traffic_way = Table(
    "traffic_way",
    metadata,
    Column("lot", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("stretch", Text, nullable=False),
    PrimaryKeyConstraint("lot", "source", "stretch"),
    Index("traffic_way_source", "source"),
)


@dataclass(frozen=True, slots=True)
class TrafficSourceRow:
    id: str
    names: dict[str, str]
    plugin: str
    cadence_seconds: int
    read_at: datetime | None = None
    failed_at: datetime | None = None
    error: str = ""
    closures_published_at: datetime | None = None
    closures_told_at: datetime | None = None
    unread: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    unread_count: int = 0


@dataclass(frozen=True, slots=True)
class StretchRow:
    source: str
    stretch: str
    names: dict[str, str]
    flow: str | None = None
    measured_at: datetime | None = None
    travel_seconds: int | None = None
    usual_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class ClosureRow:
    source: str
    stretch: str
    closure: str
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class WayRow:
    """A road to a lot, its newest reading, and how its source is doing."""

    lot: str
    stretch: StretchRow
    cadence_seconds: int
    closures_told_at: datetime | None
    closures: tuple[ClosureRow, ...]


class Traffic(Repository):
    """Public facts; only the service itself writes them."""

    def introduce(self, row: TrafficSourceRow) -> None:
        """A source as its plugin describes it; what was read stays."""
        if insert_new(self.conn, traffic_source, columns(row)):
            return
        told = {"names": row.names, "plugin": row.plugin, "cadence_seconds": row.cadence_seconds}
        self._source(row.id, **told)

    def keep_only(self, sources: Collection[str]) -> None:
        """What nobody tells any more is not shown: its plugin is gone or disabled."""
        for table in (traffic_way, traffic_closure, traffic_stretch):
            self.conn.execute(delete(table).where(table.c.source.not_in(sources)))
        self.conn.execute(delete(traffic_source).where(traffic_source.c.id.not_in(sources)))

    def source(self, source_id: str) -> TrafficSourceRow | None:
        query = select(traffic_source).where(traffic_source.c.id == source_id)
        row = self.conn.execute(query).mappings().first()
        return TrafficSourceRow(**row) if row else None

    def listed(self, page: Page) -> tuple[list[TrafficSourceRow], str]:
        query = select(traffic_source).order_by(traffic_source.c.id)
        if page.after is not None:
            query = query.where(traffic_source.c.id > page.after)
        return page_of(self.conn, query, page, TrafficSourceRow, "id")

    def any_source(self) -> bool:
        """Whether anybody tells of traffic at all."""
        return self.conn.scalar(select(traffic_source.c.id).limit(1)) is not None

    def succeeded(self, source: str, unread: Sequence[dict[str, str]], now: datetime) -> None:
        values = {"unread": list(unread[:20]), "unread_count": len(unread)}
        self._source(source, read_at=now, error="", **values)

    def failed(self, source: str, error: str, now: datetime) -> None:
        self._source(source, failed_at=now, error=error[:500])

    def stretches(self, source: str) -> dict[str, StretchRow]:
        query = select(traffic_stretch).where(traffic_stretch.c.source == source)
        rows = self.conn.execute(query).mappings()
        return {row["stretch"]: StretchRow(**row) for row in rows}

    def put_stretches(self, source: str, rows: Collection[StretchRow]) -> None:
        """Whole: a road that is no longer told is forgotten."""
        kept = [row.stretch for row in rows]
        gone = traffic_stretch.c.stretch.not_in(kept)
        self.conn.execute(delete(traffic_stretch).where(traffic_stretch.c.source == source, gone))
        for row in rows:
            upsert(self.conn, traffic_stretch, columns(row))

    def put_ways(self, source: str, ways: Collection[tuple[str, str]]) -> None:
        """(lot, stretch)."""
        self.conn.execute(delete(traffic_way).where(traffic_way.c.source == source))
        rows: list[dict[str, Any]] = [
            {"lot": lot_id, "source": source, "stretch": stretch} for lot_id, stretch in ways
        ]
        if rows:
            self.conn.execute(traffic_way.insert(), rows)

    def put_closures(
        self, source: str, rows: Collection[ClosureRow], published_at: datetime, now: datetime
    ) -> None:
        self.conn.execute(delete(traffic_closure).where(traffic_closure.c.source == source))
        if rows:
            self.conn.execute(traffic_closure.insert(), [columns(row) for row in rows])
        self._source(source, closures_published_at=published_at, closures_told_at=now)

    def known_lots(self, lots: Collection[str]) -> frozenset[str]:
        return frozenset(self.conn.scalars(select(lot.c.id).where(lot.c.id.in_(lots))))

    def ways_to(self, lots: Collection[str]) -> list[WayRow]:
        """Every road to these lots, in two queries."""
        joined = traffic_way.join(
            traffic_stretch,
            (traffic_stretch.c.source == traffic_way.c.source)
            & (traffic_stretch.c.stretch == traffic_way.c.stretch),
        ).join(traffic_source, traffic_source.c.id == traffic_way.c.source)
        query = (
            select(
                traffic_way.c.lot,
                traffic_source.c.cadence_seconds,
                traffic_source.c.closures_told_at,
                *traffic_stretch.c,
            )
            .select_from(joined)
            .where(traffic_way.c.lot.in_(lots))
            .order_by(traffic_way.c.lot, traffic_way.c.source, traffic_way.c.stretch)
        )
        rows = [dict(row) for row in self.conn.execute(query).mappings()]
        closures = self._closures({(row["source"], row["stretch"]) for row in rows})
        return [_way(row, closures) for row in rows]

    def _closures(
        self, keys: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], list[ClosureRow]]:
        found: dict[tuple[str, str], list[ClosureRow]] = {key: [] for key in keys}
        stretches = {stretch for _, stretch in keys}
        query = select(traffic_closure).where(traffic_closure.c.stretch.in_(stretches))
        for row in self.conn.execute(query).mappings() if keys else ():
            found.setdefault((row["source"], row["stretch"]), []).append(ClosureRow(**row))
        return found

    def _source(self, source: str, **values: object) -> None:
        same = traffic_source.c.id == source
        self.conn.execute(update(traffic_source).where(same).values(**values))


def _way(row: dict[str, Any], closures: dict[tuple[str, str], list[ClosureRow]]) -> WayRow:
    lot_id, cadence = row.pop("lot"), row.pop("cadence_seconds")
    told_at = row.pop("closures_told_at")
    stretch = StretchRow(**row)
    return WayRow(
        lot_id, stretch, cadence, told_at, tuple(closures[stretch.source, stretch.stretch])
    )
