"""Who hears of a referral's steps: the elder's side, the referrer, and organisations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from xianban_sdk.names import named
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.alarms import family_of
from xianban_eldercare.domain.referrals import OfferState, ReferralState
from xianban_eldercare.events import day_and_time, referral_changed, referral_message
from xianban_eldercare.repository import MACHINE, CareFiles, Organisations
from xianban_eldercare.repository.referral_rows import ReferralOfferRow, ReferralRow
from xianban_eldercare.repository.responders import responders

__all__ = ["tell", "tell_bedless", "tell_unplanned"]

_S = ReferralState
# Whom the state that was reached concerns; organisations are told of what became of their own.
_ELDERS_SIDE: Final = frozenset(
    {_S.PROPOSED, _S.CONFIRMED, _S.ADMITTED, _S.RETURNED, _S.CANCELLED, _S.EXPIRED}
)
_REFERRER: Final = frozenset(_S) - {
    _S.PROPOSED,
    _S.REQUESTED,
    _S.CONFIRMED,
    _S.ADMITTING,
    _S.RETURNING,
    _S.CANCELLING,
}
_OFFERS: Final[Mapping[str, str]] = {
    OfferState.REQUESTED: "asked",
    OfferState.WITHDRAWN: "withdrawn",
    OfferState.LAPSED: "lapsed",
}
_MANAGER: Final = frozenset({"station-manager"})


def tell(
    before: ReferralRow | None,
    after: ReferralRow,
    note: str,
    offers: Iterable[ReferralOfferRow],
    *,
    uow: UnitOfWork,
) -> None:
    """The event for services, messages for people; in the referral's order."""
    uow.emit(referral_changed(before, after, uow.clock.now()), aggregate=after.name)
    said = _said(after, note, uow)
    state, occasion = ReferralState(after.state), after.state
    if before is not None and state is _S.CONSENTED and before.state != _S.PROPOSED:
        occasion = "open-again"
    if state in _ELDERS_SIDE:
        link = f"/eldercare/referrals/{after.id}"
        people = dict.fromkeys([after.resident, *family_of(after.resident, uow)])
        _message(after, occasion, people, link, said, uow)
    if state in _REFERRER:
        link = f"/eldercare/elders/{after.resident}/referrals/{after.id}"
        _message(after, occasion, [after.referrer], link, said, uow)
    for one in offers:
        _organisation(after, one, said, uow)
    if state is _S.CONFIRMED and after.organisation:
        _managers(after, after.organisation, "expected", said, uow)


def tell_bedless(row: ReferralRow, organisation: str, *, uow: UnitOfWork) -> None:
    """The elder comes back from another institution, and their bed is somebody else's."""
    _managers(row, organisation, "bedless", _said(row, "", uow), uow, page="beds")


def tell_unplanned(
    row: ReferralRow, organisation: str, times: Iterable[datetime], *, uow: UnitOfWork
) -> None:
    """The elder is back, and visits of theirs could not be planned again."""
    said = _said(row, "", uow) | {"times": ", ".join(map(day_and_time, times))}
    _managers(row, organisation, "unplanned", said, uow, page="roster")


def _organisation(
    row: ReferralRow, offer: ReferralOfferRow, said: Mapping[str, str], uow: UnitOfWork
) -> None:
    occasion = _OFFERS.get(offer.state)
    if occasion is not None:
        _managers(row, offer.organisation, occasion, said, uow)


def _managers(
    row: ReferralRow,
    organisation: str,
    occasion: str,
    said: Mapping[str, str],
    uow: UnitOfWork,
    page: str = "referrals",
) -> None:
    found = Organisations(uow.conn, MACHINE).find(organisation)
    if found is None:
        return
    link = f"/eldercare/organisations/{organisation}/{page}"
    people = responders(uow.conn, _MANAGER, found.area)
    _message(row, occasion, people, link, {**said, "organisation": found.display_name}, uow)


def _said(row: ReferralRow, note: str, uow: UnitOfWork) -> dict[str, str]:
    file = CareFiles(uow.conn, MACHINE).find(row.resident)
    names = Organisations(uow.conn, MACHINE).names([row.organisation] if row.organisation else [])
    return {
        "subject": file.display_name if file else "",
        "organisation": next(iter(names.values()), ""),
        **named("by", row.referrer, row.referrer_display),
        "note": note,
    }


def _message(
    row: ReferralRow,
    occasion: str,
    people: Iterable[str],
    link: str,
    said: Mapping[str, str],
    uow: UnitOfWork,
) -> None:
    for person in people:
        message = referral_message(row, occasion, person, link, said)
        uow.emit(message, aggregate=row.name, domain="eldercare")
