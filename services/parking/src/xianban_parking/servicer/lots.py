"""Public RPCs: car parks, counts, forecast, guidance, prices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from xianban.parking.v1 import parking_pb2 as rpc
from xianban.parking.v1 import resources_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.errors import InvalidArgument
from xianban_sdk.rpc import Call
from xianban_sdk.wire import instant, optional_instant

from xianban_parking.convert import lots as convert
from xianban_parking.convert.people import VEHICLE_KINDS
from xianban_parking.convert.texts import quote
from xianban_parking.domain.guidance import Place
from xianban_parking.domain.stays import Visit
from xianban_parking.errors import refusals
from xianban_parking.handlers.guidance import Destination, Wish, find_places, resolve
from xianban_parking.handlers.pricing import Asked, concessions_for, priced, stored_quote
from xianban_parking.handlers.shared import shared
from xianban_parking.handlers.views import OccupancyView, current_tariff, open_only, views_of
from xianban_parking.repository import Counts, Lots, Page

__all__ = ["LotRpcs"]

WATCH_SECONDS = 0.5
LONGEST_HISTORY = timedelta(days=31)


class LotRpcs:
    """What anybody may ask."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.forecasts = shared(resources).forecasts
        self.snapshots = shared(resources).snapshots

    def ListLots(self, request: rpc.ListLotsRequest, call: Call) -> rpc.ListLotsResponse:
        lots, now = Lots(call.uow.conn, call.scope), call.clock.now()
        wanted = convert.lot_filter(request)
        question = {"filter": repr(wanted), "open": request.open_now}
        page = Page(request.page_size, request.page_token, **question)
        rows, token = lots.listed(
            open_only(wanted, lots, now) if request.open_now else wanted, page
        )
        views = views_of(rows, lots, Counts(call.uow.conn, call.scope), now)
        found = [convert.lot(view, call.locale) for view in views]
        return rpc.ListLotsResponse(lots=found, next_page_token=token)

    def GetLot(self, request: rpc.GetLotRequest, call: Call) -> pb.Lot:
        lots, counts = Lots(call.uow.conn, call.scope), Counts(call.uow.conn, call.scope)
        row = lots.get(convert.lot_id(request.name))
        return convert.lot(views_of([row], lots, counts, call.clock.now())[0], call.locale)

    def WatchOccupancy(
        self, request: rpc.WatchOccupancyRequest, call: Call
    ) -> Iterator[rpc.WatchOccupancyResponse]:
        wanted = {convert.lot_id(name) for name in request.lots}
        sent: dict[str, tuple[object, ...]] = {}
        views = self.snapshots.fresh(call.clock.now())
        while True:
            for lot_id, view in views.items():
                if (not wanted or lot_id in wanted) and sent.get(lot_id) != view.facts:
                    sent[lot_id] = view.facts
                    yield _change(lot_id, view)
            call.wait(WATCH_SECONDS)
            views = self.snapshots.current(call.clock.now())

    def ListOccupancies(
        self, request: rpc.ListOccupanciesRequest, call: Call
    ) -> rpc.ListOccupanciesResponse:
        now = call.clock.now()
        end = optional_instant(request, "end_time") or now
        start = optional_instant(request, "start_time") or end - timedelta(hours=24)
        if not timedelta() <= end - start <= LONGEST_HISTORY:
            raise InvalidArgument("PERIOD_INVALID", field="end_time", days=LONGEST_HISTORY.days)
        lot = Lots(call.uow.conn, call.scope).get(convert.lot_id(request.parent))
        page = Page(request.page_size, request.page_token, lot=lot.id)
        rows, token = Counts(call.uow.conn, call.scope).history(lot.id, start, end, page)
        found = [convert.observation(row, now) for row in rows]
        return rpc.ListOccupanciesResponse(occupancies=found, next_page_token=token)

    def GetForecast(self, request: rpc.GetForecastRequest, call: Call) -> pb.Forecast:
        lot = Lots(call.uow.conn, call.scope).get(convert.lot_id(request.name))
        return convert.forecast(lot.id, self.forecasts.of(lot.id, call.clock.now()))

    def FindParking(self, request: rpc.FindParkingRequest, call: Call) -> rpc.FindParkingResponse:
        to, now = _destination(request, call), call.clock.now()
        wish = Wish(
            arrive=optional_instant(request, "arrive_time") or now,
            stay=timedelta(minutes=request.stay_minutes or 120),
            accessible=request.accessible,
            ev_charging=request.ev_charging,
            vehicle_height_cm=request.vehicle_height_cm,
            max_walk_m=request.max_walk_m or 1500,
            most=request.page_size or 10,
        )
        with call.reading() as read:
            found = find_places(
                to,
                wish,
                scope=call.scope,
                conn=read.conn,
                hooks=call.hooks,
                chance_of=self.forecasts.chance,
                now=now,
            )
        return convert.find_response(found, to, call.locale)

    def QuoteStay(self, request: rpc.QuoteStayRequest, call: Call) -> pb.Quote:
        kind = VEHICLE_KINDS[request.vehicle_kind] or "car"
        with refusals():
            start, end = instant(request.start_time), instant(request.end_time)
            visit = Visit(start, end)
        with call.reading() as read:
            lots = Lots(read.conn, call.scope)
            lot = lots.get(convert.lot_id(request.lot))
            tariffs = lots.tariffs(lot.id)
        granted = concessions_for(call.hooks, lot, visit, kind)
        return quote(stored_quote(priced(tariffs, Asked(visit, kind), granted)), call.locale)

    def GetTariff(self, request: rpc.GetTariffRequest, call: Call) -> pb.Tariff:
        lots = Lots(call.uow.conn, call.scope)
        lot = lots.get(convert.lot_id(request.name))
        return convert.tariff(current_tariff(lots.tariffs(lot.id), call.clock.now()), call.locale)


def _change(lot_id: str, view: OccupancyView) -> rpc.WatchOccupancyResponse:
    occupancy = convert.occupancy(view)
    return rpc.WatchOccupancyResponse(lot=f"lots/{lot_id}", occupancy=occupancy)


def _destination(request: rpc.FindParkingRequest, call: Call) -> Destination:
    if request.HasField("destination"):
        place = Place(request.destination.latitude, request.destination.longitude)
        return Destination(place)
    if not request.query.strip():
        raise InvalidArgument("DESTINATION_MISSING", field="destination")
    return resolve(request.query, call.locale, call.hooks)
