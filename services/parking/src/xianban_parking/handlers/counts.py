"""Feeds come in: facts and counts are kept item by item, and changes are told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from xianban.parking.v1 import events_pb2
from xianban_sdk.storage import UnitOfWork

from xianban_parking.domain.errors import DomainError
from xianban_parking.domain.occupancy import Feed, Observation, judge
from xianban_parking.domain.opening import check_opening_hours
from xianban_parking.events import occupancy_changed
from xianban_parking.handlers.views import OccupancyView, feed_of, shown
from xianban_parking.hookspecs import LotFacts, LotObservation, Rejected
from xianban_parking.repository import MACHINE, Counts, Feeds, Lots
from xianban_parking.repository.rows import LotRow, OccupancyRow

__all__ = [
    "GATES",
    "FeedFacts",
    "Outcome",
    "announce",
    "count_gates",
    "register",
    "sweep",
    "take_in",
]

# The feed of lots whose own gates count.
GATES = "gates"
LOT_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
MAX_TEXT = 500
MAX_PLACES = 100_000


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """Whose items these are."""

    id: str
    cadence_seconds: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one item fared."""

    item: str
    accepted: bool = True
    duplicate: bool = False
    field: str = ""
    reason: str = ""


def register(uow: UnitOfWork, row: Mapping[str, Any]) -> None:
    """A feed as its plugin describes it."""
    Feeds(uow.conn, MACHINE).register(row)


def take_in(
    uow: UnitOfWork, feed: FeedFacts, items: Iterable[LotFacts | LotObservation | Rejected]
) -> list[Outcome]:
    """Keeps what is right and what is wrong; one bad item costs only itself."""
    intake = _Intake(uow, feed)
    outcomes = [intake.take(item) for item in items]
    intake.finish(outcomes)
    return outcomes


class _Intake:
    """One run of one feed inside one transaction."""

    def __init__(self, uow: UnitOfWork, feed: FeedFacts) -> None:
        self.uow, self.feed = uow, feed
        self.now = uow.clock.now()
        self.lots = Lots(uow.conn, MACHINE)
        self.counts = Counts(uow.conn, MACHINE)
        self.known = {lot.id: lot for lot in self.lots.all()}
        self.newest = {lot: row.observed_at for lot, row in self.counts.of().items()}
        self.touched: set[str] = set()

    def take(self, item: LotFacts | LotObservation | Rejected) -> Outcome:
        if isinstance(item, Rejected):
            return Outcome(item.item, False, False, item.field, item.reason)
        try:
            return self.facts(item) if isinstance(item, LotFacts) else self.count(item)
        except DomainError as refusal:
            return Outcome(item.lot, False, False, refusal.field or "", refusal.reason)

    def facts(self, told: LotFacts) -> Outcome:
        wrong = _wrong_facts(told)
        if wrong:
            return Outcome(told.lot, False, False, wrong, "OUT_OF_RANGE")
        if told.opening_hours:
            check_opening_hours(told.opening_hours)
        before = self.known.get(told.lot)
        if before is not None and before.feed not in ("", self.feed.id):
            return Outcome(told.lot, False, False, "lot", "LOT_OF_ANOTHER_FEED")
        row = lot_values(told, self.feed.id, before, self.now)
        self.lots.put(row)
        self.known[told.lot] = LotRow(**row)
        unchanged = before is not None and replace(
            self.known[told.lot], updated_at=before.updated_at
        )
        return Outcome(told.lot, duplicate=before is not None and unchanged == before)

    def count(self, told: LotObservation) -> Outcome:
        lot = self.known.get(told.lot)
        if lot is None:
            return Outcome(told.lot, False, False, "lot", "LOT_NOT_FOUND")
        capacity = lot.capacity if told.capacity is None else told.capacity
        observed = Observation(
            lot.id, self.feed.id, capacity, told.observed_at, self.now, told.free, told.occupied
        )
        if not _storable(observed):
            return Outcome(told.lot, False, False, "free", "OUT_OF_RANGE")
        fresh = self.counts.observe(
            observation_values(observed, feed_of(self.feed.cadence_seconds))
        )
        if not fresh:
            return Outcome(told.lot, duplicate=True)
        if self._is_newest(observed):
            self._replace(observed)
        return Outcome(told.lot)

    def _is_newest(self, observed: Observation) -> bool:
        newest = self.newest.get(observed.lot)
        return newest is None or observed.observed_at > newest

    def _replace(self, observed: Observation) -> None:
        self.counts.keep(observed.lot, **counted_values(observed, self.feed))
        self.newest[observed.lot] = observed.observed_at
        self.touched.add(observed.lot)

    def finish(self, outcomes: list[Outcome]) -> None:
        for lot_id, row in sorted(self.counts.of(self.touched).items()):
            announce(self.uow, self.known[lot_id], row)
        feeds = Feeds(self.uow.conn, MACHINE)
        wrong = [one for one in outcomes if not one.accepted]
        for one in wrong:
            feeds.keep_error(self._error(one))
        if wrong:
            feeds.prune_errors(self.feed.id)
        feeds.succeeded(self.feed.id, len(outcomes), len(wrong), self.now)

    def _error(self, outcome: Outcome) -> dict[str, Any]:
        return {
            "id": self.uow.ids.new(),
            "feed": self.feed.id,
            "item": outcome.item[:MAX_TEXT],
            "field": outcome.field[:MAX_TEXT],
            "reason": outcome.reason[:MAX_TEXT],
            "occurred_at": self.now,
        }


