"""停车诱导: where to park for a destination, with every part of the ranking told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp
from starlette.requests import Request
from starlette.responses import Response
from xianban.parking.v1 import parking_pb2 as pb
from xianban.parking.v1 import resources_pb2 as rs
from xianban_sdk.web import call, render

from xianban_parking.web.approach import shown_way
from xianban_parking.web.clients import attempt, parking, status
from xianban_parking.web.lots import ShownLot, height, shown_lot
from xianban_parking.web.times import typed

STAYS = (30, 60, 120, 240, 480)
WALKS = (500, 1000, 1500, 3000)
OPTIONS = 10
# Every candidate is forecast; the first question after a start has to read the history.
PATIENCE = 15.0
REASONS = frozenset({"fire", "road_closed"})


@dataclass(frozen=True)
class ShownOption:
    """One proposal and its place in the ranking."""

    rank: int
    shown: ShownLot
    option: pb.ParkingOption

    @property
    def chance_percent(self) -> int | None:
        chance = self.option.chance if self.option.HasField("chance") else None
        return None if chance is None else round(chance * 100)

    @property
    def minutes(self) -> list[tuple[str, str]]:
        """The score's parts: key and minutes with one decimal."""
        return [(part.key, f"{part.value:.1f}") for part in self.option.parts]

    @property
    def score(self) -> str:
        return f"{self.option.score:.1f}"


@dataclass(frozen=True)
class ShownLeftOut:
    """A car park that is not proposed, and why in one word."""

    lot: rs.Lot
    reason: str

    @property
    def reopens(self) -> Timestamp | None:
        way = shown_way(self.lot)
        return way.reopens if way and self.reason == "road_closed" else None


def _left_out(found: pb.FindParkingResponse | None) -> list[ShownLeftOut]:
    """A reason of a later service than these pages is passed over."""
    if found is None:
        return []
    return [ShownLeftOut(one.lot, one.reason) for one in found.left_out if one.reason in REASONS]


async def find(request: Request) -> Response:
    query = request.query_params
    wanted = query.get("q", "").strip()
    asked = _question(query)
    asking = call(request, parking.FindParking, asked, timeout=PATIENCE) if wanted else None
    found, problem = await attempt(asking) if asking else (None, None)
    options = [
        ShownOption(index, shown_lot(request, option.lot), option)
        for index, option in enumerate(found.options if found else [], start=1)
    ]
    return render(
        request,
        "parking/find.html",
        status(problem),
        options=options,
        found=found,
        left_out=_left_out(found),
        problem=problem,
        typed=_typed(query),
        stays=STAYS,
        walks=WALKS,
    )


def _question(query: Mapping[str, str]) -> pb.FindParkingRequest:
    return pb.FindParkingRequest(
        query=query.get("q", "").strip()[:128],
        arrive_time=typed(query.get("arrive", "")),
        stay_minutes=_choice(query.get("stay", ""), STAYS, 120),
        max_walk_m=_choice(query.get("walk", ""), WALKS, 1500),
        accessible=query.get("accessible") == "1",
        ev_charging=query.get("ev") == "1",
        vehicle_height_cm=height(query.get("height", "")),
        page_size=OPTIONS,
    )


def _choice(text: str, known: tuple[int, ...], default: int) -> int:
    return next((value for value in known if str(value) == text), default)


def _typed(query: Mapping[str, str]) -> dict[str, str]:
    defaults = {"q": "", "arrive": "", "stay": "120", "walk": "1500", "height": ""}
    return {name: query.get(name, value) for name, value in defaults.items()} | {
        name: query.get(name, "") for name in ("accessible", "ev")
    }
