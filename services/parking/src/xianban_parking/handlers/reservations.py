"""Places that are kept: made so that two can't both win the last one, ended by people or clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from xianban_sdk.errors import AlreadyExists, FailedPrecondition
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.timers import Timer

from xianban_parking.domain import reservations as domain
from xianban_parking.domain.gate_tokens import claims_for
from xianban_parking.domain.opening import is_open
from xianban_parking.domain.reservations import Reservation, ReservationStatus
from xianban_parking.errors import refusals
from xianban_parking.events import (
    day_and_time,
    message,
    reservation_confirmed,
    reservation_ended,
)
from xianban_parking.handlers.gate_tokens import ensure_key, plate_digest, sign
from xianban_parking.handlers.plates import ReadPlate, read_plate
from xianban_parking.handlers.views import OVERRIDE, shown
from xianban_parking.repository import MACHINE, Counts, Lots, Reservations, Scope
from xianban_parking.repository.rows import LotRow, ReservationRow, TakenRow, columns
from xianban_parking.settings import rules

__all__ = [
    "NO_SHOW",
    "OVERSTAY",
    "Wanted",
    "arrive",
    "cancel_reservation",
    "depart",
    "issue",
    "on_no_show",
    "on_overstay",
    "priced_as",
    "reserve",
    "taking",
    "to_domain",
]

NO_SHOW = "reservation-no-show"
OVERSTAY = "reservation-overstay"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A place a resident asks for."""

    resident: str
    actor: str
    lot: str
    plate: str
    start: datetime
    end: datetime
    accessible: bool
    ev_charging: bool
    quote: dict[str, Any]


def priced_as(wanted: Wanted, quote: dict[str, Any]) -> Wanted:
    """The same wish with the price that was expected."""
    return replace(wanted, quote=quote)


def reserve(wanted: Wanted, *, scope: Scope, uow: UnitOfWork) -> tuple[ReservationRow, LotRow]:
    """Checks and keeps the place in one transaction that owns the lot until it commits."""
    plate = read_plate(wanted.plate)
    lot = Lots(uow.conn, scope).locked(wanted.lot)
    _check_lot(lot, wanted, uow)
    reservations = Reservations(uow.conn, scope)
    if reservations.clashing(plate.hash, wanted.start, wanted.end):
        raise AlreadyExists("PLATE_ALREADY_RESERVED", field="plate")
    others = reservations.overlapping(lot.id, wanted.start, wanted.end)
    with refusals():
        confirmed = _confirmed(uow.ids.new(), plate, wanted, others, lot, uow.clock.now())
    row = _row(confirmed, plate, wanted, uow)
    return issue(row, lot, uow=uow), lot


def issue(row: ReservationRow, lot: LotRow, *, uow: UnitOfWork) -> ReservationRow:
    """Signs the gate's token, keeps the row, sets the clock, tells the resident."""
    policy = rules().reservations
    token = sign(ensure_key(uow), claims_for(to_domain(row), policy, plate_digest))
    row = replace(row, gate_token=token, hold_until=domain.no_show_at(to_domain(row), policy))
    Reservations(uow.conn, MACHINE).add(columns(row))
    uow.schedule(NO_SHOW, row.id, row.hold_until)
    uow.emit(reservation_confirmed(row), aggregate=f"reservations/{row.id}")
    _tell(uow, row, "reservation-confirmed", lot)
    return row


def cancel_reservation(reservation_id: str, *, scope: Scope, uow: UnitOfWork) -> ReservationRow:
    """The place is free again and the token is void."""
    reservations = Reservations(uow.conn, scope)
    row = reservations.get(reservation_id)
    with refusals("name"):
        ended = domain.cancel(to_domain(row))
    uow.cancel(NO_SHOW, row.id)
    return _ended(row, ended, uow, reservations)


def arrive(row: ReservationRow, at: datetime, *, uow: UnitOfWork) -> ReservationRow:
    """The vehicle passed the gate under this reservation."""
    policy = rules().reservations
    used = domain.use(to_domain(row), at=at, policy=policy)
    Reservations(uow.conn, MACHINE).change(row.id, state=str(used.status), arrived_at=at)
    uow.cancel(NO_SHOW, row.id)
    uow.schedule(OVERSTAY, row.id, row.end_at + policy.overstay_grace)
    return replace(row, state=str(used.status), arrived_at=at)


def depart(reservation_id: str, at: datetime, *, uow: UnitOfWork) -> None:
    """The vehicle left; the rest of the window is free for others."""
    reservations = Reservations(uow.conn, MACHINE)
    row = reservations.find(reservation_id)
    if row is None or row.state not in ("used", "overstayed"):
        return
    uow.cancel(OVERSTAY, row.id)
    _ended(row, domain.leave(to_domain(row), at=at), uow, reservations)


def on_no_show(timer: Timer, *, uow: UnitOfWork) -> None:
    """Nobody came: the place is free again and the resident is told."""
    row = _advanced(timer, uow)
    if row is not None and row.state == ReservationStatus.NO_SHOW:
        uow.emit(reservation_ended(row, "no_show"), aggregate=f"reservations/{row.id}")
        _tell(uow, row, "reservation-no-show", Lots(uow.conn, MACHINE).find(row.lot))


