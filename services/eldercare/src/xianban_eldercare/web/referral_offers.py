"""相互转介: what an organisation is asked, whom it expects, and who lives there by a referral."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from xianban.eldercare.v1 import organisations_pb2 as organisations
from xianban.eldercare.v1 import referrals_pb2 as pb
from xianban_sdk.web import CallError, Form, attempt, call, read_form, render, see_other, status

from xianban_eldercare.web.clients import organising, referring
from xianban_eldercare.web.file import LEVELS
from xianban_eldercare.web.organisations import managers_only, organisation_of, pager
from xianban_eldercare.web.referrals import HOURS, PAGE, WORDS, hours_of

_MOST_BEDS = 500


@managers_only
async def offers(request: Request) -> Response:
    return await _page(request)


async def _page(request: Request, problem: CallError | None = None) -> Response:
    query = request.query_params
    every, token = "all" in query, query.get("page_token", "")
    here = await organisation_of(request)
    asked = pb.ListReferralOffersRequest(
        parent=here.name, all=every, page_size=PAGE, page_token=token
    )
    found, beds = await asyncio.gather(
        call(request, referring.ListReferralOffers, asked), _free(request, here.name)
    )
    path, kept = f"/eldercare/{here.name}/referrals", {"all": "1"} if every else {}
    return render(
        request,
        "eldercare/referral_offers.html",
        status(problem),
        here=here,
        every=every,
        offers=found.offers,
        beds=beds,
        levels=LEVELS,
        hours=HOURS,
        problem=problem,
        **WORDS,
        **pager(request, path, found.next_page_token, **kept),
    )


async def _free(request: Request, organisation: str) -> list[tuple[str, str]]:
    """Beds that may be kept for somebody."""
    asked = organisations.ListBedsRequest(parent=organisation, page_size=_MOST_BEDS)
    found = await call(request, organising.ListBeds, asked)
    return [
        (one.name, f"{one.room} · {one.name.rpartition('/')[2]}")
        for one in found.beds
        if one.state == organisations.BED_STATE_FREE
    ]


@managers_only
async def act(request: Request) -> Response:
    """Accept, decline or admit."""
    deed, form = request.path_params["deed"], await read_form(request)
    if deed not in _DEEDS:
        raise HTTPException(404)
    here = f"organisations/{request.path_params['organisation']}"
    name = f"{here}/referralOffers/{request.path_params['referral']}"
    _, refused = await attempt(_DEEDS[deed](request, name, form))
    if refused is not None:
        return await _page(request, refused)
    return see_other(request, f"/eldercare/{here}/referrals?done={deed}")


def _accept(request: Request, name: str, form: Form) -> Awaitable[pb.ReferralOffer]:
    asked = pb.AcceptReferralOfferRequest(
        name=name,
        bed=form.text("bed"),
        hours=hours_of(form),
        request_id=form.request_id,
    )
    return call(request, referring.AcceptReferralOffer, asked)


def _decline(request: Request, name: str, form: Form) -> Awaitable[pb.ReferralOffer]:
    asked = pb.DeclineReferralOfferRequest(
        name=name, reason=form.text("reason"), request_id=form.request_id
    )
    return call(request, referring.DeclineReferralOffer, asked)


def _admit(request: Request, name: str, form: Form) -> Awaitable[pb.ReferralOffer]:
    asked = pb.AdmitReferralRequest(name=name, request_id=form.request_id)
    return call(request, referring.AdmitReferral, asked)


_DEEDS: dict[str, Callable[[Request, str, Form], Awaitable[pb.ReferralOffer]]] = {
    "accept": _accept,
    "decline": _decline,
    "admit": _admit,
}
