"""What an organisation does with an order, and what is booked for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import orjson
from sqlalchemy import Connection
from xianban_sdk.alerts import Place
from xianban_sdk.errors import NotFound
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.timers import Timer

from xianban_eldercare.domain.distances import metres_between
from xianban_eldercare.domain.ledger import charged, paid, settled
from xianban_eldercare.domain.orders import LAPSES_AFTER, Order, OrderState
from xianban_eldercare.handlers.booking import about, book, take_back
from xianban_eldercare.handlers.order_telling import told
from xianban_eldercare.handlers.order_visits import Sent, must_go_without, plan
from xianban_eldercare.handlers.orders import LAPSES, freed, moved, order_of, rules_at
from xianban_eldercare.repository import MACHINE, CareFiles, Scope, StaffBook, Visits
from xianban_eldercare.repository.books import Books
from xianban_eldercare.repository.order_rows import OrderRow
from xianban_eldercare.repository.orders import Orders
from xianban_eldercare.repository.organisation_rows import VisitRow
from xianban_eldercare.repository.responders import badge_name

__all__ = [
    "accept_order",
    "begun_by_visit",
    "check_in_order",
    "complete_order",
    "decline_order",
    "done_by_visit",
    "hold_order_of",
    "on_lapsed",
    "order_for_staff",
    "record_own_payment",
    "refund_order",
    "report_no_show",
    "send_carer",
    "works_there",
]

_MANAGER: Final = "station-manager"


def accept_order(order_id: str, *, scope: Scope, uow: UnitOfWork) -> OrderRow:
    row = _locked(order_id, scope, uow)
    now = uow.clock.now()
    after = moved(row, lambda order: order.accepted(now), uow)
    uow.schedule(LAPSES, row.id, row.start_at + LAPSES_AFTER)
    return told(row, after, uow=uow)


def send_carer(order_id: str, sent: Sent, *, scope: Scope, uow: UnitOfWork) -> OrderRow:
    """To do what was accepted; again after a visit was called off."""
    row = _locked(order_id, scope, uow)
    plan(row, sent, scope=scope, uow=uow)
    return row


def hold_order_of(visit_id: str, *, uow: UnitOfWork) -> None:
    """Locks it before its visit, as everybody does who changes both."""
    for visit in Visits(uow.conn, MACHINE).several([visit_id]):
        if visit.order_id is not None:
            Orders(uow.conn, MACHINE).find(visit.order_id, locked=True)


def begun_by_visit(visit: VisitRow, place: Place | None, *, scope: Scope, uow: UnitOfWork) -> None:
    """Its carer has come."""
    row = _of_visit(visit, OrderState.ACCEPTED, uow)
    if row is not None:
        _begun(row, place, scope, uow)


def done_by_visit(visit: VisitRow, *, uow: UnitOfWork) -> None:
    """Its carer has done it; an own share is recorded on the day's page."""
    row = _of_visit(visit, OrderState.CHECKED_IN, uow)
    if row is not None:
        _done(row, "", uow)


def _of_visit(visit: VisitRow, state: OrderState, uow: UnitOfWork) -> OrderRow | None:
    if visit.order_id is None:
        return None
    row = Orders(uow.conn, MACHINE).find(visit.order_id, locked=True)
    return row if row is not None and row.state == state else None


def decline_order(order_id: str, reason: str, *, scope: Scope, uow: UnitOfWork) -> OrderRow:
    row = _locked(order_id, scope, uow)
    after = moved(row, lambda order: order.declined(reason), uow)
    freed(row, uow=uow)
    return told(row, after, uow=uow)


def check_in_order(
    order_id: str, place: Place | None, *, scope: Scope, uow: UnitOfWork
) -> OrderRow:
    row = _locked(order_id, scope, uow)
    must_go_without(row, uow=uow)
    return _begun(row, place, scope, uow)


def _begun(row: OrderRow, place: Place | None, scope: Scope, uow: UnitOfWork) -> OrderRow:
    here, now = _here(row, place, scope, uow), uow.clock.now()
    return told(here, moved(here, lambda order: order.checked_in(now), uow), uow=uow)


def complete_order(order_id: str, receipt: str, *, scope: Scope, uow: UnitOfWork) -> OrderRow:
    """The subsidy is earned, the own share asked for and, with a receipt, paid."""
    row = _locked(order_id, scope, uow)
    must_go_without(row, uow=uow)
    return _done(_here(row, None, scope, uow) if row.checked_in_at is None else row, receipt, uow)


