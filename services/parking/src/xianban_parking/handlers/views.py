"""What may be shown of a lot now: the count with its age and verdict, whether it is open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from xianban_sdk.errors import NotFound

from xianban_parking.domain.occupancy import Feed, Observation, Verdict, free_count, judge
from xianban_parking.domain.opening import is_open
from xianban_parking.domain.traffic import Approach
from xianban_parking.handlers.traffic import approaches
from xianban_parking.repository import Counts, LotFilter, Lots, Traffic
from xianban_parking.repository.rows import HonestyRow, LotRow, OccupancyRow, TariffRow

__all__ = [
    "OVERRIDE",
    "LotView",
    "OccupancyView",
    "current_tariff",
    "expressions_open",
    "feed_of",
    "open_only",
    "shown",
    "views_of",
]

OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class OccupancyView:
    """A count never without its age, source and verdict."""

    free: int | None
    capacity: int
    observed_at: datetime | None
    received_at: datetime | None
    age_seconds: int
    verdict: Verdict
    source: str
    raw_free: int | None

    @property
    def facts(self) -> tuple[object, ...]:
        """What a change is judged by; growing older alone is none."""
        return (self.free, self.capacity, self.observed_at, self.verdict, self.source)


@dataclass(frozen=True, slots=True)
class LotView:
    """A lot with everything a list shows of it."""

    lot: LotRow
    occupancy: OccupancyView
    open_now: bool
    honesty: HonestyRow | None
    tariff: TariffRow | None
    approach: Approach | None = None


def shown(row: OccupancyRow | None, lot: LotRow, now: datetime) -> OccupancyView:
    """What may be said of a lot's count at this moment."""
    if row is None:
        return OccupancyView(None, lot.capacity, None, None, 0, Verdict.SILENT, "", None)
    if row.override_until is not None and now < row.override_until:
        return _overridden(row, lot, now)
    if row.observed_at is None or row.received_at is None:
        return OccupancyView(None, lot.capacity, None, None, 0, Verdict.SILENT, row.feed, None)
    told = Observation(
        lot.id, row.feed, row.capacity, row.observed_at, row.received_at, row.free, row.occupied
    )
    judged = judge(told, feed_of(row.cadence_seconds), now)
    return OccupancyView(
        # A stale number is not shown either: it would be read as the present one.
        free=judged.free if judged.live else None,
        capacity=row.capacity,
        observed_at=row.observed_at,
        received_at=row.received_at,
        age_seconds=max(0, int((now - row.observed_at).total_seconds())),
        verdict=judged.verdict,
        source=f"feeds/{row.feed}",
        raw_free=free_count(told),
    )


def feed_of(cadence_seconds: int) -> Feed:
    return Feed(timedelta(seconds=max(1, cadence_seconds)))


def _overridden(row: OccupancyRow, lot: LotRow, now: datetime) -> OccupancyView:
    at = row.override_at or now
    age = max(0, int((now - at).total_seconds()))
    free = row.override_free
    return OccupancyView(free, lot.capacity, at, at, age, Verdict.FRESH, OVERRIDE, free)


def views_of(lots: list[LotRow], repository: Lots, counts: Counts, now: datetime) -> list[LotView]:
    """The lots with counts, honesty, tariff and the way to them, in a query or two each."""
    ids = [lot.id for lot in lots]
    occupancies, scores = counts.of(ids), repository.honesty_of(ids)
    tariffs = repository.tariffs_of(ids)
    ways = approaches(ids, Traffic(repository.conn, repository.scope), now)
    return [
        LotView(
            lot=lot,
            occupancy=shown(occupancies.get(lot.id), lot, now),
            open_now=is_open(lot.opening_hours, now),
            honesty=scores.get(lot.id),
            tariff=_current(tariffs.get(lot.id, ()), now),
            approach=ways.get(lot.id),
        )
        for lot in lots
    ]


def _current(rows: Iterable[TariffRow], now: datetime) -> TariffRow | None:
    valid = [row for row in rows if row.effective_at <= now]
    return max(valid, key=lambda row: row.version, default=None)


def current_tariff(rows: Iterable[TariffRow], now: datetime) -> TariffRow:
    """The version in force; a lot without one says so."""
    found = _current(rows, now)
    if found is None:
        raise NotFound("NO_TARIFF_IN_FORCE", field="name")
    return found


def expressions_open(repository: Lots, now: datetime) -> tuple[str, ...]:
    """Opening hours are few texts: judging them once lets SQL narrow the list."""
    return tuple(text for text in repository.opening_hours() if is_open(text, now))


def open_only(wanted: LotFilter, repository: Lots, now: datetime) -> LotFilter:
    """The same question, narrowed to lots that are open now."""
    return LotFilter(
        wanted.query,
        wanted.area,
        wanted.accessible,
        wanted.ev_charging,
        wanted.park_and_ride,
        wanted.vehicle_height_cm,
        expressions_open(repository, now),
    )
