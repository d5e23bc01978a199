"""Find a place: the list with its map, live counts, and one car park in detail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from xianban.parking.v1 import parking_pb2 as pb
from xianban.parking.v1 import resources_pb2 as resources
from xianban_sdk.web import (
    CallError,
    Frame,
    call,
    fragment,
    live,
    render,
    subject,
    text,
    viewer_of,
    watch,
)

from xianban_parking.web import history, times
from xianban_parking.web.approach import ShownWay, shown_way
from xianban_parking.web.clients import attempt, if_there, parking
from xianban_parking.web.opening import in_words
from xianban_parking.web.shown import Count, count, honesty_level, tail

PAGE = 20
DAY_OF_COUNTS = 2000
HIGHEST_CM = 1000
AREAS = {"310120/nanqiao": "area-nanqiao", "310120/fengpu": "area-fengpu"}
FLAGS = ("accessible", "ev", "pr", "open")


@dataclass(frozen=True)
class ShownLot:
    """A car park with its count in words."""

    id: str
    lot: resources.Lot
    count: Count
    hours: str
    way: ShownWay | None = None

    @property
    def live_part(self) -> str:
        return f"lot-{self.id}"


def shown_lot(request: Request, lot: resources.Lot) -> ShownLot:
    def say(key: str, **args: object) -> str:
        return text(request, "parking", key, **args)

    hours = in_words(lot.opening_hours, say)
    return ShownLot(tail(lot.name), lot, count(lot.occupancy), hours, shown_way(lot))


async def lots(request: Request) -> Response:
    asked = _filters(request.query_params)
    found, problem = await attempt(call(request, parking.ListLots, asked))
    shown = [shown_lot(request, lot) for lot in found.lots] if found else []
    return render(
        request,
        "parking/lots.html",
        400 if problem else 200,
        lots=shown,
        problem=problem,
        areas=area_names(request),
        chosen=_chosen(request.query_params),
        next_href=_next(request, found.next_page_token if found else ""),
        first_href=_next(request, "") if asked.page_token else "",
    )


def _filters(query: Mapping[str, str]) -> pb.ListLotsRequest:
    return pb.ListLotsRequest(
        page_size=PAGE,
        page_token=query.get("page_token", "")[:512],
        query=query.get("text", "").strip()[:64],
        area=query.get("area", "").strip()[:64],
        accessible=query.get("accessible") == "1",
        ev_charging=query.get("ev") == "1",
        park_and_ride=query.get("pr") == "1",
        open_now=query.get("open") == "1",
        vehicle_height_cm=height(query.get("height", "")),
    )


def height(typed: str) -> int:
    """Centimetres; 0 where nothing usable is typed."""
    return min(int(typed), HIGHEST_CM) if typed.isascii() and typed.isdigit() else 0


def area_names(request: Request) -> list[tuple[str, str]]:
    keys = {"": "area-all"} | AREAS
    return [(path, text(request, "parking", key)) for path, key in keys.items()]


def _chosen(query: Mapping[str, str]) -> dict[str, str]:
    names = ("text", "area", "height", *FLAGS)
    return {name: query.get(name, "") for name in names}


def _next(request: Request, token: str) -> str:
    """The same list, further on (or from its start when there is no token but one was given)."""
    kept = [(key, value) for key, value in request.query_params.items() if key != "page_token"]
    if token:
        return "/parking?" + urlencode([*kept, ("page_token", token)])
    given = request.query_params.get("page_token")
    return ("/parking?" + urlencode(kept)).rstrip("?") if given else ""


def stream(request: Request) -> Response:
    """Every change of every lot, from one subscription that belongs to nobody in particular."""
    request.state.session = None  # public data: the first visitor's token must not end it

    def show(change: pb.WatchOccupancyResponse) -> Frame:
        shown = count(change.occupancy)
        html = fragment(request, "parking/count.html", count=shown)
        return Frame(f"lot-{tail(change.lot)}", html)

    asked = pb.WatchOccupancyRequest()
    return live(
        request, "parking-occupancy", lambda: watch(request, parking.WatchOccupancy, asked), show
    )


async def lot(request: Request) -> Response:
    found = await _lot(request)
    return await lot_page(request, found)


async def _lot(request: Request) -> resources.Lot:
    name = f"lots/{request.path_params['lot']}"
    return await call(request, parking.GetLot, pb.GetLotRequest(name=name))


async def lot_page(
    request: Request,
    found: resources.Lot,
    reserve: Mapping[str, str] | None = None,
    refused: CallError | None = None,
    status: int = 200,
) -> Response:
    """The page of one car park; `reserve` and `refused` come from a refused reservation."""
    now = datetime.now(UTC)
    context: dict[str, Any] = {"shown": shown_lot(request, found), "now": now}
    context |= await _prices(request, found, now)
    context |= await _past_and_future(request, found, now)
    context |= await _own(request, reserve, now)
    level = honesty_level(found.honesty) if found.HasField("honesty") else ""
    return render(
        request, "parking/lot.html", status, refused=refused, honesty_level=level, **context
    )


async def _prices(request: Request, found: resources.Lot, now: datetime) -> dict[str, Any]:
    query = request.query_params
    asked = pb.GetTariffRequest(name=f"{found.name}/tariff")
    tariff, away = await if_there(call(request, parking.GetTariff, asked))
    begin, end = times.window(query.get("from", ""), query.get("until", ""), now)
    kind = query.get("kind", "1")
    quote, problem = await _quote(request, found.name, begin, end, kind)
    typed = {"from": begin, "until": end, "kind": kind}
    return {
        "tariff": tariff,
        "tariff_away": away,
        "typed": typed,
        "quote": quote,
        "problem": problem,
    }


async def _quote(
    request: Request, lot_name: str, begin: str, end: str, kind: str
) -> tuple[resources.Quote | None, CallError | None]:
    asked = pb.QuoteStayRequest(
        lot=lot_name,
        start_time=times.typed(begin),
        end_time=times.typed(end),
        vehicle_kind=vehicle_kind(kind),
    )
    return await attempt(call(request, parking.QuoteStay, asked))


def vehicle_kind(typed: str) -> resources.VehicleKind.ValueType:
    """The number a form sends; unknown ones are an ordinary car."""
    known = {str(value): value for value in resources.VehicleKind.values()}
    return known.get(typed, resources.VEHICLE_KIND_CAR)


async def _past_and_future(request: Request, found: resources.Lot, now: datetime) -> dict[str, Any]:
    asked = pb.ListOccupanciesRequest(parent=found.name, page_size=DAY_OF_COUNTS)
    past, past_away = await if_there(call(request, parking.ListOccupancies, asked))
    wanted = pb.GetForecastRequest(name=f"{found.name}/forecast")
    forecast, no_forecast = await if_there(call(request, parking.GetForecast, wanted))
    return {
        "day": history.day_rows(past.occupancies, now) if past and past.occupancies else [],
        "day_away": past_away,
        "forecast": forecast,
        "forecast_rows": history.forecast_rows(forecast) if forecast else [],
        "no_forecast": no_forecast,
    }


async def _own(
    request: Request, reserve: Mapping[str, str] | None, now: datetime
) -> dict[str, Any]:
    """What the reserve form proposes: the person's vehicles and the next quarter."""
    begin, end = times.window("", "", now)
    proposal = reserve or {"start_time": begin, "end_time": end, "plate": "", "vehicle": ""}
    if viewer_of(request).person is None:
        return {"reserve": proposal, "vehicles": []}
    asked = pb.ListVehiclesRequest(parent=subject(request), page_size=20)
    found, _ = await if_there(call(request, parking.ListVehicles, asked))
    return {"reserve": proposal, "vehicles": list(found.vehicles) if found else []}
