"""Visits as the elder and the family see them: who comes today and when, and who came."""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from xianban.eldercare.v1 import visits_pb2 as pb
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
    whole,
)
from xianban_sdk.wire import stamp

from xianban_eldercare.web.clients import visiting
from xianban_eldercare.web.days import local_day, midnight, today

STATES = {
    pb.VISIT_STATE_PLANNED: ("planned", "info"),
    pb.VISIT_STATE_CHECKED_IN: ("checked-in", "ok"),
    pb.VISIT_STATE_DONE: ("done", "ok"),
    pb.VISIT_STATE_MISSED: ("missed", "danger"),
    pb.VISIT_STATE_CANCELLED: ("cancelled", "plain"),
}
KINDS = {
    pb.VISIT_KIND_CALL: "call",
    pb.VISIT_KIND_MEAL: "meal",
    pb.VISIT_KIND_CLEANING: "cleaning",
    pb.VISIT_KIND_PERSONAL_CARE: "personal-care",
    pb.VISIT_KIND_BATHING: "bathing",
    pb.VISIT_KIND_NURSING: "nursing",
    pb.VISIT_KIND_REHABILITATION: "rehabilitation",
}
_PAST, _AHEAD = timedelta(days=30), timedelta(days=14)
_MOST = 200


async def todays(
    request: Request, whose: str
) -> tuple[pb.ListVisitsResponse | None, CallError | None]:
    """For the page that shows how the elder is; it stands without."""
    first = midnight(today())
    asked = pb.ListVisitsRequest(
        parent=whose,
        start_time=stamp(first),
        end_time=stamp(first + timedelta(days=1)),
        page_size=_MOST,
    )
    return await if_there(call(request, visiting.ListVisits, asked))


async def visits(request: Request) -> Response:
    return await _page(request)


async def _page(request: Request, problem: CallError | None = None) -> Response:
    now = midnight(today())
    asked = pb.ListVisitsRequest(
        parent=subject(request),
        start_time=stamp(now - _PAST),
        end_time=stamp(now + _AHEAD),
        page_size=_MOST,
    )
    found = await whole(request, visiting.ListVisits, asked)
    return render(
        request,
        "eldercare/visits.html",
        status(problem),
        today=[one for one in found if local_day(one.start_time) == today()],
        ahead=[one for one in found if local_day(one.start_time) > today()],
        past=[one for one in reversed(found) if local_day(one.start_time) < today()],
        kinds=KINDS,
        states=STATES,
        problem=problem,
    )


async def cancel(request: Request) -> Response:
    """The elder's side does not want it."""
    form = await read_form(request)
    name = f"{subject(request)}/visits/{request.path_params['visit']}"
    asked = pb.CancelVisitRequest(name=name, reason=form.text("reason"), request_id=form.request_id)
    _, refused = await attempt(call(request, visiting.CancelVisit, asked))
    if refused is not None:
        return await _page(request, refused)
    return see_other(request, "/eldercare/visits?done=cancelled")
