"""The bare handler: sync grpcio, the same repository and handler calls, the same serialisation.

No token, policy, field rules, idempotency, audit, span or log line: what the SDK's call chain adds
is the difference to this. ``python -m bench.chain DATABASE SOCKET SECRET`` serves.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import grpc
from xianban.parking.v1 import parking_pb2 as rpc
from xianban_parking.convert import lots as convert
from xianban_parking.convert import people
from xianban_parking.domain.stays import Visit
from xianban_parking.handlers import reservations
from xianban_parking.handlers.plates import read_plate
from xianban_parking.handlers.pricing import Asked, priced, stored_quote
from xianban_parking.handlers.views import views_of
from xianban_parking.repository import PUBLIC, Counts, LotFilter, Lots, Page, Permits, Scope
from xianban_sdk import i18n
from xianban_sdk.clock import SystemClock
from xianban_sdk.ids import UlidIds
from xianban_sdk.storage import CallInfo, Database, Keyring, install_keys, open_unit_of_work
from xianban_sdk.wire import instant

LOCALE = "zh-CN"


class Bare:
    """The three calls without a call chain."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.clock = SystemClock()
        self.ids = UlidIds(self.clock)

    def get(self, raw: bytes, _context: Any) -> bytes:
        request = rpc.GetLotRequest.FromString(raw)
        with self.db.read() as conn:
            lots, now = Lots(conn, PUBLIC), self.clock.now()
            row = lots.get(convert.lot_id(request.name))
            view = views_of([row], lots, Counts(conn, PUBLIC), now)[0]
        return convert.lot(view, LOCALE).SerializeToString()

    def list(self, raw: bytes, _context: Any) -> bytes:
        request = rpc.ListLotsRequest.FromString(raw)
        with self.db.read() as conn:
            lots, now = Lots(conn, PUBLIC), self.clock.now()
            wanted = convert.lot_filter(request)
            page = Page(request.page_size, request.page_token, filter=repr(wanted), open=False)
            rows, token = lots.listed(LotFilter(), page)
            views = views_of(rows, lots, Counts(conn, PUBLIC), now)
        found = [convert.lot(view, LOCALE) for view in views]
        return rpc.ListLotsResponse(lots=found, next_page_token=token).SerializeToString()

    def reserve(self, raw: bytes, _context: Any) -> bytes:
        request = rpc.CreateReservationRequest.FromString(raw)
        resident = request.parent.split("/")[1]
        scope = Scope(resident, resident)
        wanted = self._priced(_wanted(request, resident), scope)
        opened = open_unit_of_work(
            self.db, clock=self.clock, ids=self.ids, call=CallInfo(resident, resident)
        )
        with opened as uow:
            row, lot = reservations.reserve(wanted, scope=scope, uow=uow)
        return people.reservation(row, lot, LOCALE).SerializeToString()

    def _priced(self, wanted: reservations.Wanted, scope: Scope) -> reservations.Wanted:
        with self.db.read() as conn:
            lots = Lots(conn, scope)
            tariffs = lots.tariffs(lots.get(wanted.lot).id)
            Permits(conn, scope).kinds_of(wanted.resident, wanted.start)
        asked = Asked(Visit(wanted.start, wanted.end), read_plate(wanted.plate).vehicle_kind)
        return reservations.priced_as(wanted, stored_quote(priced(tariffs, asked)))


def _wanted(request: rpc.CreateReservationRequest, resident: str) -> reservations.Wanted:
    return reservations.Wanted(
        resident=resident,
        actor=resident,
        lot=convert.lot_id(request.lot),
        plate=request.plate,
        start=instant(request.start_time),
        end=instant(request.end_time),
        accessible=False,
        ev_charging=False,
        quote={},
    )


def main() -> None:
    database, socket, secret = sys.argv[1:4]
    install_keys(Keyring.derive(bytes.fromhex(secret)))
    i18n.register("xianban_parking")
    bare = Bare(Database.open(database, owner="parking"))
    handlers = {
        "GetLot": grpc.unary_unary_rpc_method_handler(bare.get),
        "ListLots": grpc.unary_unary_rpc_method_handler(bare.list),
        "CreateReservation": grpc.unary_unary_rpc_method_handler(bare.reserve),
    }
    server = grpc.server(ThreadPoolExecutor(4))
    name = "xianban.parking.v1.ParkingService"
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, handlers),))
    server.add_insecure_port(f"unix:{socket}")
    server.start()
    server.wait_for_termination(timedelta(hours=1).total_seconds())


if __name__ == "__main__":
    main()
