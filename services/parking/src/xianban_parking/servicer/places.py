"""A resident's vehicles, reservations and stays."""

from __future__ import annotations

from sqlalchemy import Connection
from xianban.common.v1 import audit_pb2
from xianban.parking.v1 import parking_pb2 as rpc
from xianban.parking.v1 import resources_pb2 as pb
from xianban_sdk.errors import XianbanError
from xianban_sdk.rpc import Call
from xianban_sdk.who_looked import who_looked
from xianban_sdk.wire import instant

from xianban_parking.convert import people as convert
from xianban_parking.convert.lots import lot_id
from xianban_parking.domain.stays import Visit
from xianban_parking.errors import refusals
from xianban_parking.handlers import reservations
from xianban_parking.handlers.disputes import contest
from xianban_parking.handlers.payables import fee_of
from xianban_parking.handlers.plates import read_plate
from xianban_parking.handlers.pricing import Asked, Rights, concessions_for, priced, stored_quote
from xianban_parking.handlers.stays import due_of, quote_of
from xianban_parking.handlers.vehicles import NewVehicle, add_vehicle, remove_vehicle
from xianban_parking.repository import Lots, Page, Permits, Reservations, Sessions, Vehicles
from xianban_parking.repository.rows import ReservationRow, SessionRow

__all__ = ["PlaceRpcs"]


class PlaceRpcs:
    """What a person, or somebody acting for them, may do."""

    def ListVehicles(
        self, request: rpc.ListVehiclesRequest, call: Call
    ) -> rpc.ListVehiclesResponse:
        page = _page(request, call)
        rows, token = Vehicles(call.uow.conn, call.scope).listed(page)
        found = [convert.vehicle(row) for row in rows]
        return rpc.ListVehiclesResponse(vehicles=found, next_page_token=token)

    def CreateVehicle(self, request: rpc.CreateVehicleRequest, call: Call) -> pb.Vehicle:
        kind = convert.VEHICLE_KINDS[request.kind]
        wanted = NewVehicle(str(call.subject), request.plate, kind, request.claim)
        return convert.vehicle(add_vehicle(wanted, scope=call.scope, uow=call.uow))

    def DeleteVehicle(
        self, request: rpc.DeleteVehicleRequest, call: Call
    ) -> rpc.DeleteVehicleResponse:
        remove_vehicle(convert.tail(request.name), scope=call.scope, uow=call.uow)
        return rpc.DeleteVehicleResponse()

    def CreateReservation(
        self, request: rpc.CreateReservationRequest, call: Call
    ) -> pb.Reservation:
        wanted = _wanted(request, call)
        row, lot = reservations.reserve(wanted, scope=call.scope, uow=call.uow)
        return convert.reservation(row, lot, call.locale)

    def GetReservation(self, request: rpc.GetReservationRequest, call: Call) -> pb.Reservation:
        found = Reservations(call.uow.conn, call.scope)
        return _shown(found.get(convert.tail(request.name)), call)

    def ListReservations(
        self, request: rpc.ListReservationsRequest, call: Call
    ) -> rpc.ListReservationsResponse:
        rows, token = Reservations(call.uow.conn, call.scope).listed(_page(request, call))
        found = [_shown(row, call) for row in rows]
        return rpc.ListReservationsResponse(reservations=found, next_page_token=token)

    def CancelReservation(
        self, request: rpc.CancelReservationRequest, call: Call
    ) -> pb.Reservation:
        name = convert.tail(request.name)
        return _shown(reservations.cancel_reservation(name, scope=call.scope, uow=call.uow), call)

    def GetSession(self, request: rpc.GetSessionRequest, call: Call) -> pb.Session:
        with call.reading() as read:
            row = Sessions(read.conn, call.scope).get(convert.tail(request.name))
            return _stay(row, read.conn, call)

    def ListSessions(
        self, request: rpc.ListSessionsRequest, call: Call
    ) -> rpc.ListSessionsResponse:
        with call.reading() as read:
            rows, token = Sessions(read.conn, call.scope).listed(_page(request, call))
            found = [_stay(row, read.conn, call) for row in rows]
        return rpc.ListSessionsResponse(sessions=found, next_page_token=token)

    def DisputeSession(self, request: rpc.DisputeSessionRequest, call: Call) -> pb.Session:
        name = convert.tail(request.name)
        row = contest(name, request.reason, scope=call.scope, uow=call.uow)
        lots, now = Lots(call.uow.conn, call.scope), call.clock.now()
        fee = quote_of(row, lots.tariffs(row.lot), [], now)
        return convert.session(row, lots.find(row.lot), fee, due_of(row, fee, now), call.locale)

    def ListAccesses(
        self, request: audit_pb2.ListAccessesRequest, call: Call
    ) -> audit_pb2.ListAccessesResponse:
        return who_looked(request, call)


Listed = rpc.ListVehiclesRequest | rpc.ListReservationsRequest | rpc.ListSessionsRequest


def _page(request: Listed, call: Call) -> Page:
    """A token holds only for the person it was made for."""
    return Page(request.page_size, request.page_token, of=call.subject, list=call.action)


def _wanted(request: rpc.CreateReservationRequest, call: Call) -> reservations.Wanted:
    start, end = instant(request.start_time), instant(request.end_time)
    wanted = reservations.Wanted(
        resident=str(call.subject),
        actor=call.actor,
        lot=lot_id(request.lot),
        plate=request.plate,
        start=start,
        end=end,
        accessible=request.accessible,
        ev_charging=request.ev_charging,
        quote={},
    )
    return _with_price(wanted, call)


def _with_price(wanted: reservations.Wanted, call: Call) -> reservations.Wanted:
    """The expected price; plugins are asked before the transaction opens."""
    kind = read_plate(wanted.plate).vehicle_kind
    with refusals():
        visit = Visit(wanted.start, wanted.end)
    with call.reading() as read:
        lots = Lots(read.conn, call.scope)
        lot = lots.get(wanted.lot)
        tariffs = lots.tariffs(lot.id)
        kinds = Permits(read.conn, call.scope).kinds_of(wanted.resident, wanted.start)
    rights = Rights.of_permits(wanted.resident, kinds)
    granted = concessions_for(call.hooks, lot, visit, kind, rights)
    try:
        quoted = stored_quote(priced(tariffs, Asked(visit, kind), granted))
    except XianbanError:
        # Not priceable now (an unpublished holiday year): a place can still be kept.
        return wanted
    return reservations.priced_as(wanted, quoted)


def _shown(row: ReservationRow, call: Call) -> pb.Reservation:
    lot = Lots(call.uow.conn, call.scope).find(row.lot)
    return convert.reservation(row, lot, call.locale)


def _stay(row: SessionRow, conn: Connection, call: Call) -> pb.Session:
    fee = fee_of(row, conn, call.hooks, call.clock.now())
    return convert.session(row, fee.lot, fee.quote, fee.due_fen, call.locale)
