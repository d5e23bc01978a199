"""关爱巡访: whom a station shall look after while a weather warning stands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from xianban.eldercare.v1 import weather_pb2 as pb
from xianban_sdk.web import CallError, Form, attempt, call, read_form, render, see_other, status
from xianban_sdk.wire import stamp

from xianban_eldercare.web.clients import forewarning
from xianban_eldercare.web.days import typed
from xianban_eldercare.web.organisations import (
    PAGE,
    carers_of,
    managers_only,
    organisation_of,
    pager,
)
from xianban_eldercare.web.weather import TONES, shown_weather

STATES = {
    pb.ROUND_PROPOSAL_STATE_PROPOSED: ("proposed", "warn"),
    pb.ROUND_PROPOSAL_STATE_ACCEPTED: ("accepted", "ok"),
    pb.ROUND_PROPOSAL_STATE_CALLED: ("called", "ok"),
    pb.ROUND_PROPOSAL_STATE_DISMISSED: ("dismissed", "plain"),
    pb.ROUND_PROPOSAL_STATE_WITHDRAWN: ("withdrawn", "plain"),
}


@managers_only
async def rounds(request: Request) -> Response:
    return await _page(request)


async def _page(request: Request, problem: CallError | None = None) -> Response:
    query = request.query_params
    every, token = "all" in query, query.get("page_token", "")
    here = await organisation_of(request)
    asked = pb.ListRoundProposalsRequest(
        parent=here.name, all=every, page_size=PAGE, page_token=token
    )
    found, carers = await asyncio.gather(
        call(request, forewarning.ListRoundProposals, asked), carers_of(request, here.name)
    )
    path, kept = f"/eldercare/{here.name}/rounds", {"all": "1"} if every else {}
    return render(
        request,
        "eldercare/rounds.html",
        status(problem),
        here=here,
        every=every,
        carers=carers,
        proposals=found.round_proposals,
        weather=shown_weather(found),
        states=STATES,
        tones=TONES,
        problem=problem,
        **pager(request, path, found.next_page_token, **kept),
    )


@managers_only
async def act(request: Request) -> Response:
    """Accept, call or dismiss."""
    deed, form = request.path_params["deed"], await read_form(request)
    if deed not in _DEEDS:
        raise HTTPException(404)
    here = f"organisations/{request.path_params['organisation']}"
    name = f"{here}/roundProposals/{request.path_params['proposal']}"
    _, refused = await attempt(_DEEDS[deed](request, name, form))
    if refused is not None:
        return await _page(request, refused)
    return see_other(request, f"/eldercare/{here}/rounds?done={deed}")


def _accept(request: Request, name: str, form: Form) -> Awaitable[pb.RoundProposal]:
    asked = pb.AcceptRoundProposalRequest(
        name=name,
        carer=form.text("carer"),
        minutes=min(max(form.number("minutes"), 0), 24 * 60),
        travel_minutes=form.number("travel_minutes"),
        request_id=form.request_id,
    )
    start = typed(form.text("start_time"))
    # Without a time the service says that it is missing.
    if start is not None:
        asked.start_time.CopyFrom(stamp(start.astimezone(UTC)))
    return call(request, forewarning.AcceptRoundProposal, asked)


def _call(request: Request, name: str, form: Form) -> Awaitable[pb.RoundProposal]:
    asked = pb.RecordRoundCallRequest(name=name, note=form.text("note"), request_id=form.request_id)
    return call(request, forewarning.RecordRoundCall, asked)


def _dismiss(request: Request, name: str, form: Form) -> Awaitable[pb.RoundProposal]:
    asked = pb.DismissRoundProposalRequest(
        name=name, reason=form.text("reason"), request_id=form.request_id
    )
    return call(request, forewarning.DismissRoundProposal, asked)


_DEEDS: dict[str, Callable[[Request, str, Form], Awaitable[pb.RoundProposal]]] = {
    "accept": _accept,
    "call": _call,
    "dismiss": _dismiss,
}
