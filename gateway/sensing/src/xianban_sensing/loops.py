"""Background work of sensing; each kind is done by one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from typing import Final

import grpc
from xianban.parking.v1 import parking_pb2 as pb
from xianban.parking.v1 import resources_pb2 as rs
from xianban.parking.v1.parking_pb2_grpc import ParkingServiceStub
from xianban_sdk.app import Resources
from xianban_sdk.errors import XianbanError, from_rpc_error
from xianban_sdk.storage import open_unit_of_work
from xianban_sdk.storage.locks import try_lock
from xianban_sdk.storage.unit_of_work import Opened

from xianban_sensing import convert
from xianban_sensing.domain.things import THINGS
from xianban_sensing.handlers.changes import to_send
from xianban_sensing.handlers.own_entities import devices_changed, whole_car_parks
from xianban_sensing.handlers.telling import send_due
from xianban_sensing.plugins import models_of
from xianban_sensing.posting import poster
from xianban_sensing.repository import MACHINE, Devices
from xianban_sensing.settings import rules

__all__ = ["LOOPS", "list_car_parks", "list_things", "tell_subscribers"]

# Counts come as events; names, places and new car parks are asked for now and then.
_LIST_SECONDS: Final = 300.0
_LIST_AGAIN_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.5
_STANDBY_SECONDS: Final = 1.0
_PAGES: Final = 100


def follow_the_suite(resources: Resources, stop: Event) -> None:
    """Every car park that parking tells of is an entity here, and every device of a thing."""
    while not stop.is_set():
        pause = _LIST_AGAIN_SECONDS
        with try_lock(resources.db, "own-entities") as mine:
            if mine is not None and _followed(resources):
                pause = _LIST_SECONDS
        stop.wait(pause)


def _followed(resources: Resources) -> bool:
    """False where parking did not answer: its car parks stay as they were."""
    list_things(resources)
    try:
        list_car_parks(resources)
    except (grpc.RpcError, XianbanError) as error:
        found = error if isinstance(error, XianbanError) else from_rpc_error(error)
        resources.log.info("parking_away", reason=found.reason)
        return False
    return True


def list_things(resources: Resources) -> None:
    """Devices that were bound before anybody told of them."""
    with _unit(resources) as uow:
        found = Devices(uow.conn, MACHINE).of_kinds(THINGS)
        devices_changed(found, models_of(resources.hooks), uow=uow)


def list_car_parks(resources: Resources) -> None:
    """Asks outside of any transaction, then keeps it all in one."""
    found = [(convert.car_park(lot), convert.count(lot)) for lot in _lots(resources)]
    with _unit(resources) as uow:
        whole_car_parks(found, uow=uow)


def _lots(resources: Resources) -> Iterator[rs.Lot]:
    stub = resources.clients.stub(ParkingServiceStub)
    token = ""
    for _ in range(_PAGES):
        page = stub.ListLots(pb.ListLotsRequest(page_size=200, page_token=token))
        yield from page.lots
        token = page.next_page_token
        if not token:
            return


def tell_subscribers(resources: Resources, stop: Event) -> None:
    """Sends what subscriptions ask for."""
    post = poster(rules().notify_hosts)
    while not stop.is_set():
        with try_lock(resources.db, "notifications") as still_held:
            while still_held is not None and not stop.is_set():
                still_held()
                to_send.clear()
                if not send_due(resources, post):
                    to_send.wait(_LOOK_SECONDS)
        stop.wait(_STANDBY_SECONDS)


LOOPS = [follow_the_suite, tell_subscribers]


def _unit(resources: Resources) -> Opened:
    return open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids)
