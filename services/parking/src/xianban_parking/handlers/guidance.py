"""停车诱导: where to park near a destination, with every part of the ranking shown."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection
from xianban_sdk.errors import InvalidArgument, NotFound, XianbanError
from xianban_sdk.plugins import Hooks

from xianban_parking.alarms import FIRE
from xianban_parking.domain.guidance import Candidate, Exclusion, Needs, Option, Place, rank
from xianban_parking.domain.opening import is_open
from xianban_parking.domain.quotes import Quote
from xianban_parking.domain.stays import Visit
from xianban_parking.domain.traffic import Rates, delay_seconds, shut
from xianban_parking.handlers.pricing import Asked, concessions_for, priced
from xianban_parking.handlers.views import LotView, views_of
from xianban_parking.repository import Counts, Incidents, LotFilter, Lots, Scope, Traffic
from xianban_parking.repository.rows import LotRow

__all__ = ["Destination", "Found", "Guided", "Wish", "find_places", "resolve"]

DEGREES_PER_METRE = 1 / 111_320
MOST_PRICED = 60
GEOCODER_SECONDS = 1.0
# Said, since the person would have been sent there otherwise.
TOLD = frozenset({Exclusion.FIRE, Exclusion.ROAD_CLOSED})
RATES = Rates()

ChanceOf = Callable[[str, datetime, datetime], float | None]


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the person goes."""

    place: Place
    display: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person needs."""

    arrive: datetime
    stay: timedelta
    accessible: bool
    ev_charging: bool
    vehicle_height_cm: int
    max_walk_m: int
    most: int


@dataclass(frozen=True, slots=True)
class Found:
    """One proposal with what is shown of it."""

    view: LotView
    option: Option
    quote: Quote | None


@dataclass(frozen=True, slots=True)
class Guided:
    """The proposals, what is left out and why, and whether anybody tells of traffic."""

    found: list[Found]
    left_out: list[tuple[LotView, Exclusion]]
    traffic_connected: bool


def resolve(query: str, locale: str, hooks: Hooks) -> Destination:
    """A place in words; the first geocoder that knows it is taken."""
    for result in hooks.registered("register_geocoder"):
        for geocoder in result.value or ():
            asked = hooks.run(
                result.plugin,
                "geocoder.find",
                lambda finder=geocoder: finder.find(query, 1),
                GEOCODER_SECONDS,
            )
            for place in asked.value or ():
                name = place.names.get(locale) or next(iter(place.names.values()), "")
                return Destination(Place(place.latitude, place.longitude), name)
    raise NotFound("PLACE_NOT_FOUND", field="query")


def find_places(
    to: Destination,
    wish: Wish,
    *,
    scope: Scope,
    conn: Connection,
    hooks: Hooks,
    chance_of: ChanceOf,
    now: datetime,
) -> Guided:
    """Lots within walking distance, ranked by walk, price and the chance of a free place."""
    if wish.arrive < now - timedelta(minutes=5):
        raise InvalidArgument("ARRIVAL_IN_THE_PAST", field="arrive_time")
    lots = Lots(conn, scope)
    wanted = LotFilter(accessible=wish.accessible, ev_charging=wish.ev_charging)
    near = lots.near(_box(to.place, wish.max_walk_m), wanted)[:MOST_PRICED]
    views = {view.lot.id: view for view in views_of(near, lots, Counts(conn, scope), now)}
    quotes = {lot.id: _price(lot, lots, wish, hooks) for lot in near}
    burning = Incidents(conn, scope).lots_with(FIRE)
    candidates = [
        replace(
            _candidate(views[lot.id], quotes[lot.id], wish, chance_of, now),
            on_fire=lot.id in burning,
        )
        for lot in near
    ]
    needs = Needs(
        disabled_bay=wish.accessible,
        charging=wish.ev_charging,
        vehicle_height_cm=wish.vehicle_height_cm or None,
        farthest_walk_m=wish.max_walk_m,
    )
    ranked = rank(candidates, to.place, needs)
    found = [Found(views[one.lot], one, quotes[one.lot]) for one in ranked.options[: wish.most]]
    left_out = [(views[lot], why) for lot, why in ranked.excluded if why in TOLD]
    return Guided(found, left_out, Traffic(conn, scope).any_source())


def _candidate(
    view: LotView, quote: Quote | None, wish: Wish, chance_of: ChanceOf, now: datetime
) -> Candidate:
    lot = view.lot
    chance = _chance(view, wish.arrive, chance_of, now)
    way = view.approach
    return Candidate(
        lot=lot.id,
        place=Place(lot.latitude, lot.longitude),
        open_throughout=is_open(lot.opening_hours, wish.arrive)
        and is_open(lot.opening_hours, wish.arrive + wish.stay),
        price_fen=quote.total_fen if quote else None,
        chance_per_mille=None if chance is None else round(chance * 1000),
        disabled_bays=lot.accessible_places,
        charging_bays=lot.ev_places,
        height_limit_cm=lot.max_height_cm or None,
        way_seconds=delay_seconds(way, wish.arrive, now, RATES) if way else None,
        road_closed=shut(way, wish.arrive, now),
    )


def _chance(view: LotView, arrive: datetime, chance_of: ChanceOf, now: datetime) -> float | None:
    """The forecast's figure; a hand-made "full" is believed while it holds."""
    if view.occupancy.source == "override" and view.occupancy.free == 0:
        return 0.0
    return chance_of(view.lot.id, arrive, now)


def _price(lot: LotRow, lots: Lots, wish: Wish, hooks: Hooks) -> Quote | None:
    visit = Visit(wish.arrive, wish.arrive + wish.stay)
    tariffs = lots.tariffs(lot.id)
    if not tariffs:
        return None
    try:
        return priced(tariffs, Asked(visit), concessions_for(hooks, lot, visit, "car"))
    except XianbanError:
        return None  # an unpublished calendar year: the price is unknown, the lot is not


def _box(centre: Place, metres: int) -> tuple[float, float, float, float]:
    high = metres * DEGREES_PER_METRE
    wide = high / max(0.01, math.cos(math.radians(centre.latitude)))
    south, north = centre.latitude - high, centre.latitude + high
    return south, centre.longitude - wide, north, centre.longitude + wide
