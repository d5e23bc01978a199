"""Permits: priced by the day with the derivation shown, in force once paid, refunded pro rata."""

from __future__ import annotations

import calendar
import json
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from xianban_sdk.clock import local_day, midnight
from xianban_sdk.errors import FailedPrecondition, InvalidArgument
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.timers import Timer

from xianban_parking.domain import permits as domain
from xianban_parking.domain.ledger import adjustment_posting
from xianban_parking.domain.permits import Permit, PermitKind, PermitPrice, PermitRules
from xianban_parking.domain.quotes import QuoteLine
from xianban_parking.errors import refusals
from xianban_parking.events import message, permit_issued, yuan
from xianban_parking.handlers.ledgers import post
from xianban_parking.handlers.plates import read_plate
from xianban_parking.handlers.pricing import stored_permit_price
from xianban_parking.handlers.refunds import give_back
from xianban_parking.repository import MACHINE, Lots, Payments, Permits, Scope
from xianban_parking.repository.rows import LotRow, PermitRow, columns

__all__ = [
    "EXPIRY",
    "UNPAID",
    "WantedPermit",
    "apply_for",
    "cancel_permit",
    "on_expiry",
    "on_unpaid",
    "plates_of",
    "price_of",
]

EXPIRY = "permit-expiry"
UNPAID = "permit-unpaid"
PAY_WITHIN = timedelta(hours=24)
AHEAD = timedelta(days=92)

# The district's permit table: fen a day for the first, second … permit of one holder at one lot.
DAILY_FEN: dict[PermitKind, tuple[int, ...]] = {
    PermitKind.RESIDENT: (500, 800, 1200),
    PermitKind.CARER: (200,),
    PermitKind.DISABLED: (0,),
    PermitKind.COMPANY: (1500,),
}
MAX_PLATES = {PermitKind.COMPANY: 5}
MAX_PERMITS = {PermitKind.RESIDENT: 3, PermitKind.COMPANY: 20}


@dataclass(frozen=True, slots=True)
class WantedPermit:
    """What a resident applies for."""

    resident: str
    actor: str
    kind: str
    lot: str
    plates: tuple[str, ...]
    months: int
    start: datetime | None


def price_of(wanted: WantedPermit, *, permits: Permits, now: datetime) -> PermitPrice:
    """What it would cost this holder now."""
    first, last = _period(wanted, now)
    rule = _rules(wanted)
    held = _held(wanted, permits, now)
    with refusals("months"):
        valid = sum(one.valid_on(first) for one in held)
        return domain.price_permit(rule, first, last, valid)


def apply_for(wanted: WantedPermit, *, scope: Scope, uow: UnitOfWork) -> PermitRow:
    """The permit waits for its payment; a free one is in force at once."""
    lot = Lots(uow.conn, scope).locked(wanted.lot)
    permits = Permits(uow.conn, scope)
    now = uow.clock.now()
    period = _period(wanted, now)
    plates = [read_plate(raw, f"plates[{index}]") for index, raw in enumerate(wanted.plates)]
    with refusals("plates"):
        granted = domain.grant_permit(
            uow.ids.new(),
            wanted.resident,
            _rules(wanted),
            [plate.text for plate in plates],
            period,
            _held(wanted, permits, now),
        )
    row = _row(granted, wanted, now)
    permits.add(columns(row), [plate.hash for plate in plates])
    _begin(row, lot, uow)
    return row


def cancel_permit(permit_id: str, *, scope: Scope, uow: UnitOfWork) -> PermitRow:
    """Gives the permit back; unused days are refunded, the days used stay valid."""
    permits = Permits(uow.conn, scope)
    row = permits.get(permit_id, locked=True)
    if row.state == "pending_payment":
        return _end(row, "cancelled", permits, uow)
    if row.state != "active":
        raise FailedPrecondition("PERMIT_NOT_ACTIVE", field="name")
    today = local_day(uow.clock.now())
    before = _domain(row)
    last_used = max(today, before.first_day) if today >= before.first_day else _eve(before)
    with refusals("name"):
        _ended, refund_fen = domain.cancel_permit(before, last_used)
    ended = _end(row, "cancelled", permits, uow, end_at=midnight(last_used + timedelta(days=1)))
    _pay_back(row, refund_fen, uow)
    return ended


def on_expiry(timer: Timer, *, uow: UnitOfWork) -> None:
    """The permit's last day is over."""
    permits = Permits(uow.conn, MACHINE)
    row = permits.get(timer.key, locked=True)
    if row.state == "active":
        permits.change(row.id, state="expired")
        message(uow, row.resident, "permit-expired", "/parking/permits", row.id)