def on_overstay(timer: Timer, *, uow: UnitOfWork) -> None:
    """The vehicle is still inside past its time and the grace."""
    row = _advanced(timer, uow)
    if row is not None and row.state == ReservationStatus.OVERSTAYED:
        _tell(uow, row, "reservation-overstay", Lots(uow.conn, MACHINE).find(row.lot))


def to_domain(row: ReservationRow) -> Reservation:
    return Reservation(
        id=row.id,
        lot=row.lot,
        plate=row.plate or "",
        starts_at=row.start_at,
        ends_at=row.end_at,
        status=ReservationStatus(row.state),
        version=row.version,
        arrived_at=row.arrived_at,
        left_at=row.left_at,
        instead_of=row.instead_of or None,
    )


def taking(row: TakenRow) -> Reservation:
    """What stands in the way of another reservation; whose it is does not matter."""
    return Reservation(
        id=row.id,
        lot=row.lot,
        plate="",
        starts_at=row.start_at,
        ends_at=row.end_at,
        status=ReservationStatus(row.state),
        version=row.version,
        arrived_at=row.arrived_at,
        left_at=row.left_at,
    )


def _check_lot(lot: LotRow, wanted: Wanted, uow: UnitOfWork) -> None:
    checks = (
        (lot.reservable_places <= 0, "LOT_NOT_RESERVABLE", "lot"),
        (wanted.accessible and lot.accessible_places <= 0, "NO_ACCESSIBLE_PLACE", "accessible"),
        (wanted.ev_charging and lot.ev_places <= 0, "NO_CHARGING_PLACE", "ev_charging"),
        (not is_open(lot.opening_hours, wanted.start), "LOT_CLOSED", "start_time"),
        (_declared_full(lot, wanted, uow), "LOT_DECLARED_FULL", "lot"),
    )
    for wrong, reason, field in checks:
        if wrong:
            raise FailedPrecondition(reason, field=field)


def _declared_full(lot: LotRow, wanted: Wanted, uow: UnitOfWork) -> bool:
    """The operator said by hand that there is no place, for a time that reaches into the wish."""
    row = Counts(uow.conn, MACHINE).of([lot.id]).get(lot.id)
    view = shown(row, lot, uow.clock.now())
    until = row.override_until if row else None
    return view.source == OVERRIDE and view.free == 0 and until is not None and wanted.start < until


def _confirmed(
    reservation_id: str,
    plate: ReadPlate,
    wanted: Wanted,
    others: Iterable[TakenRow],
    lot: LotRow,
    now: datetime,
) -> Reservation:
    policy = rules().reservations
    window = (wanted.start, wanted.end)
    asked = domain.request(reservation_id, lot.id, plate.text, window, now=now, policy=policy)
    taken = list(others)
    kinds = (
        (wanted.accessible, lot.accessible_places, [one for one in taken if one.accessible]),
        (wanted.ev_charging, lot.ev_places, [one for one in taken if one.ev_charging]),
    )
    for asks, places, same_kind in kinds:
        if asks:
            them = [taking(one) for one in same_kind]
            domain.check_capacity(asked, them, places, now=now, policy=policy)
    everybody = [taking(one) for one in taken]
    held = domain.hold(asked, everybody, lot.reservable_places, now=now, policy=policy)
    return domain.confirm(held, now=now)


def _row(made: Reservation, plate: ReadPlate, wanted: Wanted, uow: UnitOfWork) -> ReservationRow:
    return ReservationRow(
        id=made.id,
        resident=wanted.resident,
        actor=wanted.actor,
        lot=made.lot,
        plate=plate.text,
        plate_hash=plate.hash,
        vehicle_kind=plate.vehicle_kind,
        start_at=made.starts_at,
        end_at=made.ends_at,
        hold_until=made.ends_at,
        state=str(made.status),
        accessible=wanted.accessible,
        ev_charging=wanted.ev_charging,
        gate_token=None,
        version=made.version,
        arrived_at=None,
        left_at=None,
        instead_of="",
        substitute="",
        quote=wanted.quote,
        created_at=uow.clock.now(),
    )


def _ended(
    row: ReservationRow, ended: Reservation, uow: UnitOfWork, reservations: Reservations
) -> ReservationRow:
    state = str(ended.status)
    values = {"state": state, "version": ended.version, "left_at": ended.left_at}
    reservations.change(row.id, **values, gate_token=None)
    after = replace(row, **values, gate_token=None)
    uow.emit(reservation_ended(after, state), aggregate=f"reservations/{row.id}")
    return after


def _advanced(timer: Timer, uow: UnitOfWork) -> ReservationRow | None:
    """The reservation after what the clock did to it; None when it has gone."""
    reservations = Reservations(uow.conn, MACHINE)
    row = reservations.find(timer.key)
    if row is None:
        return None
    after = domain.advance(to_domain(row), now=uow.clock.now(), policy=rules().reservations)
    values = {"state": str(after.status), "version": after.version}
    reservations.change(row.id, **values)
    return replace(row, **values)


def _tell(uow: UnitOfWork, row: ReservationRow, template: str, lot: LotRow | None) -> None:
    names = lot.names if lot else {}
    message(
        uow,
        row.resident,
        template,
        f"/parking/reservations/{row.id}",
        f"{row.id}:{row.state}",
        lot=names.get("zh-CN") or next(iter(names.values()), row.lot),
        lot_en=names.get("en") or next(iter(names.values()), row.lot),
        plate=row.plate or "",
        start=day_and_time(row.start_at),
        end=day_and_time(row.end_at),
    )
