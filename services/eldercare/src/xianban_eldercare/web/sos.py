"""A call for help: pressed, confirmed, followed until it is over."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from xianban.eldercare.v1 import monitoring_pb2 as pb
from xianban_sdk.web import (
    CallError,
    attempt,
    call,
    if_there,
    read_form,
    render,
    see_other,
    status,
    subject,
)

from xianban_eldercare.web.clients import monitoring

HERE = "/eldercare/sos"
# Seconds in which a wrong press can be taken back.
GRACE = 5
STATES = {
    pb.SOS_STATE_CALLING: ("calling", "danger"),
    pb.SOS_STATE_ACKNOWLEDGED: ("acknowledged", "ok"),
    pb.SOS_STATE_COMING: ("coming", "ok"),
    pb.SOS_STATE_OVER: ("over", "plain"),
}
_STANDING = frozenset(STATES) - {pb.SOS_STATE_OVER}


async def standing_call(request: Request, whose: str) -> tuple[pb.Sos | None, CallError | None]:
    """The call that stands or was ended; None: there is none, or nobody can say."""
    asked = pb.GetSosRequest(name=f"{whose}/sos")
    found, away = await if_there(call(request, monitoring.GetSos, asked))
    return (found if found and found.state in STATES else None), away


def stands(sos: pb.Sos | None) -> bool:
    return sos is not None and sos.state in _STANDING


async def sos(request: Request) -> Response:
    """Where the call stands; without one, the question whether to call."""
    found, away = await standing_call(request, subject(request))
    if found is None or "again" in request.query_params:
        return _confirm(request, automatic=False)
    return render(request, "eldercare/sos.html", **_shown(found, away))


async def press(request: Request) -> Response:
    """The first press. Only what follows it counts down: a restored tab must call nobody."""
    await read_form(request)
    found, _ = await standing_call(request, subject(request))
    return see_other(request, HERE) if stands(found) else _confirm(request, automatic=True)


def _confirm(request: Request, *, automatic: bool, problem: CallError | None = None) -> Response:
    return render(
        request,
        "eldercare/sos_confirm.html",
        status(problem),
        automatic=automatic,
        seconds=GRACE,
        problem=problem,
    )


async def call_for_help(request: Request) -> Response:
    whose, form = subject(request), await read_form(request)
    asked = pb.RaiseSosRequest(parent=whose, request_id=form.request_id)
    found, failed = await if_there(call(request, monitoring.RaiseSos, asked))
    if failed is not None:  # Whatever the reason: the person must hear that nobody was called.
        answer = _confirm(request, automatic=False, problem=failed)
        answer.status_code = 503
        return answer
    assert found is not None
    return see_other(request, HERE)


async def cancel(request: Request) -> Response:
    whose, form = subject(request), await read_form(request)
    asked = pb.CancelSosRequest(name=f"{whose}/sos", request_id=form.request_id)
    _, refused = await attempt(call(request, monitoring.CancelSos, asked))
    if refused is None:
        return see_other(request, HERE)
    found, away = await standing_call(request, whose)
    return render(request, "eldercare/sos.html", 409, **_shown(found, away, refused))


async def state(request: Request) -> Response:
    """The part that the page asks for until the call is over."""
    found, away = await standing_call(request, subject(request))
    shown = _shown(found, away)
    if request.query_params.get("seen") == shown["seen"]:
        return Response(status_code=204)  # Nothing new: a screen reader must not read it again.
    return render(request, "eldercare/sos_state.html", **shown)


def _shown(
    found: pb.Sos | None, away: CallError | None, refused: CallError | None = None
) -> dict[str, Any]:
    known = STATES.get(found.state, ("none", "plain")) if found else ("none", "plain")
    return {
        "sos": found,
        "away": away,
        "sos_state": known,
        "seen": "away" if away else known[0],
        "standing": stands(found) or away is not None,
        "problem": refused,
    }
