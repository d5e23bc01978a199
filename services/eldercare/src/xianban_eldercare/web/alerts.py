"""An elder's alerts: what happened, who took it, who hears next."""

from __future__ import annotations

import grpc
from starlette.requests import Request
from starlette.responses import Response
from xianban.eldercare.v1 import monitoring_pb2 as pb
from xianban_sdk.web import (
    CallError,
    attempt,
    call,
    person,
    read_form,
    render,
    see_other,
    status,
    subject,
    viewer_of,
)

from xianban_eldercare.web.board import ROLES
from xianban_eldercare.web.clients import monitoring
from xianban_eldercare.web.shown import is_open, is_untaken

PAGE = 20


async def alerts(request: Request) -> Response:
    only_open = request.query_params.get("open") == "1"
    asked = pb.ListResidentAlertsRequest(
        parent=subject(request),
        open=only_open,
        page_size=PAGE,
        page_token=request.query_params.get("page_token", ""),
    )
    found = await call(request, monitoring.ListResidentAlerts, asked)
    return render(
        request,
        "eldercare/alerts.html",
        alerts=found.alerts,
        only_open=only_open,
        next_token=found.next_page_token,
    )


async def alert(request: Request) -> Response:
    """Messages to everybody lead here; staff go on to their own page."""
    try:
        return await _page(request)
    except CallError as error:
        if error.code is not grpc.StatusCode.NOT_FOUND:
            raise
        return _elsewhere(request)


def _elsewhere(request: Request) -> Response:
    if not person(request).roles.isdisjoint(ROLES):
        return see_other(request, f"/eldercare/board/alerts/{request.path_params['alert']}")
    acting = viewer_of(request).acting_for is not None
    return render(request, "eldercare/alert_elsewhere.html", 404, acting=acting)


async def _page(request: Request, refused: CallError | None = None) -> Response:
    asked = pb.GetResidentAlertRequest(name=_name(request))
    found = await call(request, monitoring.GetResidentAlert, asked)
    return render(
        request,
        "eldercare/alert.html",
        status(refused),
        one=found.alert,
        steps=found.steps,
        names={},
        can_take=is_untaken(found.alert),
        goes_on=is_open(found.alert),
        problem=refused,
    )


async def acknowledge(request: Request) -> Response:
    form = await read_form(request)
    asked = pb.AcknowledgeResidentAlertRequest(
        name=_name(request), note=form.text("note"), request_id=form.request_id
    )
    _, refused = await attempt(call(request, monitoring.AcknowledgeResidentAlert, asked))
    if refused is not None:
        return await _page(request, refused)
    return see_other(request, f"/eldercare/alerts/{request.path_params['alert']}?done=taken")


def _name(request: Request) -> str:
    return f"{subject(request)}/alerts/{request.path_params['alert']}"
