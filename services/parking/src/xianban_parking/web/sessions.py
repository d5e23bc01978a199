"""My stays: the fee line by line, paying it, contesting it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from xianban.parking.v1 import parking_pb2 as pb
from xianban.parking.v1 import resources_pb2 as resources
from xianban_sdk.web import CallError, Form, call, read_form, render, see_other, subject

from xianban_parking.web.clients import attempt, parking, status
from xianban_parking.web.shown import tail

PAGE = 20
STATES = {
    resources.SESSION_STATE_OPEN: ("open", "info"),
    resources.SESSION_STATE_CLOSED: ("closed", "plain"),
    resources.SESSION_STATE_EXIT_MISSING: ("exit-missing", "warn"),
    resources.SESSION_STATE_ENTRY_MISSING: ("entry-missing", "warn"),
    resources.SESSION_STATE_DISPUTED: ("disputed", "warn"),
}


async def sessions(request: Request) -> Response:
    asked = pb.ListSessionsRequest(
        parent=subject(request),
        page_size=PAGE,
        page_token=request.query_params.get("page_token", ""),
    )
    found = await call(request, parking.ListSessions, asked)
    return render(
        request,
        "parking/sessions.html",
        sessions=found.sessions,
        states=STATES,
        next_token=found.next_page_token,
    )


async def session(request: Request) -> Response:
    return await session_page(request, request.path_params["session"])


async def session_page(
    request: Request, id_: str, form: Form | None = None, refused: CallError | None = None
) -> Response:
    name = f"{subject(request)}/sessions/{id_}"
    found = await call(request, parking.GetSession, pb.GetSessionRequest(name=name))
    return render(
        request,
        "parking/session.html",
        status(refused),
        one=found,
        id=id_,
        state=STATES.get(found.state, ("unknown", "plain")),
        typed=form or Form({}, {}),
        problem=refused,
        disputed="disputed" in request.query_params,
    )


async def dispute(request: Request) -> Response:
    parent, form = subject(request), await read_form(request)
    id_ = request.path_params["session"]
    asked = pb.DisputeSessionRequest(
        name=f"{parent}/sessions/{id_}", reason=form.text("reason"), request_id=form.request_id
    )
    done, refused = await attempt(call(request, parking.DisputeSession, asked))
    if done is not None:
        return see_other(request, f"/parking/sessions/{tail(done.name)}?disputed=1")
    return await session_page(request, id_, form, refused)
