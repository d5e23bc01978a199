"""相互转介: a referral as the organisations deal with it that are asked to take the elder."""

from __future__ import annotations

from dataclasses import dataclass

from xianban_sdk.errors import FailedPrecondition, InvalidArgument, NotFound
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.domain.referrals import CareSetting, OfferState, Referral, until
from xianban_eldercare.handlers import stays
from xianban_eldercare.handlers.beds import hold_bed
from xianban_eldercare.handlers.organisations import must_be_licensed, today
from xianban_eldercare.handlers.referral_steps import CLOCK, by_person, moved
from xianban_eldercare.repository import MACHINE, CareFiles, Organisations, Referrals, Scope
from xianban_eldercare.repository.organisation_rows import OrganisationRow
from xianban_eldercare.repository.referral_rows import ReferralOfferRow, ReferralRow

__all__ = ["Asked", "accept", "admit", "asked_one", "decline", "on_bed_given_back"]

# The organisation's id, and the referral's.
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """A referral and what became of asking one organisation."""

    row: ReferralRow
    offer: ReferralOfferRow


def accept(
    key: Key, bed: tuple[str, str] | None, hours: int, *, scope: Scope, uow: UnitOfWork
) -> Asked:
    """The first of those that are asked; the bed is kept for so many hours, 0: as usual."""
    here, asked = _own(key, scope, uow)
    must_be_licensed(here, today(uow.clock), field="name")
    row, organisation = asked.row, here.id
    if bed is None and row.target == CareSetting.INSTITUTION:
        raise InvalidArgument("REFERRAL_BED_NEEDED", field="bed")
    if bed is not None and bed[0] != organisation:
        raise NotFound("BED_NOT_FOUND", field="bed")
    due = until(hours, uow.clock.now())
    by = by_person(scope.actor, row.resident, uow)
    after = moved(
        row, lambda one: one.accepted(organisation), by, uow=uow, due=due, bed=bed[1] if bed else ""
    )
    if bed is not None:
        # The elder agreed to be offered here: the area they live in is not the caller's.
        hold_bed(bed, row.resident, due, scope=MACHINE, uow=uow)
    return _again(after, organisation, uow)


def decline(key: Key, reason: str, *, scope: Scope, uow: UnitOfWork) -> Asked:
    here, asked = _own(key, scope, uow)
    by = by_person(scope.actor, asked.row.resident, uow, reason)
    return _again(moved(asked.row, lambda one: one.rejected(here.id), by, uow=uow), here.id, uow)


def admit(key: Key, *, scope: Scope, uow: UnitOfWork) -> Asked:
    """The elder has come: all that is ours follows now, devices as soon as sensing can."""
    here, asked = _own(key, scope, uow)
    row = asked.row
    if asked.offer.state != OfferState.ACCEPTED:
        raise FailedPrecondition(f"OFFER_{asked.offer.state.upper()}", field="name")
    CareFiles(uow.conn, MACHINE).find(row.resident, lock=True)
    by = by_person(scope.actor, row.resident, uow)
    after = moved(row, Referral.admitted, by, uow=uow, admitted_at=uow.clock.now())
    kept = stays.move_in(after, here, asked.offer.bed, uow=uow)
    return _again(kept, here.id, uow)


def on_bed_given_back(bed: tuple[str, str], resident: str, *, uow: UnitOfWork) -> None:
    """Somebody released it, or its time was over: the elder waits for it no longer."""
    organisation, bed_id = bed
    book = Referrals(uow.conn, MACHINE)
    row = book.waiting(resident, organisation)
    if row is not None and asked_one(row, organisation, book).bed == bed_id:
        moved(row, Referral.timed_out, CLOCK, uow=uow)


def asked_one(row: ReferralRow, organisation: str, book: Referrals) -> ReferralOfferRow:
    """As an absent referral where the organisation was never asked."""
    for one in book.offers([row.id]).get(row.id, []):
        if one.organisation == organisation:
            return one
    raise NotFound("REFERRAL_NOT_FOUND", field="name")


def _own(key: Key, scope: Scope, uow: UnitOfWork) -> tuple[OrganisationRow, Asked]:
    """The caller answers for the organisation, and it was asked. Locked."""
    organisation, referral_id = key
    here = Organisations(uow.conn, scope).own_one(organisation)
    book = Referrals(uow.conn, MACHINE)
    row = book.numbered(referral_id)
    if row is None:
        raise NotFound("REFERRAL_NOT_FOUND", field="name")
    return here, Asked(row, asked_one(row, organisation, book))


def _again(row: ReferralRow, organisation: str, uow: UnitOfWork) -> Asked:
    return Asked(row, asked_one(row, organisation, Referrals(uow.conn, MACHINE)))
