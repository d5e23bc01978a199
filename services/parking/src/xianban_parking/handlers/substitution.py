"""A lot that can't keep its promises: reservations about to begin move to a lot nearby."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from xianban_sdk.storage import UnitOfWork

from xianban_parking.domain import reservations as domain
from xianban_parking.domain.guidance import Place, distance_m
from xianban_parking.domain.reservations import Substitute
from xianban_parking.events import day_and_time, message, reservation_ended
from xianban_parking.handlers.reservations import NO_SHOW, issue, taking, to_domain
from xianban_parking.handlers.views import shown
from xianban_parking.repository import MACHINE, Counts, LotFilter, Lots, Reservations
from xianban_parking.repository.rows import LotRow, ReservationRow
from xianban_parking.settings import rules

__all__ = ["move_away"]

DEGREES_PER_METRE = 1 / 111_320


def move_away(lot_id: str, until: datetime, *, uow: UnitOfWork) -> None:
    """Everybody who would come while the lot is full is given a place nearby, if there is one."""
    lots = Lots(uow.conn, MACHINE)
    locked = _locked_around(lots.get(lot_id), lots)
    lot = locked.pop(lot_id)
    around = list(locked.values())
    for row in Reservations(uow.conn, MACHINE).starting(lot_id, until):
        _move(row, lot, around, uow)


def _move(row: ReservationRow, lot: LotRow, around: list[LotRow], uow: UnitOfWork) -> None:
    chosen = _choose(row, lot, around, uow)
    if chosen is None:
        # No place nearby: the reservation stands, its holder is told before leaving home.
        _tell(uow, row, "reservation-at-risk", lot, lot, f"{row.id}:risk")
        return
    ended, moved = domain.substitute(to_domain(row), uow.ids.new(), chosen.id)
    made = replace(
        row, id=moved.id, lot=moved.lot, version=1, instead_of=row.id, created_at=uow.clock.now()
    )
    changed = {"state": str(ended.status), "version": ended.version, "substitute": moved.id}
    Reservations(uow.conn, MACHINE).change(row.id, **changed, gate_token=None)
    uow.cancel(NO_SHOW, row.id)
    uow.emit(reservation_ended(row, "substituted"), aggregate=f"reservations/{row.id}")
    issue(made, chosen, uow=uow)
    _tell(uow, made, "reservation-moved", lot, chosen, made.id)


def _choose(
    row: ReservationRow, lot: LotRow, around: list[LotRow], uow: UnitOfWork
) -> LotRow | None:
    now = uow.clock.now()
    reservations = Reservations(uow.conn, MACHINE)
    candidates = {one.id: one for one in around if _fits(row, one) and not _full(one, uow, now)}
    offers = [_offer(row, lot, one, reservations, now) for one in candidates.values()]
    found = domain.choose_substitute(offers, rules().substitute_within_m)
    return candidates[found.lot] if found else None


def _offer(
    row: ReservationRow, lot: LotRow, other: LotRow, reservations: Reservations, now: datetime
) -> Substitute:
    taken = [taking(one) for one in reservations.overlapping(other.id, row.start_at, row.end_at)]
    peak = domain.peak_reserved(taken, row.start_at, row.end_at, now=now)
    return Substitute(other.id, _metres(lot, other), other.reservable_places, peak)


def _fits(row: ReservationRow, lot: LotRow) -> bool:
    accessible = not row.accessible or lot.accessible_places > 0
    return lot.reservable_places > 0 and accessible and (not row.ev_charging or lot.ev_places > 0)


def _full(lot: LotRow, uow: UnitOfWork, now: datetime) -> bool:
    return shown(Counts(uow.conn, MACHINE).of([lot.id]).get(lot.id), lot, now).free == 0


def _locked_around(lot: LotRow, lots: Lots) -> dict[str, LotRow]:
    """The lot and its neighbours, locked in the order of their ids: nobody waits in a circle."""
    reach = rules().substitute_within_m * DEGREES_PER_METRE
    # A degree of longitude is shorter than one of latitude: twice is enough up to 60 degrees.
    box = (
        lot.latitude - reach,
        lot.longitude - 2 * reach,
        lot.latitude + reach,
        lot.longitude + 2 * reach,
    )
    ids = {lot.id, *(one.id for one in lots.near(box, LotFilter()))}
    return {each: lots.locked(each) for each in sorted(ids)}


def _metres(one: LotRow, other: LotRow) -> int:
    here, there = Place(one.latitude, one.longitude), Place(other.latitude, other.longitude)
    return distance_m(here, there)


def _tell(
    uow: UnitOfWork, row: ReservationRow, template: str, old: LotRow, new: LotRow, key: str
) -> None:
    link = f"/parking/reservations/{row.id}"
    message(
        uow,
        row.resident,
        template,
        link,
        key,
        old=old.names.get("zh-CN", old.id),
        old_en=old.names.get("en", old.id),
        lot=new.names.get("zh-CN", new.id),
        lot_en=new.names.get("en", new.id),
        start=day_and_time(row.start_at),
    )
