"""Weekly visits on the station manager's pages: written, looked at, changed, ended."""

from __future__ import annotations

import asyncio
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from xianban.eldercare.v1 import care_files_pb2
from xianban.eldercare.v1 import visit_plans_pb2 as pb
from xianban.eldercare.v1 import visits_pb2 as visits
from xianban_sdk.clock import SHANGHAI
from xianban_sdk.web import (
    CallError,
    Form,
    attempt,
    call,
    if_there,
    read_form,
    render,
    see_other,
    status,
)

from xianban_eldercare.web.clients import files, planning
from xianban_eldercare.web.organisations import PAGE, managers_only, organisation_of, pager
from xianban_eldercare.web.visits import KINDS

HOLIDAYS = {
    "keep": pb.HOLIDAY_CHOICE_KEEP,
    "skip": pb.HOLIDAY_CHOICE_SKIP,
    "move": pb.HOLIDAY_CHOICE_MOVE,
}
CHOSEN = {value: key for key, value in HOLIDAYS.items()}


def wanted(form: Form, visit: visits.Visit, start: datetime | None) -> pb.CreateVisitPlanRequest:
    """The plan form's weekly choice; the first visit's day and time are the plan's."""
    local = start.astimezone(SHANGHAI) if start is not None else None
    plan = pb.VisitPlan(
        organisation=visit.organisation,
        carer=visit.carer,
        kind=visit.kind,
        weekdays=[int(one) for one in form.all("weekdays") if one in set("1234567")],
        start_time=f"{local:%H:%M}" if local else "",
        minutes=minutes(form),
        travel_minutes=visit.travel_minutes,
        tasks=[one.text for one in visit.tasks],
        first_date=local.date().isoformat() if local else "",
        last_date=form.text("last_date"),
        holidays=holidays(form),
    )
    return pb.CreateVisitPlanRequest(
        parent=form.text("resident"), visit_plan=plan, request_id=form.request_id
    )


def holidays(form: Form) -> pb.HolidayChoice.ValueType:
    """As the form's radio says; nothing chosen: kept."""
    return HOLIDAYS.get(form.text("holidays"), pb.HOLIDAY_CHOICE_KEEP)


def minutes(form: Form) -> int:
    """How long; beyond a day it is too long anyway, and no time can be counted from it."""
    return min(max(form.number("minutes"), 0), 24 * 60)


@managers_only
async def elders(request: Request) -> Response:
    """Whose plans; also of an elder to whom nobody comes yet."""
    token = request.query_params.get("page_token", "")
    asked = care_files_pb2.ListCareFilesRequest(page_size=PAGE, page_token=token)
    here, found = await asyncio.gather(
        organisation_of(request), call(request, files.ListCareFiles, asked)
    )
    return render(
        request,
        "eldercare/plans_elders.html",
        here=here,
        elders=[(one.name.split("/")[1], one.display_name) for one in found.care_files],
        **pager(request, f"/eldercare/{here.name}/plans", found.next_page_token),
    )


@managers_only
async def plans(request: Request) -> Response:
    return await _page(request)


async def _page(request: Request, problem: CallError | None = None) -> Response:
    whose = f"residents/{request.path_params['resident']}"
    asked = pb.ListVisitPlansRequest(
        parent=whose, page_size=PAGE, page_token=request.query_params.get("page_token", "")
    )
    named = care_files_pb2.GetCareFileRequest(name=f"{whose}/careFile")
    here, found, (file, _) = await asyncio.gather(
        organisation_of(request),
        call(request, planning.ListVisitPlans, asked),
        if_there(call(request, files.GetCareFile, named)),
    )
    path = f"/eldercare/{here.name}/plans/{request.path_params['resident']}"
    return render(
        request,
        "eldercare/plans.html",
        status(problem),
        here=here,
        whose=whose,
        elder=file.display_name if file else "",
        plans=found.visit_plans,
        **pager(request, path, found.next_page_token),
        kinds=KINDS,
        chosen=CHOSEN,
        problem=problem,
    )


@managers_only
async def end(request: Request) -> Response:
    form, at = await read_form(request), request.path_params
    name = f"residents/{at['resident']}/visitPlans/{at['plan']}"
    asked = pb.EndVisitPlanRequest(
        name=name, reason=form.text("reason"), request_id=form.request_id
    )
    _, refused = await attempt(call(request, planning.EndVisitPlan, asked))
    if refused is not None:
        return await _page(request, refused)
    here = f"/eldercare/organisations/{at['organisation']}/plans/{at['resident']}"
    return see_other(request, f"{here}?done=ended")
