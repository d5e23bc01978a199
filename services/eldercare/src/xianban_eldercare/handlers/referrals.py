"""相互转介: a referral as its referrer and the elder's side deal with it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from xianban_sdk.errors import FailedPrecondition, InvalidArgument, NotFound
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.domain.referrals import (
    KINDS,
    LONGEST,
    CareSetting,
    Referral,
    ReferralState,
    check_way,
    until,
)
from xianban_eldercare.errors import refusals
from xianban_eldercare.handlers import stays
from xianban_eldercare.handlers.assignments import must_be_sent
from xianban_eldercare.handlers.organisations import must_be_licensed, today
from xianban_eldercare.handlers.referral_steps import By, by_person, moved, noted
from xianban_eldercare.repository import MACHINE, Beds, CareFiles, Organisations, Referrals, Scope
from xianban_eldercare.repository.referral_rows import ReferralOfferRow, ReferralRow

__all__ = ["Asking", "answer", "cancel", "confirm", "offer", "propose", "return_elder"]

_ELDERS_SIDE: Final = frozenset({"self", "guardian", "family"})


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom to ask, and within how many hours they answer; 0: as usual."""

    organisations: Collection[str]
    hours: int


def propose(wanted: ReferralRow, *, basis: str, scope: Scope, uow: UnitOfWork) -> ReferralRow:
    """Nothing happens to the elder until they have agreed."""
    # The lock makes two who propose at once wait for each other.
    file = CareFiles(uow.conn, scope).get(wanted.resident, lock=True)
    must_be_sent("parent", basis=basis, scope=scope, conn=uow.conn, clock=uow.clock)
    _check(wanted, uow)
    by = by_person(scope.actor, wanted.resident, uow, wanted.reason)
    now = uow.clock.now()
    row = replace(
        wanted,
        id=uow.ids.new(),
        under_way_of=wanted.resident,
        area=file.area,
        referrer=scope.actor,
        referrer_display=by.display,
        created_at=now,
        due_at=now + LONGEST,
        version=1,
    )
    if not Referrals(uow.conn, scope).add(row):
        raise FailedPrecondition("REFERRAL_UNDER_WAY", field="parent")
    noted(None, row, by, uow=uow)
    return row


def _check(wanted: ReferralRow, uow: UnitOfWork) -> None:
    stay = Referrals(uow.conn, MACHINE).stay(wanted.resident)
    target = CareSetting(wanted.target)
    with refusals():
        there = CareSetting(stay.target) if stay else None
        check_way(CareSetting(wanted.origin), target, there)
    if wanted.want_on < today(uow.clock):
        raise InvalidArgument("DAY_PAST", field="referral.want_date")
    if target is CareSetting.INSTITUTION and wanted.origin != CareSetting.INSTITUTION:
        _no_bed(wanted.resident, uow)


def _no_bed(resident: str, uow: UnitOfWork) -> None:
    if Beds(uow.conn, MACHINE).lies_elsewhere(resident, "", ""):
        raise FailedPrecondition("RESIDENT_HAS_A_BED", field="parent")


def _not_there_already(row: ReferralRow, organisation: str, field: str, uow: UnitOfWork) -> None:
    bed = Beds(uow.conn, MACHINE).lain_in(row.resident)
    if bed is not None and bed.organisation == organisation:
        raise InvalidArgument("REFERRAL_SAME_PLACE", field=field)


def answer(
    referral_id: str, agreed: bool, note: str, *, basis: str, scope: Scope, uow: UnitOfWork
) -> ReferralRow:
    """The elder's, or of whoever may act for them."""
    row = Referrals(uow.conn, scope).get(referral_id, locked=True)
    by = by_person(scope.actor, row.resident, uow, note)
    if not agreed:
        return moved(row, Referral.refused, by, uow=uow)
    uow.audit("ConsentToReferral", row.resident, basis=basis)
    return moved(
        row,
        Referral.consented,
        by,
        uow=uow,
        consented_by=scope.actor,
        consent_display=by.display,
        consented_at=uow.clock.now(),
    )


def offer(referral_id: str, asking: Asking, *, scope: Scope, uow: UnitOfWork) -> ReferralRow:
    """Several at once; each sees the elder's name, level and the reason from now on."""
    row = Referrals(uow.conn, scope).sent(referral_id)
    for place, one in enumerate(asking.organisations):
        _fits(one, f"organisations[{place}]", CareSetting(row.target), uow)
        _not_there_already(row, one, f"organisations[{place}]", uow)
    due = until(asking.hours, uow.clock.now())
    if row.state == ReferralState.REQUESTED and row.due_at is not None:
        due = max(due, row.due_at)  # Nobody who was asked before gets less time for it.
    by = by_person(scope.actor, row.resident, uow)
    return moved(row, lambda one: one.offered(asking.organisations), by, uow=uow, due=due)


def _fits(organisation: str, field: str, target: CareSetting, uow: UnitOfWork) -> None:
    found = Organisations(uow.conn, MACHINE).find(organisation)
    if found is None:
        raise NotFound("ORGANISATION_NOT_FOUND", field=field)
    if found.kind not in KINDS[target]:
        raise InvalidArgument(
            "ORGANISATION_OTHER_KIND", field=field, organisation=found.display_name
        )
    must_be_licensed(found, today(uow.clock), field=field)


def confirm(referral_id: str, *, scope: Scope, uow: UnitOfWork) -> ReferralRow:
    """The referrer takes who accepted."""
    row = Referrals(uow.conn, scope).sent(referral_id)
    return moved(row, Referral.confirmed, by_person(scope.actor, row.resident, uow), uow=uow)


def cancel(
    referral_id: str, note: str, *, basis: str, scope: Scope, uow: UnitOfWork
) -> ReferralRow:
    """At any point before the return; what was done until now is undone."""
    row = Referrals(uow.conn, scope).get(referral_id, locked=True)
    by = by_person(scope.actor, row.resident, uow, note)
    step = partial(Referral.cancelled, elders_side=basis in _ELDERS_SIDE)
    return _left(row, step, by, uow) if _moved_in(row) else moved(row, step, by, uow=uow)


def return_elder(referral_id: str, *, scope: Scope, uow: UnitOfWork) -> ReferralRow:
    """The elder goes back, and everything is as it was before."""
    row = Referrals(uow.conn, scope).get(referral_id, locked=True)
    by = by_person(scope.actor, row.resident, uow)
    return _left(row, Referral.returned, by, uow)


def _moved_in(row: ReferralRow) -> bool:
    return row.state in (ReferralState.ADMITTING, ReferralState.ADMITTED)


def _left(row: ReferralRow, step: stays.Step, by: By, uow: UnitOfWork) -> ReferralRow:
    """The stay ends with the step; the devices follow."""
    CareFiles(uow.conn, MACHINE).find(row.resident, lock=True)
    book = Referrals(uow.conn, MACHINE)
    if _moved_in(row):
        newest = book.stay(row.resident)
        if newest is not None and newest.id != row.id:
            # Referred on from there: that stay ends first, or what it kept would be lost.
            raise FailedPrecondition("ELDER_REFERRED_ON", field="name")
        if row.state == ReferralState.ADMITTED and book.under_way(row.resident):
            raise FailedPrecondition("REFERRAL_UNDER_WAY", field="name")
    [*offers] = book.offers([row.id]).get(row.id, [])
    after = moved(row, step, by, uow=uow)
    stays.move_out(row, _bed(row, offers), uow=uow)
    return after


def _bed(row: ReferralRow, offers: list[ReferralOfferRow]) -> str:
    return next((one.bed for one in offers if one.organisation == row.organisation), "")