def on_unpaid(timer: Timer, *, uow: UnitOfWork) -> None:
    """Nobody paid: the application lapses."""
    permits = Permits(uow.conn, MACHINE)
    row = permits.get(timer.key, locked=True)
    if row.state == "pending_payment" and Payments(uow.conn, MACHINE).open_of(row.id) is None:
        permits.change(row.id, state="expired")


def plates_of(row: PermitRow) -> list[str]:
    return list(json.loads(row.plates)) if row.plates else []


def _begin(row: PermitRow, lot: LotRow, uow: UnitOfWork) -> None:
    if row.state == "pending_payment":
        uow.schedule(UNPAID, row.id, uow.clock.now() + PAY_WITHIN)
        return
    uow.schedule(EXPIRY, row.id, row.end_at)
    uow.emit(permit_issued(row), aggregate=f"permits/{row.id}")
    name = lot.names.get("zh-CN", lot.id)
    message(uow, row.resident, "permit-issued", "/parking/permits", row.id, lot=name)


def _end(
    row: PermitRow, state: str, permits: Permits, uow: UnitOfWork, **changed: Any
) -> PermitRow:
    permits.change(row.id, state=state, **changed)
    uow.cancel(EXPIRY, row.id)
    uow.cancel(UNPAID, row.id)
    return replace(row, state=state, **changed)


def _pay_back(row: PermitRow, refund_fen: int, uow: UnitOfWork) -> None:
    if refund_fen > 0:
        now = uow.clock.now()
        posting = adjustment_posting(f"cancel:{row.id}", row.id, -refund_fen, now)
        post(uow, posting, lot=row.lot, kind="credit", reference=row.id)
        give_back(row.id, refund_fen, "PERMIT_CANCELLED", uow=uow)
    amount = yuan(refund_fen)
    message(uow, row.resident, "permit-cancelled", "/parking/permits", row.id, amount=amount)


def _rules(wanted: WantedPermit) -> PermitRules:
    kind = PermitKind(wanted.kind)
    return PermitRules(
        kind=kind,
        zone=wanted.lot,
        daily_fen=DAILY_FEN[kind],
        max_permits=MAX_PERMITS.get(kind, 1),
        max_plates=MAX_PLATES.get(kind, 1),
    )


def _period(wanted: WantedPermit, now: datetime) -> tuple[date, date]:
    """Whole days in Shanghai: from the 5th for one month is until the 4th."""
    today = local_day(now)
    first = today if wanted.start is None else local_day(wanted.start)
    if first < today:
        raise InvalidArgument("PERMIT_STARTS_IN_THE_PAST", field="start_time")
    if first > today + AHEAD:
        raise InvalidArgument("PERMIT_TOO_FAR_AHEAD", field="start_time", days=AHEAD.days)
    return first, _months_later(first, wanted.months) - timedelta(days=1)


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _held(wanted: WantedPermit, permits: Permits, now: datetime) -> list[Permit]:
    rows = permits.running(wanted.resident, wanted.lot, wanted.kind, now)
    return [_domain(row) for row in rows]


def _domain(row: PermitRow) -> Permit:
    first = local_day(row.start_at)
    last = local_day(row.end_at - timedelta(microseconds=1))
    lines = tuple(
        QuoteLine(line["key"], line["params"], line["amount_fen"]) for line in row.quote["lines"]
    )
    price = PermitPrice(lines, row.price_fen)
    kind, plates = PermitKind(row.kind), tuple(plates_of(row))
    return Permit(row.id, row.resident, kind, row.lot, plates, first, last, price)


def _row(granted: Permit, wanted: WantedPermit, now: datetime) -> PermitRow:
    total = granted.price.total_fen
    return PermitRow(
        id=granted.id,
        resident=wanted.resident,
        actor=wanted.actor,
        kind=str(granted.kind),
        lot=wanted.lot,
        plates=json.dumps(list(granted.plates), ensure_ascii=False),
        start_at=midnight(granted.first_day),
        end_at=midnight(granted.last_day + timedelta(days=1)),
        months=wanted.months,
        state="pending_payment" if total else "active",
        quote=stored_permit_price(granted.price),
        price_fen=total,
        paid_fen=0,
        refunded_fen=0,
        created_at=now,
    )


def _eve(permit: Permit) -> date:
    return permit.first_day - timedelta(days=1)
