"""A station's week: who goes where, and planning another visit."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response
from xianban.eldercare.v1 import visit_plans_pb2 as visit_plans
from xianban.eldercare.v1 import visits_pb2 as pb
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
from xianban_sdk.wire import stamp

from xianban_eldercare.web import plans
from xianban_eldercare.web.choosing import elders_to_choose
from xianban_eldercare.web.clients import planning, visiting
from xianban_eldercare.web.days import local_day, midnight, monday, today, typed
from xianban_eldercare.web.organisations import carers_of, managers_only, organisation_of
from xianban_eldercare.web.visits import KINDS, STATES

_WEEK = timedelta(days=7)
# An end stands at the minutes, a first day at the start.
_FIELDS = {
    "parent": "resident",
    "end_time": "minutes",
    "organisation": "carer",
    "first_date": "start_time",
}
_AT_ONCE = 500


@managers_only
async def roster(request: Request) -> Response:
    here, first = await organisation_of(request), _week(request)
    asked = pb.ListRosterRequest(
        parent=here.name,
        start_time=stamp(midnight(first)),
        end_time=stamp(midnight(first + _WEEK)),
        page_size=_AT_ONCE,
    )
    found = await whole(request, visiting.ListRoster, asked)
    days = [first + timedelta(days=ahead) for ahead in range(7)]
    return render(
        request,
        "eldercare/roster.html",
        here=here,
        days=[(day, [one for one in found if local_day(one.start_time) == day]) for day in days],
        before=(first - _WEEK).isoformat(),
        after=(first + _WEEK).isoformat(),
        kinds=KINDS,
        states=STATES,
    )


def _week(request: Request) -> date:
    try:
        wanted = date.fromisoformat(request.query_params.get("week", ""))
    except ValueError:
        wanted = today()
    return monday(wanted if abs(wanted - today()) < timedelta(days=3650) else today())


@managers_only
async def plan(request: Request) -> Response:
    """Beginning with what the link that led here says."""
    query = request.query_params
    known = {"resident": query.get("resident", ""), "repeat": "weekly" if "weekly" in query else ""}
    return await _form(request, Form(known, {}))


async def _form(request: Request, form: Form, problem: CallError | None = None) -> Response:
    here = await organisation_of(request)
    carers, elders = await asyncio.gather(
        carers_of(request, here.name),
        elders_to_choose(request, form.text("resident")),
    )
    return render(
        request,
        "eldercare/plan.html",
        status(problem),
        here=here,
        carers=carers,
        elders=elders,
        kinds=KINDS,
        typed=form,
        problem=problem and problem.renamed("visit.", "visit_plan.", names=_FIELDS),
    )


@managers_only
async def save(request: Request) -> Response:
    form = await read_form(request)
    here = f"organisations/{request.path_params['organisation']}"
    start = typed(form.text("start_time"))
    # Without a time the service says which field is wrong.
    visit = pb.Visit(
        organisation=here,
        carer=form.text("carer"),
        kind=_kind(form),
        travel_minutes=form.number("travel_minutes"),
        tasks=[pb.VisitTask(text=line) for line in _lines(form)],
    )
    if start is not None:
        visit.start_time.CopyFrom(stamp(start))
        visit.end_time.CopyFrom(stamp(_end(start, form)))
    if form.text("repeat") == "weekly":
        return await _weekly(request, form, plans.wanted(form, visit, start))
    asked = pb.PlanVisitRequest(
        parent=form.text("resident"), visit=visit, request_id=form.request_id
    )
    _, refused = await attempt(call(request, visiting.PlanVisit, asked))
    if refused is not None:
        return await _form(request, form, refused)
    week = local_day(visit.start_time).isoformat()
    return see_other(request, f"/eldercare/{here}/roster?week={week}&done=planned")


async def _weekly(
    request: Request, form: Form, asked: visit_plans.CreateVisitPlanRequest
) -> Response:
    _, refused = await attempt(call(request, planning.CreateVisitPlan, asked))
    if refused is not None:
        return await _form(request, form, refused)
    whose = asked.parent.rpartition("/")[2]
    return see_other(
        request, f"/eldercare/{asked.visit_plan.organisation}/plans/{whose}?done=planned"
    )


def _kind(form: Form) -> pb.VisitKind.ValueType:
    known = {str(value): value for value in KINDS}
    return known.get(form.text("kind"), pb.VISIT_KIND_UNSPECIFIED)


def _end(start: datetime, form: Form) -> datetime:
    return (start + timedelta(minutes=plans.minutes(form))).astimezone(UTC)


def _lines(form: Form) -> list[str]:
    return [line.strip() for line in form.text("tasks").splitlines() if line.strip()]
