"""xianban.eldercare.v1.ReferralService"""

from __future__ import annotations

from xianban.eldercare.v1 import referrals_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.rpc import Call

from xianban_eldercare.convert import referrals as convert
from xianban_eldercare.convert.organisations import bed_key, organisation_id
from xianban_eldercare.handlers import referral_offers, referrals
from xianban_eldercare.handlers.assignments import by_visit_alone
from xianban_eldercare.handlers.organisations import must_be_licensed, today
from xianban_eldercare.repository import (
    MACHINE,
    CareFiles,
    Organisations,
    Page,
    Referrals,
)
from xianban_eldercare.repository.referral_rows import ReferralRow

__all__ = ["ReferralServicer"]


class ReferralServicer:
    """Referrals of elders among home, institution and medical care."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    # -- the referrer and the elder's side ----------------------------------------------------

    def CreateReferral(self, request: pb.CreateReferralRequest, call: Call) -> pb.Referral:
        wanted = convert.written(str(call.subject), request.referral)
        row = referrals.propose(wanted, basis=call.basis, scope=call.scope, uow=call.uow)
        return _whole(row, call)

    def ListReferrals(
        self, request: pb.ListReferralsRequest, call: Call
    ) -> pb.ListReferralsResponse:
        page = Page(request.page_size, request.page_token, of=call.subject)
        own = call.actor if by_visit_alone(call.basis, call.scope) else ""
        return _listed(Referrals(call.uow.conn, call.scope).of_elder(page, by=own), call)

    def ListSentReferrals(
        self, request: pb.ListSentReferralsRequest, call: Call
    ) -> pb.ListReferralsResponse:
        page = Page(request.page_size, request.page_token, who=call.actor, all=request.all)
        book = Referrals(call.uow.conn, call.scope)
        return _listed(book.of_areas(page, over=request.all), call)

    def GetReferral(self, request: pb.GetReferralRequest, call: Call) -> pb.Referral:
        own = call.actor if by_visit_alone(call.basis, call.scope) else ""
        book = Referrals(call.uow.conn, call.scope)
        return _whole(book.get(convert.referral_id(request.name), by=own), call)

    def ConsentToReferral(self, request: pb.ConsentToReferralRequest, call: Call) -> pb.Referral:
        return self._answered(request.name, True, "", call)

    def RefuseReferral(self, request: pb.RefuseReferralRequest, call: Call) -> pb.Referral:
        return self._answered(request.name, False, request.reason, call)

    def _answered(self, name: str, agreed: bool, note: str, call: Call) -> pb.Referral:
        row = referrals.answer(
            convert.referral_id(name),
            agreed,
            note,
            basis=call.basis,
            scope=call.scope,
            uow=call.uow,
        )
        return _whole(row, call)

    def OfferReferral(self, request: pb.OfferReferralRequest, call: Call) -> pb.Referral:
        asked = [organisation_id(one) for one in request.organisations]
        asking = referrals.Asking(asked, request.hours)
        number = convert.referral_id(request.name)
        return _whole(referrals.offer(number, asking, scope=call.scope, uow=call.uow), call)

    def ConfirmReferral(self, request: pb.ConfirmReferralRequest, call: Call) -> pb.Referral:
        number = convert.referral_id(request.name)
        return _whole(referrals.confirm(number, scope=call.scope, uow=call.uow), call)

    def CancelReferral(self, request: pb.CancelReferralRequest, call: Call) -> pb.Referral:
        row = referrals.cancel(
            convert.referral_id(request.name),
            request.reason,
            basis=call.basis,
            scope=call.scope,
            uow=call.uow,
        )
        return _whole(row, call)

    def ReturnReferral(self, request: pb.ReturnReferralRequest, call: Call) -> pb.Referral:
        number = convert.referral_id(request.name)
        return _whole(referrals.return_elder(number, scope=call.scope, uow=call.uow), call)

    # -- the organisations that are asked -----------------------------------------------------

    def ListReferralOffers(
        self, request: pb.ListReferralOffersRequest, call: Call
    ) -> pb.ListReferralOffersResponse:
        organisation = organisation_id(request.parent)
        here = Organisations(call.uow.conn, call.scope).own_one(organisation, field="parent")
        must_be_licensed(here, today(call.clock), field="parent")
        page = Page(request.page_size, request.page_token, of=organisation, all=request.all)
        book = Referrals(call.uow.conn, call.scope)
        rows, token = book.asked(organisation, page, over=request.all)
        names = _names(rows, [organisation], call)
        shown = [
            convert.offer(row, referral_offers.asked_one(row, organisation, book), names)
            for row in rows
        ]
        return pb.ListReferralOffersResponse(offers=shown, next_page_token=token)

    def AcceptReferralOffer(
        self, request: pb.AcceptReferralOfferRequest, call: Call
    ) -> pb.ReferralOffer:
        asked = referral_offers.accept(
            convert.offer_key(request.name),
            bed_key(request.bed) if request.bed else None,
            request.hours,
            scope=call.scope,
            uow=call.uow,
        )
        return _offer(asked, call)

    def DeclineReferralOffer(
        self, request: pb.DeclineReferralOfferRequest, call: Call
    ) -> pb.ReferralOffer:
        key = convert.offer_key(request.name)
        asked = referral_offers.decline(key, request.reason, scope=call.scope, uow=call.uow)
        return _offer(asked, call)

    def AdmitReferral(self, request: pb.AdmitReferralRequest, call: Call) -> pb.ReferralOffer:
        key = convert.offer_key(request.name)
        return _offer(referral_offers.admit(key, scope=call.scope, uow=call.uow), call)


def _whole(row: ReferralRow, call: Call) -> pb.Referral:
    book = Referrals(call.uow.conn, call.scope)
    offers, steps = book.offers([row.id]).get(row.id, []), book.steps(row.id)
    names = _names([row], [one.organisation for one in offers], call)
    return convert.referral(row, names, offers, steps)


def _listed(found: tuple[list[ReferralRow], str], call: Call) -> pb.ListReferralsResponse:
    rows, token = found
    names = _names(rows, [row.organisation for row in rows if row.organisation], call)
    shown = [convert.referral(row, names) for row in rows]
    return pb.ListReferralsResponse(referrals=shown, next_page_token=token)


def _offer(asked: referral_offers.Asked, call: Call) -> pb.ReferralOffer:
    names = _names([asked.row], [asked.offer.organisation], call)
    return convert.offer(asked.row, asked.offer, names)


def _names(rows: list[ReferralRow], organisations: list[str], call: Call) -> convert.Names:
    """Who is shown has been looked at; that the caller may see them the referral says."""
    for row in rows:
        call.looked_at(row.resident)
    return convert.Names(
        CareFiles(call.uow.conn, MACHINE).several({row.resident for row in rows}),
        Organisations(call.uow.conn, call.scope).names(organisations),
    )
