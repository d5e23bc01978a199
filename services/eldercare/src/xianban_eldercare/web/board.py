"""The duty desk: open alerts worst first, live, and what is done about them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from xianban.common.v1 import alerts_pb2 as pb
from xianban_sdk.web import (
    CallError,
    Form,
    Frame,
    attempt,
    call,
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
    watch,
    whole,
)

from xianban_eldercare.web.clients import alerting
from xianban_eldercare.web.home import file_of
from xianban_eldercare.web.shown import is_open, is_untaken

ROLES = ("dispatcher", "station-manager")
# On one page of the board; the others follow, and all are counted.
MOST = 200
# Who may be sent besides the people of the elder's file.
OUTSIDE = ("120", "119", "110")

# A page for dispatchers and station managers; the service checks again.
staff_only = roles_only(*ROLES)


@dataclass
class Standing:
    """The alerts that are not closed, worst first, then oldest first; shown from one on."""

    known: dict[str, pb.Alert] = field(default_factory=dict[str, pb.Alert])
    first: int = 0

    def take(self, alert: pb.Alert) -> bool:
        """True: it changes what is shown."""
        before = self.known.get(alert.name)
        if before is not None and before.version >= alert.version:
            return False
        self.known[alert.name] = alert
        return True

    def copy(self) -> Standing:
        """As it is now: browsers look at it later."""
        return Standing(dict(self.known), self.first)

    def shown(self) -> list[pb.Alert]:
        """A page of the open ones."""
        return self.open()[self.first : self.first + MOST]

    def after(self) -> int:
        """How many open ones follow."""
        return max(len(self.open()) - self.first - MOST, 0)

    def open(self) -> list[pb.Alert]:
        alerts = [one for one in self.known.values() if is_open(one)]
        return sorted(alerts, key=_worst_first)

    def to_close(self) -> list[pb.Alert]:
        """Resolved: the report is still to be finished."""
        alerts = self.known.values()
        return sorted(
            (one for one in alerts if one.state == pb.ALERT_STATE_RESOLVED), key=_worst_first
        )


def _worst_first(alert: pb.Alert) -> tuple[int, int, int]:
    return -alert.severity, alert.raise_time.seconds, alert.raise_time.nanos


@staff_only
async def board(request: Request) -> Response:
    first = _first(request)
    return render(
        request,
        "eldercare/board.html",
        standing=await _standing(request, first),
        live_path=f"/eldercare/board/live?from={first}" if first else "/eldercare/board/live",
    )


def _first(request: Request) -> int:
    """The number of the page's first alert; what is no number begins anew."""
    written = request.query_params.get("from", "")[:6]
    return int(written) if written.isascii() and written.isdigit() else 0


async def _standing(request: Request, first: int) -> Standing:
    asked = pb.ListAlertsRequest(open=True, page_size=MOST)
    found = await whole(request, alerting.ListAlerts, asked)
    return Standing({alert.name: alert for alert in found}, first)


@staff_only
async def stream(request: Request) -> Response:
    """One subscription per person and language: what somebody may see follows their areas."""
    viewer, first = viewer_of(request), _first(request)

    def show(standing: Standing) -> Frame:
        return Frame("board", fragment(request, "eldercare/board_list.html", standing=standing))

    key = f"eldercare-board:{person(request).id}:{viewer.locale}:{first}"
    return live(request, key, lambda: _boards(request, first), show)


async def _boards(request: Request, first: int) -> AsyncIterator[Standing]:
    """The whole board at every change: whoever comes later needs no history."""
    standing = await _standing(request, first)
    yield standing.copy()
    async for alert in watch(request, alerting.WatchAlerts, pb.WatchAlertsRequest()):
        if standing.take(alert):
            yield standing.copy()


@staff_only
async def alert(request: Request) -> Response:
    return await alert_page(request)


async def alert_page(
    request: Request, form: Form | None = None, refused: CallError | None = None
) -> Response:
    name = f"alerts/{request.path_params['alert']}"
    found, steps = await asyncio.gather(
        call(request, alerting.GetAlert, pb.GetAlertRequest(name=name)),
        call(request, alerting.ListAlertSteps, pb.ListAlertStepsRequest(parent=name)),
    )
    file = await _file(request, found)
    contacts = list(file.contacts) if file else []
    return render(
        request,
        "eldercare/board_alert.html",
        status(refused),
        one=found,
        id=request.path_params["alert"],
        steps=steps.steps,
        file=file,
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
    if deed not in DEEDS:
        raise HTTPException(404)
    name = f"alerts/{request.path_params['alert']}"
    refused = _incomplete(request, deed, form)
    if refused is None:
        _, refused = await attempt(DEEDS[deed](request, name, form))
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


def _acknowledge(request: Request, name: str, form: Form) -> Awaitable[pb.Alert]:
    asked = pb.AcknowledgeAlertRequest(
        name=name, note=form.text("note"), request_id=form.request_id
    )
    return call(request, alerting.AcknowledgeAlert, asked)


def _dispatch(request: Request, name: str, form: Form) -> Awaitable[pb.Alert]:
    asked = pb.DispatchAlertRequest(
        name=name,
        to=form.text("other") or form.text("to"),
        note=form.text("note"),
        request_id=form.request_id,
    )
    return call(request, alerting.DispatchAlert, asked)


def _escalate(request: Request, name: str, form: Form) -> Awaitable[pb.Alert]:
    asked = pb.EscalateAlertRequest(name=name, note=form.text("note"), request_id=form.request_id)
    return call(request, alerting.EscalateAlert, asked)


def _resolve(request: Request, name: str, form: Form) -> Awaitable[pb.Alert]:
    asked = pb.ResolveAlertRequest(
        name=name,
        note=form.text("note"),
        false_alarm=form.flag("false_alarm"),
        request_id=form.request_id,
    )
    return call(request, alerting.ResolveAlert, asked)


def _close(request: Request, name: str, form: Form) -> Awaitable[pb.Alert]:
    asked = pb.CloseAlertRequest(name=name, note=form.text("note"), request_id=form.request_id)
    return call(request, alerting.CloseAlert, asked)


DEEDS: dict[str, Callable[[Request, str, Form], Awaitable[pb.Alert]]] = {
    "acknowledge": _acknowledge,
    "dispatch": _dispatch,
    "escalate": _escalate,
    "resolve": _resolve,
    "close": _close,
}
