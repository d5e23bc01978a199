"""Playbooks on the duty desk: started, ticked off, left out, ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from xianban.common.v1 import playbooks_pb2 as pb
from xianban_sdk.web import Form, attempt, call, read_form, see_other

from xianban_eldercare.web.board import alert_page, staff_only
from xianban_eldercare.web.clients import playing


@staff_only
async def start(request: Request) -> Response:
    form = await read_form(request)
    alert = request.path_params["alert"]
    asked = pb.StartPlaybookRequest(
        parent=f"alerts/{alert}", playbook=form.text("playbook"), request_id=form.request_id
    )
    return await _done(request, form, call(request, playing.StartPlaybook, asked))


@staff_only
async def act(request: Request) -> Response:
    """Tick a step off, leave it out or end the playbook; what is refused is said on the page."""
    deed, form = request.path_params["deed"], await read_form(request)
    if deed not in DEEDS:
        raise HTTPException(404)
    run = f"alerts/{request.path_params['alert']}/runs/{request.path_params['run']}"
    return await _done(request, form, DEEDS[deed](request, run, form))


async def _done(request: Request, form: Form, deed: Awaitable[pb.PlaybookRun]) -> Response:
    _, refused = await attempt(deed)
    if refused is not None:
        request.path_params["deed"] = "playbook"
        return await alert_page(request, form, refused)
    alert = request.path_params["alert"]
    return see_other(request, f"/eldercare/board/alerts/{alert}?done=playbook#playbooks")


def _complete(request: Request, run: str, form: Form) -> Awaitable[pb.PlaybookRun]:
    asked = pb.CompletePlaybookStepRequest(
        name=run, step=form.text("step"), note=form.text("note"), request_id=form.request_id
    )
    return call(request, playing.CompletePlaybookStep, asked)


def _skip(request: Request, run: str, form: Form) -> Awaitable[pb.PlaybookRun]:
    asked = pb.SkipPlaybookStepRequest(
        name=run, step=form.text("step"), note=form.text("note"), request_id=form.request_id
    )
    return call(request, playing.SkipPlaybookStep, asked)


def _abort(request: Request, run: str, form: Form) -> Awaitable[pb.PlaybookRun]:
    asked = pb.AbortPlaybookRequest(name=run, note=form.text("note"), request_id=form.request_id)
    return call(request, playing.AbortPlaybook, asked)


DEEDS: dict[str, Callable[[Request, str, Form], Awaitable[pb.PlaybookRun]]] = {
    "complete": _complete,
    "skip": _skip,
    "abort": _abort,
}