def lot_values(told: LotFacts, feed: str, before: LotRow | None, now: datetime) -> dict[str, Any]:
    """The row of a lot's facts; what the operator set by hand stays."""
    return {
        "id": told.lot,
        "names": dict(told.names),
        "address": told.address,
        "latitude": told.latitude,
        "longitude": told.longitude,
        "polygon": [list(point) for point in told.polygon],
        "area": told.area,
        "operator": told.operator,
        "capacity": told.capacity,
        "accessible_places": told.accessible_places,
        "ev_places": told.ev_places,
        "park_and_ride": told.park_and_ride,
        "max_height_cm": told.max_height_cm,
        "opening_hours": told.opening_hours,
        "reservable_places": before.reservable_places if before else 0,
        "credit_exit": before.credit_exit if before else False,
        "gate_counted": before.gate_counted if before else False,
        "attribution": told.attribution,
        "feed": feed,
        "search": before.search if before else "",
        "updated_at": now,
    }


def observation_values(observed: Observation, feed: Feed) -> dict[str, Any]:
    """The raw row; the verdict is the one of the moment it came."""
    return {
        "lot": observed.lot,
        "feed": observed.source,
        "free": observed.free,
        "occupied": observed.occupied,
        "capacity": observed.capacity,
        "observed_at": observed.observed_at,
        "received_at": observed.received_at,
        "verdict": str(judge(observed, feed, observed.received_at).verdict),
    }


def counted_values(observed: Observation, feed: FeedFacts) -> dict[str, Any]:
    """The newest count of a lot, as its feed tells it."""
    return {
        "feed": feed.id,
        "free": observed.free,
        "occupied": observed.occupied,
        "capacity": observed.capacity,
        "observed_at": observed.observed_at,
        "received_at": observed.received_at,
        "cadence_seconds": feed.cadence_seconds,
    }


def announce(uow: UnitOfWork, lot: LotRow, row: OccupancyRow) -> OccupancyView:
    """Tells the others when what may be shown has changed."""
    view = shown(row, lot, uow.clock.now())
    if (view.free, str(view.verdict)) != (row.published_free, row.published_verdict):
        published = {"published_free": view.free, "published_verdict": str(view.verdict)}
        Counts(uow.conn, MACHINE).change(lot.id, **published)
        event: events_pb2.OccupancyChanged = occupancy_changed(lot.id, view)
        uow.emit(event, aggregate=f"lots/{lot.id}")
    return view


def sweep(uow: UnitOfWork) -> None:
    """Verdicts also change by time alone: a feed that stops must be seen to have stopped."""
    lots = {lot.id: lot for lot in Lots(uow.conn, MACHINE).all()}
    for lot_id, row in Counts(uow.conn, MACHINE).of().items():
        if lot_id in lots:
            announce(uow, lots[lot_id], row)


def count_gates(uow: UnitOfWork, lot: LotRow, inside: int) -> None:
    """The gates' own count becomes the lot's, where the lot publishes it."""
    now = uow.clock.now()
    facts = FeedFacts(GATES, int(timedelta(hours=6).total_seconds()))
    observed = Observation(lot.id, GATES, lot.capacity, now, now, None, inside)
    counts = Counts(uow.conn, MACHINE)
    counts.observe(observation_values(observed, feed_of(facts.cadence_seconds)))
    counts.keep(lot.id, **counted_values(observed, facts))
    announce(uow, lot, counts.of([lot.id])[lot.id])


def _storable(observed: Observation) -> bool:
    """Implausible counts are kept raw; only what no column holds is refused."""
    numbers = (observed.free, observed.occupied, observed.capacity)
    return all(number is None or abs(number) <= 2**31 - 1 for number in numbers)


def _wrong_facts(told: LotFacts) -> str:
    """The first field that can't be true, or empty."""
    checks = (
        ("lot", LOT_ID.fullmatch(told.lot) is not None),
        (
            "names",
            any(told.names.values()) and all(len(n) <= MAX_TEXT for n in told.names.values()),
        ),
        ("latitude", -90 <= told.latitude <= 90),
        ("longitude", -180 <= told.longitude <= 180),
        ("capacity", 0 <= told.capacity <= MAX_PLACES),
        ("accessible_places", 0 <= told.accessible_places <= MAX_PLACES),
        ("ev_places", 0 <= told.ev_places <= MAX_PLACES),
        ("max_height_cm", 0 <= told.max_height_cm <= 10_000),
        ("address", len(told.address) <= MAX_TEXT),
        ("polygon", len(told.polygon) <= 2000),
        ("attribution", len(told.attribution) <= MAX_TEXT),
    )
    return next((field for field, holds in checks if not holds), "")
