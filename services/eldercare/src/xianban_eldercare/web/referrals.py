"""相互转介: what is proposed and the answer, for the elder's side; all else of it, for staff."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from xianban.eldercare.v1 import organisations_pb2 as organisations
from xianban.eldercare.v1 import referrals_pb2 as pb
from xianban_sdk.web import (
    CallError,
    Form,
    attempt,
    call,
    person,
    read_form,
    render,
    see_other,
    status,
)

from xianban_eldercare.web.clients import organising, referring
from xianban_eldercare.web.file import MANAGER
from xianban_eldercare.web.home import file_of
from xianban_eldercare.web.organisations import MOST, managers_only, pager
from xianban_eldercare.web.shown import tail
from xianban_eldercare.web.whose import Whose, whose

OWN = "/eldercare/referrals"
SENT = "/eldercare/sent-referrals"
PAGE = 20
STATES = {
    pb.REFERRAL_STATE_PROPOSED: ("proposed", "warn"),
    pb.REFERRAL_STATE_CONSENTED: ("consented", "info"),
    pb.REFERRAL_STATE_REQUESTED: ("requested", "info"),
    pb.REFERRAL_STATE_ACCEPTED: ("accepted", "warn"),
    pb.REFERRAL_STATE_CONFIRMED: ("confirmed", "info"),
    pb.REFERRAL_STATE_ADMITTING: ("admitting", "info"),
    pb.REFERRAL_STATE_ADMITTED: ("admitted", "ok"),
    pb.REFERRAL_STATE_RETURNING: ("returning", "info"),
    pb.REFERRAL_STATE_RETURNED: ("returned", "ok"),
    pb.REFERRAL_STATE_REFUSED: ("refused", "plain"),
    pb.REFERRAL_STATE_CANCELLING: ("cancelling", "info"),
    pb.REFERRAL_STATE_CANCELLED: ("cancelled", "plain"),
    pb.REFERRAL_STATE_EXPIRED: ("expired", "plain"),
}
OFFERS = {
    pb.REFERRAL_OFFER_STATE_REQUESTED: ("requested", "warn"),
    pb.REFERRAL_OFFER_STATE_ACCEPTED: ("accepted", "ok"),
    pb.REFERRAL_OFFER_STATE_REJECTED: ("rejected", "plain"),
    pb.REFERRAL_OFFER_STATE_WITHDRAWN: ("withdrawn", "plain"),
    pb.REFERRAL_OFFER_STATE_LAPSED: ("lapsed", "plain"),
}
SETTINGS = {
    pb.CARE_SETTING_HOME: "home",
    pb.CARE_SETTING_INSTITUTION: "institution",
    pb.CARE_SETTING_MEDICAL: "medical",
}
WORDS = {"states": STATES, "offer_states": OFFERS, "settings": SETTINGS}
HOURS = (24, 72, 168)
# Who is asked for which setting.
_KINDS = {
    pb.CARE_SETTING_HOME: (
        organisations.ORGANISATION_KIND_HOME_CARE,
        organisations.ORGANISATION_KIND_DAY_CARE,
    ),
    pb.CARE_SETTING_INSTITUTION: (
        organisations.ORGANISATION_KIND_INSTITUTION,
        organisations.ORGANISATION_KIND_COMMUNITY_HOME,
    ),
    pb.CARE_SETTING_MEDICAL: (organisations.ORGANISATION_KIND_MEDICAL,),
}
_ASKING = (pb.REFERRAL_STATE_CONSENTED, pb.REFERRAL_STATE_REQUESTED)


def place(request: Request) -> Whose:
    """Of others for who manages their area, or is sent to them."""
    return whose(request, "referrals", MANAGER, "carer")


def hours_of(form: Form) -> int:
    """As long as the form chose: posted twice it is the same request."""
    return form.number("hours", HOURS[1])


# -- lists ------------------------------------------------------------------------------------


async def referrals(request: Request) -> Response:
    here = place(request)
    token = request.query_params.get("page_token", "")
    asked = pb.ListReferralsRequest(parent=here.resident, page_size=PAGE, page_token=token)
    found = await call(request, referring.ListReferrals, asked)
    return _list(request, found, here=here, path=here.path)


@managers_only
async def sent(request: Request) -> Response:
    """Of the manager's areas; also of elders who are elsewhere by now."""
    token, every = request.query_params.get("page_token", ""), "all" in request.query_params
    asked = pb.ListSentReferralsRequest(all=every, page_size=PAGE, page_token=token)
    found = await call(request, referring.ListSentReferrals, asked)
    return _list(request, found, here=None, path=SENT, every=every)


def _list(
    request: Request,
    found: pb.ListReferralsResponse,
    *,
    here: Whose | None,
    path: str,
    every: bool = True,
) -> Response:
    kept = {} if here or not every else {"all": "1"}
    return render(
        request,
        "eldercare/referrals.html",
        here=here,
        every=every,
        referrals=[(_path(one, here), one) for one in found.referrals],
        **WORDS,
        **pager(request, path, found.next_page_token, **kept),
    )


def _path(one: pb.Referral, here: Whose | None) -> str:
    _, resident, _, number = one.name.split("/")
    return f"{here.path if here else f'/eldercare/elders/{resident}/referrals'}/{number}"


