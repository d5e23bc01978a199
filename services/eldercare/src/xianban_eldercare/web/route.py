"""今日路线: a carer's visits in order, and what is done at each."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from xianban.common.v1 import readings_pb2
from xianban.eldercare.v1 import visits_pb2 as pb
from xianban_sdk.web import (
    CallError,
    Form,
    attempt,
    call,
    read_form,
    render,
    roles_only,
    see_other,
    status,
    whole,
)
from xianban_sdk.wire import stamp

from xianban_eldercare.web.clients import visiting
from xianban_eldercare.web.days import local_day, midnight, today
from xianban_eldercare.web.home import file_of, state_of
from xianban_eldercare.web.visits import KINDS, STATES

ROLE = "carer"
_MOST = 200

# A page for carers; the service checks again.
carers_only = roles_only(ROLE)


@carers_only
async def route(request: Request) -> Response:
    """Today's visits, and those of tomorrow that begin within a day."""
    first = midnight(today())
    asked = pb.ListRouteRequest(
        start_time=stamp(first), end_time=stamp(first + timedelta(days=2)), page_size=_MOST
    )
    found = await whole(request, visiting.ListRoute, asked)
    mine = [one for one in found if local_day(one.start_time) == today()]
    open_ones = [one for one in mine if one.state in _OPEN]
    return render(
        request,
        "eldercare/route.html",
        today=mine,
        tomorrow=[one for one in found if local_day(one.start_time) > today()],
        next=open_ones[0] if open_ones else None,
        kinds=KINDS,
        states=STATES,
    )


_OPEN = (pb.VISIT_STATE_PLANNED, pb.VISIT_STATE_CHECKED_IN)


@carers_only
async def visit(request: Request) -> Response:
    return await _page(request)


async def _page(
    request: Request, form: Form | None = None, problem: CallError | None = None
) -> Response:
    whose, name = _names(request)
    found, (file, _), (state, _) = await asyncio.gather(
        call(request, visiting.GetVisit, pb.GetVisitRequest(name=name)),
        file_of(request, whose),
        state_of(request, whose),
    )
    return render(
        request,
        "eldercare/visit.html",
        status(problem),
        one=found,
        file=file,
        state=state,
        kinds=KINDS,
        states=STATES,
        typed=form or Form({}, {}),
        problem=problem,
    )


@carers_only
async def check_in(request: Request) -> Response:
    form = await read_form(request)
    asked = pb.CheckInVisitRequest(
        name=_names(request)[1],
        position=position_of(form),
        away_reason=form.text("away_reason"),
        request_id=form.request_id,
    )
    _, refused = await attempt(call(request, visiting.CheckInVisit, asked))
    return await _page(request, form, refused) if refused else _back(request, "checked-in")


@carers_only
async def check_out(request: Request) -> Response:
    form = await read_form(request)
    asked = pb.CheckOutVisitRequest(
        name=_names(request)[1],
        done=[int(one) for one in form.all("done") if one.isascii() and one.isdigit()],
        note=form.text("note"),
        request_id=form.request_id,
    )
    _, refused = await attempt(call(request, visiting.CheckOutVisit, asked))
    return await _page(request, form, refused) if refused else _back(request, "checked-out")


def _names(request: Request) -> tuple[str, str]:
    """The elder's and the visit's."""
    whose = f"residents/{request.path_params['resident']}"
    return whose, f"{whose}/visits/{request.path_params['visit']}"


def _back(request: Request, done: str) -> Response:
    at = request.path_params
    return see_other(request, f"/eldercare/route/{at['resident']}/{at['visit']}?done={done}")


def position_of(form: Form) -> readings_pb2.Position | None:
    """As the phone wrote it into the form; None where it could not."""
    try:
        return readings_pb2.Position(
            latitude=float(form.text("latitude")),
            longitude=float(form.text("longitude")),
            accuracy_m=float(form.text("accuracy") or 0),
        )
    except ValueError:
        return None
