"""Ordering: what it would cost, placing it, calling it off, saying how it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection
from xianban_sdk.clock import Clock, local_day
from xianban_sdk.errors import FailedPrecondition, InvalidArgument
from xianban_sdk.repository import covers
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.domain.catalogue import ServiceKind
from xianban_eldercare.domain.ledger import reserved
from xianban_eldercare.domain.orders import Order, OrderState
from xianban_eldercare.domain.subsidies import Lot, Quote, SubsidyRules, quote
from xianban_eldercare.errors import refusals
from xianban_eldercare.handlers.booking import about, book, release
from xianban_eldercare.handlers.order_telling import told
from xianban_eldercare.handlers.order_visits import call_off_with
from xianban_eldercare.handlers.subsidies import (
    Lacking,
    foreseen,
    grant_month,
    lacking,
    lots_of,
    rules_of,
)
from xianban_eldercare.repository import MACHINE, CareFiles, Scope
from xianban_eldercare.repository.books import Books
from xianban_eldercare.repository.catalogue import Catalogue
from xianban_eldercare.repository.order_rows import ItemRow, OrderRow
from xianban_eldercare.repository.orders import Orders
from xianban_eldercare.rules import SUBSIDIES

__all__ = [
    "LAPSES",
    "Asked",
    "Quoted",
    "cancel_order",
    "cancel_until",
    "freed",
    "moved",
    "order_of",
    "order_row",
    "place_order",
    "quote_order",
    "rate_order",
    "rules_at",
]

# The timer's kind; its key is the order's id.
LAPSES: Final = "order-lapses"


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants, and what they were told that the elder pays."""

    resident: str
    item: tuple[str, str]
    start_at: datetime
    quantity: int
    note: str = ""
    own_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Quoted:
    """What it costs, and what it is made of."""

    item: ItemRow
    quantity: int
    quote: Quote
    rules: SubsidyRules
    cancel_until: datetime
    lacking: Sequence[Lacking]


def quote_order(asked: Asked, *, scope: Scope, conn: Connection, clock: Clock) -> Quoted:
    """With what the month would grant, should nobody have asked for it yet."""
    item = _orderable(asked, scope, conn, clock.now())
    day = local_day(asked.start_at)
    lots = lots_of(asked.resident, day, conn=conn)
    lots += foreseen(asked.resident, day, conn=conn, today=local_day(clock.now()))
    missing = lacking(
        asked.resident, day, ServiceKind(item.kind), conn=conn, today=local_day(clock.now())
    )
    return _quoted(asked, item, _quote_of(asked, item, day, lots), missing)


def place_order(asked: Asked, *, scope: Scope, uow: UnitOfWork) -> OrderRow:
    """Takes places of the day, and reserves what subsidies pay."""
    item = _orderable(asked, scope, uow.conn, uow.clock.now())
    day = local_day(asked.start_at)
    grant_month(asked.resident, day, uow=uow)
    found = _quote_of(asked, item, day, lots_of(asked.resident, day, conn=uow.conn))
    if asked.own_fen not in (None, found.own_fen):
        raise FailedPrecondition("QUOTE_CHANGED", field="own_fen")
    if not Catalogue(uow.conn, MACHINE).take(item, day, asked.quantity):
        raise FailedPrecondition("DAY_FULL", field="start_time")
    row = order_row(asked, item, found, scope.actor, uow)
    Orders(uow.conn, MACHINE).add(row)
    book(reserved(row.resident, found.draws), about(row), uow=uow)
    uow.schedule(LAPSES, row.id, row.start_at)
    return told(None, row, uow=uow)


def _orderable(asked: Asked, scope: Scope, conn: Connection, now: datetime) -> ItemRow:
    """What is offered where the elder lives, for a time that can be."""
    file = CareFiles(conn, scope).get(asked.resident)
    item = Catalogue(conn, MACHINE).get(asked.item, field="service_item")
    if not item.active:
        raise FailedPrecondition("SERVICE_ITEM_CLOSED", field="service_item")
    if not covers((item.area,), file.area):
        raise FailedPrecondition("SERVICE_ITEM_ELSEWHERE", field="service_item")
    if asked.quantity > item.daily_capacity:
        raise InvalidArgument("QUANTITY_TOO_LARGE", field="quantity", most=item.daily_capacity)
    with refusals():
        Order(ServiceKind(item.kind), asked.start_at).placed(now)
    return item


