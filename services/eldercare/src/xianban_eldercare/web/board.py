"""The duty desk: open alerts worst first, live, and what is done about them."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
from starlette.requests import Request
from starlette.responses import Response
from xianban.common.v1 import alerts_pb2 as pb
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

from xianban_eldercare.web import playbooks, responders
from xianban_eldercare.web.home import file_of
from xianban_eldercare.web.shown import is_open, is_untaken

ROLES = ("dispatcher", "station-manager")
# Who may be sent besides the people of the elder's file.
OUTSIDE = ("120", "119", "110")

desk = AlertDesk("eldercare")

# A page for dispatchers and station managers; the service checks again.
staff_only = roles_only(*ROLES)


@staff_only
async def board(request: Request) -> Response:
    first = _first(request)
    return render(
        request,
        "eldercare/board.html",
        standing=await desk.standing(request, first),
        live_path=f"/eldercare/board/live?from={first}" if first else "/eldercare/board/live",
    )


def _first(request: Request) -> int:
    """The number of the page's first alert; what is no number begins anew."""
    written = request.query_params.get("from", "")[:6]
    return int(written) if written.isascii() and written.isdigit() else 0


@staff_only
async def stream(request: Request) -> Response:
    """One subscription per person and language: what somebody may see follows their areas."""
    viewer, first = viewer_of(request), _first(request)

    def show(standing: Standing) -> Frame:
        return Frame("board", fragment(request, "eldercare/board_list.html", standing=standing))

    key = f"eldercare-board:{person(request).id}:{viewer.locale}:{first}"
    return live(request, key, lambda: desk.boards(request, first), show)


@staff_only
async def alert(request: Request) -> Response:
    return await alert_page(request)


async def alert_page(
    request: Request, form: Form | None = None, refused: CallError | None = None
) -> Response:
    name = f"alerts/{request.path_params['alert']}"
    found, steps = await desk.one(request, name)
    file, plays, near = await asyncio.gather(
        _file(request, found),
        playbooks.shown(request, name, goes_on=is_open(found)),
        responders.shown(request, name, goes_on=is_open(found)),
    )
    contacts = list(file.contacts) if file else []
    return render(
        request,
        "eldercare/board_alert.html",
        status(refused),
        one=found,
        id=request.path_params["alert"],
        steps=steps,
        file=file,
        plays=plays,
        near=near,
        names={one.person: one.display_name for one in contacts if one.person},
        outside=OUTSIDE,
        can_take=is_untaken(found),
        goes_on=is_open(found),
        resolved=found.state == pb.ALERT_STATE_RESOLVED,
        typed=form or Form({}, {}),
        deed=request.path_params.get("deed", ""),
        problem=refused,
    )


async def _file(request: Request, found: pb.Alert) -> Any:
    if not found.subject.startswith("residents/"):
        return None
    file, _ = await file_of(request, found.subject)
    return file


@staff_only
async def act(request: Request) -> Response:
    """Acknowledge, dispatch, escalate, resolve or close; what is refused is said on the page."""
    deed, form = request.path_params["deed"], await read_form(request)
    name = f"alerts/{request.path_params['alert']}"
    refused = _incomplete(request, deed, form) or await desk.act(request, deed, name, form)
    if refused is not None:
        return await alert_page(request, form, refused)
    return see_other(request, f"/eldercare/board/{name}?done={deed}")


def _incomplete(request: Request, deed: str, form: Form) -> CallError | None:
    """Said in the desk's words; the service would only say that something is too short."""
    if deed != "resolve" or form.text("note"):
        return None
    words = text(request, "eldercare", "resolve-note-missing")
    code = grpc.StatusCode.INVALID_ARGUMENT
    return CallError(code, "NOTE_REQUIRED", words, "eldercare", {"note": words})
