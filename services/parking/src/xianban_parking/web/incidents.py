"""Incidents at car parks: what stands, live, and what the staff do about one."""

from __future__ import annotations

import grpc
from starlette.requests import Request
from starlette.responses import Response
from xianban.common.v1 import alerts_pb2
from xianban_sdk.web import (
    CallError,
    Form,
    Frame,
    fragment,
    live,
    person,
    read_form,
    render,
    roles_only,
    see_other,
    status,
    text,
    viewer_of,
)
from xianban_sdk.web.alert_desk import AlertDesk, Standing

ROLES = ("parking-operator", "dispatcher")
DUTY = "dispatcher"
PAGE = 20
# Whom the district's duty may send.
OUTSIDE = ("119", "120", "110")

desk = AlertDesk("parking")

# Pages for the car parks' staff and the district's duty; the service checks again.
staff_only = roles_only(*ROLES)


@staff_only
async def incidents(request: Request) -> Response:
    token = request.query_params.get("page_token", "")
    if request.query_params.get("past") == "1":
        found = await desk.past(request, token, PAGE)
        return render(
            request,
            "parking/operator_incidents_past.html",
            found=found.alerts,
            next_token=found.next_page_token,
        )
    standing = await desk.standing(request)
    return render(request, "parking/operator_incidents.html", standing=standing)


@staff_only
async def stream(request: Request) -> Response:
    """One subscription per person and language: what somebody may see follows their areas."""

    def show(standing: Standing) -> Frame:
        html = fragment(request, "parking/incident_list.html", standing=standing)
        return Frame("incidents", html)

    key = f"parking-incidents:{person(request).id}:{viewer_of(request).locale}"
    return live(request, key, lambda: desk.boards(request), show)


@staff_only
async def incident(request: Request) -> Response:
    return await _page(request)


async def _page(
    request: Request, form: Form | None = None, refused: CallError | None = None
) -> Response:
    found, steps = await desk.one(request, f"alerts/{request.path_params['incident']}")
    return render(
        request,
        "parking/operator_incident.html",
        status(refused),
        one=found,
        id=request.path_params["incident"],
        steps=steps,
        outside=OUTSIDE,
        duty=DUTY in person(request).roles,
        untaken=found.state == alerts_pb2.ALERT_STATE_RAISED,
        goes_on=found.state < alerts_pb2.ALERT_STATE_RESOLVED,
        resolved=found.state == alerts_pb2.ALERT_STATE_RESOLVED,
        typed=form or Form({}, {}),
        deed=request.path_params.get("deed", ""),
        problem=refused,
    )


@staff_only
async def act(request: Request) -> Response:
    """What is refused is said on the page."""
    deed, form = request.path_params["deed"], await read_form(request)
    name = f"alerts/{request.path_params['incident']}"
    refused = _incomplete(request, deed, form) or await desk.act(request, deed, name, form)
    if refused is not None:
        return await _page(request, form, refused)
    return see_other(
        request, f"/parking/operator/incidents/{request.path_params['incident']}?done={deed}"
    )


def _incomplete(request: Request, deed: str, form: Form) -> CallError | None:
    """Said in the page's words; the service would only say that something is too short."""
    if deed != "resolve" or form.text("note"):
        return None
    words = text(request, "parking", "incident-note-missing")
    code = grpc.StatusCode.INVALID_ARGUMENT
    return CallError(code, "NOTE_REQUIRED", words, "parking", {"note": words})