def _quote_of(asked: Asked, item: ItemRow, day: date, lots: list[Lot]) -> Quote:
    price = item.price_fen * asked.quantity
    return quote(price, ServiceKind(item.kind), day, rules_of(day), lots)


def _quoted(asked: Asked, item: ItemRow, found: Quote, missing: Sequence[Lacking]) -> Quoted:
    """What pays after all, from a lot of better days, does not lack."""
    shares = {one.grant.key for one in found.shares}
    missing = [one for one in missing if one.grant.key not in shares]
    rules = rules_of(local_day(asked.start_at))
    hours = rules.cancel_hours[ServiceKind(item.kind)]
    until = asked.start_at - timedelta(hours=hours)
    return Quoted(item, asked.quantity, found, rules, until, missing)


def order_row(asked: Asked, item: ItemRow, found: Quote, by: str, uow: UnitOfWork) -> OrderRow:
    """A new one; nothing is reserved by it yet."""
    day = local_day(asked.start_at)
    return OrderRow(
        id=uow.ids.new(),
        resident=asked.resident,
        organisation=item.organisation,
        item=item.id,
        item_version=item.version,
        kind=item.kind,
        start_at=asked.start_at,
        day=day,
        quantity=asked.quantity,
        price_fen=found.price_fen,
        subsidy_fen=found.subsidy_fen,
        own_fen=found.own_fen,
        rules=rules_of(day).version,
        state=OrderState.PLACED.value,
        note=asked.note,
        reason="",
        placed_by=by,
        placed_at=uow.clock.now(),
        checked_in_at=None,
        checked_in_by="",
        checked_in_by_display="",
        checked_in_place="",
        distance_metres=None,
        fulfilled_at=None,
        receipt="",
        paid_at=None,
        stars=0,
        comment="",
        version=1,
    )


# -- afterwards -----------------------------------------------------------------------------


def cancel_order(order_id: str, reason: str, *, scope: Scope, uow: UnitOfWork) -> OrderRow:
    """In time; then it costs nothing."""
    row = Orders(uow.conn, scope).get(order_id, locked=True)
    until, now = cancel_until(row), uow.clock.now()
    after = moved(row, lambda order: order.cancelled(now, until, reason), uow)
    freed(row, uow=uow)
    return told(row, after, uow=uow)


def rate_order(
    order_id: str, stars: int, comment: str, *, scope: Scope, uow: UnitOfWork
) -> OrderRow:
    row = Orders(uow.conn, scope).get(order_id, locked=True)
    return moved(row, lambda order: order.rated(stars, comment), uow)


# -- parts ----------------------------------------------------------------------------------


def rules_at(row: OrderRow) -> SubsidyRules:
    """Those under which it was made."""
    return next(one for one in SUBSIDIES if one.version == row.rules)


def cancel_until(row: OrderRow) -> datetime:
    """When an accepted order can be called off for the last time."""
    hours = rules_at(row).cancel_hours[ServiceKind(row.kind)]
    return row.start_at - timedelta(hours=hours)


def freed(row: OrderRow, *, uow: UnitOfWork) -> None:
    """It will not be done: its places, its subsidies and its carer are free again."""
    Books(uow.conn, MACHINE).lock(row.resident, uow.clock.now())
    release(row, uow=uow)
    call_off_with(row, uow=uow)
    key = (row.organisation, row.item)
    Catalogue(uow.conn, MACHINE).give_back(key, row.day, row.quantity)
    uow.cancel(LAPSES, row.id)


def moved(row: OrderRow, step: Callable[[Order], Order], uow: UnitOfWork) -> OrderRow:
    """Saves what a step makes of it; whoever read the row has locked it."""
    with refusals():
        order = step(order_of(row))
    after = replace(
        row,
        state=order.state.value,
        reason=order.reason,
        checked_in_at=order.checked_in_at,
        fulfilled_at=order.fulfilled_at,
        own_fen=order.own_fen,
        receipt=order.receipt,
        paid_at=order.paid_at,
        stars=order.stars,
        comment=order.comment,
        version=row.version + 1,
    )
    Orders(uow.conn, MACHINE).save(after)
    return after


def order_of(row: OrderRow) -> Order:
    """What the rules are about."""
    return Order(
        kind=ServiceKind(row.kind),
        start_at=row.start_at,
        state=OrderState(row.state),
        reason=row.reason,
        checked_in_at=row.checked_in_at,
        fulfilled_at=row.fulfilled_at,
        own_fen=row.own_fen,
        receipt=row.receipt,
        paid_at=row.paid_at,
        stars=row.stars,
        comment=row.comment,
    )
