"""A weekly plan changed from a day on."""

from __future__ import annotations

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from xianban.eldercare.v1 import visit_plans_pb2 as pb
from xianban_sdk.web import (
    CallError,
    Form,
    attempt,
    call,
    read_form,
    render,
    see_other,
    status,
    whole,
)

from xianban_eldercare.web import plans
from xianban_eldercare.web.clients import planning
from xianban_eldercare.web.days import today
from xianban_eldercare.web.organisations import MOST, carers_of, managers_only, organisation_of
from xianban_eldercare.web.visits import KINDS

__all__ = ["edit", "save"]


@managers_only
async def edit(request: Request) -> Response:
    one = await _plan(request)
    typed = Form(
        {
            "carer": one.carer,
            "start_time": one.start_time,
            "minutes": str(one.minutes),
            "travel_minutes": str(one.travel_minutes),
            "tasks": "\n".join(one.tasks),
            "last_date": one.last_date,
            "holidays": plans.CHOSEN.get(one.holidays, "keep"),
            "from_date": max(one.first_date, today().isoformat()),
        },
        {"weekdays": [str(day) for day in one.weekdays]},
    )
    return await _form(request, one, typed)


async def _plan(request: Request) -> pb.VisitPlan:
    at = request.path_params
    asked = pb.ListVisitPlansRequest(parent=f"residents/{at['resident']}", page_size=MOST)
    for one in await whole(request, planning.ListVisitPlans, asked):
        if one.name.endswith(f"/{at['plan']}"):
            return one
    raise HTTPException(404)


async def _form(
    request: Request, one: pb.VisitPlan, form: Form, problem: CallError | None = None
) -> Response:
    here, carers = await asyncio.gather(
        organisation_of(request), carers_of(request, one.organisation)
    )
    return render(
        request,
        "eldercare/plan_edit.html",
        status(problem),
        here=here,
        one=one,
        kinds=KINDS,
        path=_path(request),
        carers=carers,
        typed=form,
        problem=problem and problem.renamed("visit_plan."),
    )


@managers_only
async def save(request: Request) -> Response:
    form, one = await read_form(request), await _plan(request)
    asked = pb.UpdateVisitPlanRequest(
        name=one.name,
        visit_plan=_wanted(one, form),
        from_date=form.text("from_date"),
        reason=form.text("reason"),
        request_id=form.request_id,
    )
    _, refused = await attempt(call(request, planning.UpdateVisitPlan, asked))
    if refused is not None:
        return await _form(request, one, form, refused)
    return see_other(request, f"{_path(request)}?done=planned")


def _wanted(one: pb.VisitPlan, form: Form) -> pb.VisitPlan:
    return pb.VisitPlan(
        organisation=one.organisation,
        carer=form.text("carer"),
        kind=one.kind,
        weekdays=[int(day) for day in form.all("weekdays") if day in set("1234567")],
        start_time=form.text("start_time"),
        minutes=plans.minutes(form),
        travel_minutes=form.number("travel_minutes"),
        tasks=[line.strip() for line in form.text("tasks").splitlines() if line.strip()],
        first_date=form.text("from_date"),
        last_date=form.text("last_date"),
        holidays=plans.holidays(form),
        version=form.number("version"),
    )


def _path(request: Request) -> str:
    at = request.path_params
    return f"/eldercare/organisations/{at['organisation']}/plans/{at['resident']}"
