"""The demo district: car parks, tariffs, vehicles and the weeks before; done once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import islice
from typing import Any, Final

from xianban_sdk.app import Resources
from xianban_sdk.demo import person_id
from xianban_sdk.storage import UnitOfWork, open_unit_of_work

from xianban_parking.domain.occupancy import Observation
from xianban_parking.handlers.counts import observation_values, register, take_in
from xianban_parking.handlers.feeds import FeedPlugin, facts_of, feeds_of, row_of
from xianban_parking.handlers.plates import read_plate
from xianban_parking.handlers.views import feed_of
from xianban_parking.hookspecs import LotObservation, Remembering, Sight
from xianban_parking.repository import MACHINE, Cameras, Lots, Vehicles
from xianban_parking.repository.observations import History
from xianban_parking.repository.rows import TariffRow

__all__ = ["ATTRIBUTION", "DEMO_CAMERA", "demo_data", "seed"]

ATTRIBUTION: Final = (
    "位置、车位数与价格为示意；余位由 UCI “Parking Birmingham” 公开记录回放（OGL v3 / CC BY 4.0），"
    "记录之外的夜间为插值。Positions and prices are made up; counts replay a real record."
)
OPERATOR: Final = "奉贤停车运营公司"
_SINCE: Final = datetime(2026, 1, 1, tzinfo=UTC)
# The twenty digits of a GB/T 28181 camera, of no real one.
DEMO_CAMERA: Final = "31012000001320000001"
_VEHICLE: Final = "01KDVHX800VEH{:013d}"
# Half the side of the square that stands for the ground covered, in degrees (about 40 m).
_HALF: Final = 0.0004
HISTORY: Final = timedelta(days=28)
# The newest hours come as a feed brings them, so that the lots have a count at once.
RECENT: Final = timedelta(hours=2)
# A start that was cut short may have left holes behind the newest count.
AGAIN: Final = timedelta(days=2)
CHUNK: Final = 1000


def seed(resources: Resources) -> None:
    """For `Service(seed=…)`: lots first, then what their feeds told before now."""
    data = demo_data()
    with _unit(resources) as uow:
        for lot in data["lot"]:
            _lot(uow, lot)
        for number, vehicle in enumerate(data["vehicle"], start=1):
            _vehicle(uow, vehicle, number)
        _camera(uow, data["lot"][0]["id"])
    for found in feeds_of(resources.hooks):
        if isinstance(found.feed, Remembering):
            _remember(resources, found, found.feed)


def demo_data() -> dict[str, list[dict[str, Any]]]:
    """The demo's lots and vehicles as they are written down."""
    return tomllib.loads(files("xianban_parking").joinpath("demo_lots.toml").read_text("utf-8"))


def _unit(resources: Resources) -> Any:
    return open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids)


def _lot(uow: UnitOfWork, entry: Mapping[str, Any]) -> None:
    lots = Lots(uow.conn, MACHINE)
    # What an operator has changed since stays as it is.
    if lots.find(entry["id"]) is None:
        lots.put(_lot_values(entry, uow.clock.now()))
    lots.add_tariff(TariffRow(entry["id"], 1, _SINCE, entry["tariff"]))


def _lot_values(entry: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    latitude, longitude = entry["at"]
    return {
        "id": entry["id"],
        "names": entry["names"],
        "address": entry["address"],
        "latitude": latitude,
        "longitude": longitude,
        "polygon": _square(latitude, longitude),
        "area": entry["area"],
        "operator": OPERATOR,
        "capacity": entry["capacity"],
        "accessible_places": entry.get("accessible", 0),
        "ev_places": entry.get("ev", 0),
        "park_and_ride": entry.get("park_and_ride", False),
        "max_height_cm": entry.get("height", 0),
        "opening_hours": entry.get("hours", ""),
        "reservable_places": entry.get("reservable", 0),
        "credit_exit": entry.get("credit_exit", False),
        "gate_counted": False,
        "attribution": ATTRIBUTION,
        "feed": entry["feed"],
        "updated_at": now,
    }


def _square(latitude: float, longitude: float) -> list[list[float]]:
    corners = ((-1, -1), (-1, 1), (1, 1), (1, -1), (-1, -1))
    return [
        [round(latitude + north * _HALF, 6), round(longitude + east * _HALF, 6)]
        for north, east in corners
    ]


def _vehicle(uow: UnitOfWork, entry: Mapping[str, Any], number: int) -> None:
    plate = read_plate(entry["plate"])
    row = {
        "id": _VEHICLE.format(number),
        "resident": person_id(entry["resident"]),
        "plate": plate.text,
        "plate_hash": plate.hash,
        "kind": plate.vehicle_kind,
        "created_at": _SINCE,
        "claimed_at": None,
        "ended_at": None,
    }
    # False when it is there, or was given up, or is another resident's now.
    Vehicles(uow.conn, MACHINE).add(row)


def _camera(uow: UnitOfWork, lot: str) -> None:
    """One that `xianban camera send` can play; its authority says that it is none."""
    cameras, now = Cameras(uow.conn, MACHINE), uow.clock.now()
    if cameras.find(DEMO_CAMERA) is None:
        row = {
            "id": DEMO_CAMERA,
            "lot": lot,
            "place": "B1 东出口",
            "authority": f"{OPERATOR}（示意）",
            "basis": "示意数据，没有真实摄像头 / Made up: there is no such camera",
            "purpose": "演示险情处置",
            "sights": sorted(str(sight) for sight in Sight),
            "retention_days": 0,
            "end_at": now + timedelta(days=365),
            "created_at": now,
            "last_event_at": None,
        }
        cameras.put(row)


def _remember(resources: Resources, found: FeedPlugin, feed: Remembering) -> None:
    """Fills in what the feed told since the last count, at most four weeks of it."""
    now, facts = resources.clock.now(), facts_of(found.feed)
    with _unit(resources) as uow:
        register(uow, row_of(found))
        newest = History(uow.conn, MACHINE).newest(facts.id)
    since = max(now - HISTORY, newest - AGAIN) if newest else now - HISTORY
    older = feed.history(since, now - RECENT)
    while chunk := list(islice(older, CHUNK)):
        with _unit(resources) as uow:
            History(uow.conn, MACHINE).add(facts.id, list(_rows(chunk, facts.id, found)))
    with _unit(resources) as uow:
        take_in(uow, facts, feed.history(max(since, now - RECENT), now))


def _rows(
    chunk: Sequence[LotObservation], feed: str, found: FeedPlugin
) -> Iterator[dict[str, Any]]:
    """As if each had come when it was counted."""
    bounds = feed_of(facts_of(found.feed).cadence_seconds)
    for told in chunk:
        at = told.observed_at
        capacity = told.capacity or 0
        observed = Observation(told.lot, feed, capacity, at, at, told.free, told.occupied)
        yield observation_values(observed, bounds)