# -- one --------------------------------------------------------------------------------------


async def referral(request: Request) -> Response:
    return await _page(request, Form({}, {}))


async def _page(request: Request, typed: Form, problem: CallError | None = None) -> Response:
    here = place(request)
    name = f"{here.resident}/referrals/{request.path_params['referral']}"
    one = await call(request, referring.GetReferral, pb.GetReferralRequest(name=name))
    manager = not here.own and MANAGER in person(request).roles
    return render(
        request,
        "eldercare/referral.html",
        status(problem),
        here=here,
        id=tail(one.name),
        one=one,
        manager=manager,
        choices=await _choices(request, one) if manager and one.state in _ASKING else [],
        hours=HOURS,
        typed=typed,
        problem=problem,
        **WORDS,
    )


async def _choices(request: Request, one: pb.Referral) -> list[tuple[str, str, int]]:
    """Organisations that may be asked and are not: name, title, free beds."""
    asked = [
        call(
            request,
            organising.ListOrganisations,
            organisations.ListOrganisationsRequest(kind=kind, page_size=MOST),
        )
        for kind in _KINDS[one.target]
    ]
    waiting_for = {
        offer.name.partition("/referralOffers/")[0]
        for offer in one.offers
        if offer.state == pb.REFERRAL_OFFER_STATE_REQUESTED
    }
    found = [each for answer in await asyncio.gather(*asked) for each in answer.organisations]
    # Who has a bed comes first.
    found.sort(key=lambda each: (-each.free_beds, each.display_name))
    return [
        (each.name, each.display_name, each.free_beds)
        for each in found
        if each.name not in waiting_for
    ]


async def act(request: Request) -> Response:
    """Consent, refuse, offer, confirm, cancel or return."""
    here, deed = place(request), request.path_params["deed"]
    if deed not in _DEEDS:
        raise HTTPException(404)
    form, number = await read_form(request), request.path_params["referral"]
    name = f"{here.resident}/referrals/{number}"
    _, refused = await attempt(_DEEDS[deed](request, name, form))
    if refused is not None:
        return await _page(request, form, refused)
    return see_other(request, f"{here.path}/{number}?done={deed}")


def _consent(request: Request, name: str, form: Form) -> Awaitable[pb.Referral]:
    asked = pb.ConsentToReferralRequest(name=name, request_id=form.request_id)
    return call(request, referring.ConsentToReferral, asked)


def _refuse(request: Request, name: str, form: Form) -> Awaitable[pb.Referral]:
    asked = pb.RefuseReferralRequest(
        name=name, reason=form.text("reason"), request_id=form.request_id
    )
    return call(request, referring.RefuseReferral, asked)


def _offer(request: Request, name: str, form: Form) -> Awaitable[pb.Referral]:
    asked = pb.OfferReferralRequest(
        name=name,
        organisations=form.all("organisations"),
        hours=hours_of(form),
        request_id=form.request_id,
    )
    return call(request, referring.OfferReferral, asked)


def _confirm(request: Request, name: str, form: Form) -> Awaitable[pb.Referral]:
    asked = pb.ConfirmReferralRequest(name=name, request_id=form.request_id)
    return call(request, referring.ConfirmReferral, asked)


def _cancel(request: Request, name: str, form: Form) -> Awaitable[pb.Referral]:
    asked = pb.CancelReferralRequest(
        name=name, reason=form.text("reason"), request_id=form.request_id
    )
    return call(request, referring.CancelReferral, asked)


def _return(request: Request, name: str, form: Form) -> Awaitable[pb.Referral]:
    asked = pb.ReturnReferralRequest(name=name, request_id=form.request_id)
    return call(request, referring.ReturnReferral, asked)


_DEEDS: dict[str, Callable[[Request, str, Form], Awaitable[pb.Referral]]] = {
    "consent": _consent,
    "refuse": _refuse,
    "offer": _offer,
    "confirm": _confirm,
    "cancel": _cancel,
    "return": _return,
}


# -- a new one --------------------------------------------------------------------------------


async def new(request: Request) -> Response:
    return await _form(request, place(request), Form({}, {}))


async def _form(
    request: Request, here: Whose, typed: Form, problem: CallError | None = None
) -> Response:
    file, _ = await file_of(request, here.resident)
    return render(
        request,
        "eldercare/referral_new.html",
        status(problem),
        here=here,
        name=file.display_name if file else "",
        settings=SETTINGS,
        typed=typed,
        problem=problem.renamed("referral.") if problem else None,
    )


async def propose(request: Request) -> Response:
    here, form = place(request), await read_form(request)
    known = {str(value): value for value in SETTINGS}
    unset = pb.CARE_SETTING_UNSPECIFIED
    wanted = pb.Referral(
        origin=known.get(form.text("origin"), unset),
        target=known.get(form.text("target"), unset),
        reason=form.text("reason"),
        want_date=form.text("want_date"),
    )
    asked = pb.CreateReferralRequest(
        parent=here.resident, referral=wanted, request_id=form.request_id
    )
    made, refused = await attempt(call(request, referring.CreateReferral, asked))
    if made is None:
        return await _form(request, here, form, refused)
    return see_other(request, f"{here.path}/{tail(made.name)}?done=proposed")