def _done(row: OrderRow, receipt: str, uow: UnitOfWork) -> OrderRow:
    now = uow.clock.now()
    after = moved(row, lambda order: order.fulfilled(now, receipt), uow)
    books = Books(uow.conn, MACHINE)
    books.lock(row.resident, now)
    draws = books.reserved_for(row.id)
    book(settled(row.resident, row.organisation, draws, row.own_fen), about(row), uow=uow)
    _paid(after, uow)
    uow.cancel(LAPSES, row.id)
    return told(row, after, uow=uow)


def report_no_show(order_id: str, *, scope: Scope, uow: UnitOfWork) -> OrderRow:
    """A subsidy pays for services only: it is free again, a part of the own share is asked for."""
    row = _locked(order_id, scope, uow)
    now, percent = uow.clock.now(), rules_at(row).no_show_percent
    after = moved(row, lambda order: order.not_there(now, percent), uow)
    freed(row, uow=uow)
    book(charged(row.resident, row.organisation, after.own_fen), about(row), uow=uow)
    return told(row, after, uow=uow)


def record_own_payment(order_id: str, receipt: str, *, scope: Scope, uow: UnitOfWork) -> OrderRow:
    row = _locked(order_id, scope, uow)
    now = uow.clock.now()
    after = moved(row, lambda order: order.paid(now, receipt), uow)
    _paid(after, uow)
    return after


def refund_order(order_id: str, reason: str, *, scope: Scope, uow: UnitOfWork) -> OrderRow:
    """By entries that take back what was booked; a paid own share is given back on the spot."""
    row = _locked(order_id, scope, uow)
    now, days = uow.clock.now(), rules_at(row).refund_days
    after = moved(row, lambda order: order.refunded(now, days, reason), uow)
    Books(uow.conn, MACHINE).lock(row.resident, now)
    take_back(row, uow=uow)
    return told(row, after, uow=uow)


def on_lapsed(timer: Timer, *, uow: UnitOfWork) -> None:
    """Nobody answered in time, or nobody came."""
    row = Orders(uow.conn, MACHINE).find(timer.key, locked=True)
    after = order_of(row).lapsed(uow.clock.now()) if row else None
    if row is None or after is None:
        return
    lapsed: Order = after
    saved = moved(row, lambda _: lapsed, uow)
    freed(row, uow=uow)
    told(row, saved, uow=uow)


# -- who may --------------------------------------------------------------------------------


def works_there(organisation: str, *, scope: Scope, conn: Connection) -> bool:
    """Managers of the area do; a carer does whom the organisation employs."""
    if _MANAGER in scope.roles:
        return True
    found = StaffBook(conn, MACHINE).find(organisation, scope.actor)
    return found is not None and found.active


def order_for_staff(order_id: str, *, scope: Scope, conn: Connection) -> OrderRow:
    return _staffs(Orders(conn, scope).get(order_id), scope, conn)


def _locked(order_id: str, scope: Scope, uow: UnitOfWork) -> OrderRow:
    return _staffs(Orders(uow.conn, scope).get(order_id, locked=True), scope, uow.conn)


def _staffs(row: OrderRow, scope: Scope, conn: Connection) -> OrderRow:
    if not works_there(row.organisation, scope=scope, conn=conn):
        raise NotFound("ORDER_NOT_FOUND", field="name")
    return row


# -- parts ----------------------------------------------------------------------------------


def _paid(row: OrderRow, uow: UnitOfWork) -> None:
    if row.receipt:
        book(paid(row.organisation, row.own_fen), about(row), uow=uow)


def _here(row: OrderRow, place: Place | None, scope: Scope, uow: UnitOfWork) -> OrderRow:
    """Who began it, and how far from the home as far as anybody knows."""
    file = CareFiles(uow.conn, MACHINE).find(row.resident)
    home = orjson.loads(file.home) if file and file.home else None
    metres = None
    if place is not None and home is not None:
        there = (home["latitude"], home["longitude"])
        metres = round(metres_between((place.latitude, place.longitude), there))
    return replace(
        row,
        checked_in_by=scope.actor,
        checked_in_by_display=badge_name(uow.conn, scope.actor),
        checked_in_place=_kept(place),
        distance_metres=metres,
    )


def _kept(place: Place | None) -> str:
    if place is None:
        return ""
    said = {
        "latitude": place.latitude,
        "longitude": place.longitude,
        "accuracy_m": place.accuracy_m,
    }
    return orjson.dumps(said).decode()
