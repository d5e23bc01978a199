"""Who may act for whom: listed, asked for from either side, answered, ended."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from xianban.common.v1 import relations_pb2
from xianban.identity.v1 import identity_pb2 as pb
from xianban_sdk.clock import midnight
from xianban_sdk.web import CallError, Form, call, person, read_form, render, see_other

from xianban_identity.web.identity import identity, me

__all__ = ["answered", "asked", "listed", "shown"]

SCOPES = ("*", "parking", "health", "eldercare", "education", "culture", "messages")
KINDS = {
    "family": relations_pb2.RELATION_KIND_FAMILY,
    "guardian": relations_pb2.RELATION_KIND_GUARDIAN,
    "carer": relations_pb2.RELATION_KIND_CARER,
}


async def listed(request: Request) -> Response:
    """Those in force and waiting, or all."""
    everything = request.query_params.get("all") == "1"
    asked_for = pb.ListDelegationsRequest(
        parent=me(request),
        page_size=20,
        page_token=request.query_params.get("page_token", ""),
        current=not everything,
    )
    found = await call(request, identity.ListDelegations, asked_for)
    return render(
        request,
        "identity/delegations.html",
        delegations=found.delegations,
        everything=everything,
        next_token=found.next_page_token,
        me=person(request).id,
    )


async def shown(request: Request) -> Response:
    """One, with its history."""
    name = _name(request)
    found = await call(request, identity.GetDelegation, pb.GetDelegationRequest(name=name))
    history = await call(
        request, identity.ListDelegationEvents, pb.ListDelegationEventsRequest(parent=name)
    )
    return render(
        request,
        "identity/delegation.html",
        one=found,
        id=request.path_params["delegation"],
        events=history.events,
        me=person(request).id,
    )


async def asked(request: Request) -> Response:
    """The form, and what was typed into it."""
    me(request)  # who is not logged in is asked to before typing anything
    form = await read_form(request)
    if request.method == "GET":
        return _form(request, form, None)
    try:
        made = await call(request, identity.CreateDelegation, _wanted(request, form))
    except CallError as problem:
        return _form(request, form, problem)
    return see_other(request, f"/me/delegations/{made.name.rpartition('/')[2]}")


def _wanted(request: Request, form: Form) -> pb.CreateDelegationRequest:
    wanted = pb.CreateDelegationRequest(
        parent=me(request),
        kind=KINDS.get(form.text("kind"), relations_pb2.RELATION_KIND_UNSPECIFIED),
        other_is_delegate=form.text("side") != "delegate",
        other_phone=form.text("other_phone").replace(" ", ""),
        other_name=form.text("other_name"),
        scopes=form.all("scopes"),
        request_id=form.request_id,
    )
    end = _end_of_day(form.text("expire_time"))
    if end is not None:
        wanted.expire_time.FromDatetime(end)
    return wanted


def _end_of_day(written: str) -> datetime | None:
    """The last day counts; what is no date is as if nothing was written."""
    try:
        return midnight(date.fromisoformat(written) + timedelta(days=1))
    except (ValueError, OverflowError):
        return None


def _form(request: Request, form: Form, problem: CallError | None) -> Response:
    return render(
        request,
        "identity/delegation-new.html",
        status_code=400 if problem else 200,
        form=form,
        problem=problem,
        scopes=SCOPES,
        kinds=KINDS,
    )


async def answered(request: Request) -> Response:
    """Approved, rejected or taken back."""
    form = await read_form(request)
    name, act = _name(request), request.path_params["act"]
    if act == "approve":
        approval = pb.ApproveDelegationRequest(name=name, request_id=form.request_id)
        await call(request, identity.ApproveDelegation, approval)
    elif act == "reject":
        refusal = pb.RejectDelegationRequest(name=name, request_id=form.request_id)
        await call(request, identity.RejectDelegation, refusal)
    elif act == "revoke":
        end = pb.RevokeDelegationRequest(name=name, request_id=form.request_id)
        await call(request, identity.RevokeDelegation, end)
    else:
        raise HTTPException(404)
    return see_other(request, f"/me/delegations/{request.path_params['delegation']}")


def _name(request: Request) -> str:
    return f"{me(request)}/delegations/{request.path_params['delegation']}"
