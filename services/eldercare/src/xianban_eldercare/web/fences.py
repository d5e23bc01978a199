"""Places that an elder should not leave unnoticed: seen on a map, set without one."""

from __future__ import annotations

from typing import Any

import grpc
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from xianban.common.v1 import readings_pb2
from xianban.eldercare.v1 import whereabouts_pb2 as pb
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
    text,
)

from xianban_eldercare.web.clients import locating
from xianban_eldercare.web.home import file_of
from xianban_eldercare.web.shown import TRUSTED, VERDICTS, tail
from xianban_eldercare.web.whereabouts import here_of
from xianban_eldercare.web.whose import Whose, may_set

NEW = "new"
# Where the centre comes from: the home of the file, the locator now, or typed numbers.
SOURCES = ("kept", "home", "present", "typed")
MINUTES = 60
# The form has no field for these.
_FIELDS = {"fence": "", "fence.version": ""}


async def fences(request: Request) -> Response:
    here = here_of(request)
    asked = pb.ListFencesRequest(parent=here.resident)
    found = await call(request, locating.ListFences, asked)
    return render(
        request,
        "eldercare/fences.html",
        here=here,
        may_set=may_set(request, here),
        fences=[(tail(one.name), one, hours_of(one)) for one in found.fences],
    )


def hours_of(one: pb.Fence) -> tuple[str, str] | None:
    """From, until; None: all day."""
    if one.start_minute == one.end_minute:
        return None
    return _clock(one.start_minute), _clock(one.end_minute)


def _clock(minute: int) -> str:
    return f"{minute // MINUTES:02d}:{minute % MINUTES:02d}"


async def edit(request: Request) -> Response:
    here, number = here_of(request), request.path_params["fence"]
    fence = pb.Fence(radius_m=300, active=True)
    if number != NEW:
        fence = await _known(request, here, number)
    return _form(request, here, fence, Form(_typed(fence, number), {}))


async def _known(request: Request, here: Whose, number: str) -> pb.Fence:
    asked = pb.ListFencesRequest(parent=here.resident)
    found = await call(request, locating.ListFences, asked)
    known = {tail(one.name): one for one in found.fences}
    if number not in known:
        raise HTTPException(404)
    return known[number]


def _typed(fence: pb.Fence, number: str) -> dict[str, str]:
    hours = hours_of(fence) or ("", "")
    return {
        "display_name": fence.display_name,
        "radius_m": str(fence.radius_m),
        "start": hours[0],
        "end": hours[1],
        "active": "1" if fence.active else "",
        "source": "home" if number == NEW else "kept",
        "latitude": f"{fence.center.latitude:.5f}" if fence.HasField("center") else "",
        "longitude": f"{fence.center.longitude:.5f}" if fence.HasField("center") else "",
        "version": str(fence.version),
    }


def _form(
    request: Request,
    here: Whose,
    fence: pb.Fence,
    typed: Form,
    refused: CallError | None = None,
) -> Response:
    number = request.path_params["fence"]
    hidden = {"kept"} if number == NEW else set[str]()
    if here.staff:
        hidden.add("present")  # Where somebody is now is not the station's to know.
    return render(
        request,
        "eldercare/fence_edit.html",
        status(refused),
        here=here,
        may_set=may_set(request, here),
        number=number,
        fence=fence,
        typed=typed,
        sources=[one for one in SOURCES if one not in hidden],
        problem=refused,
    )


async def save(request: Request) -> Response:
    here, form = here_of(request), await read_form(request)
    try:
        wanted = await _wanted(request, here, form)
    except CallError as wrong:
        return _form(request, here, pb.Fence(), form, wrong)
    _, refused = await attempt(_sent(request, here, wanted, form))
    if refused is not None:
        refused = refused.renamed("fence.", "center.", names=_FIELDS)
        return _form(request, here, wanted, form, refused)
    return see_other(request, f"{here.path}/fences?done=saved")


async def _sent(request: Request, here: Whose, wanted: pb.Fence, form: Form) -> pb.Fence:
    if request.path_params["fence"] == NEW:
        made = pb.CreateFenceRequest(parent=here.resident, fence=wanted, request_id=form.request_id)
        return await call(request, locating.CreateFence, made)
    wanted.name = f"{here.resident}/fences/{request.path_params['fence']}"
    changed = pb.UpdateFenceRequest(fence=wanted, request_id=form.request_id)
    return await call(request, locating.UpdateFence, changed)


async def _wanted(request: Request, here: Whose, form: Form) -> pb.Fence:
    return pb.Fence(
        display_name=form.text("display_name"),
        center=await _center(request, here, form),
        radius_m=form.number("radius_m"),
        start_minute=_minute(request, form, "start"),
        end_minute=_minute(request, form, "end"),
        active=form.flag("active"),
        version=form.number("version"),
    )


async def _center(request: Request, here: Whose, form: Form) -> readings_pb2.Position:
    source = form.text("source")
    if source == "home":
        file, _ = await file_of(request, here.resident)
        if file is None or not file.HasField("home"):
            raise _wrong(request, "source", "fence-no-home")
        return file.home
    if source == "present" and not here.staff:
        return await _present(request, here)
    return readings_pb2.Position(
        latitude=_degrees(request, form, "latitude", 90),
        longitude=_degrees(request, form, "longitude", 180),
    )


async def _present(request: Request, here: Whose) -> readings_pb2.Position:
    asked = pb.GetWhereaboutsRequest(name=f"{here.resident}/whereabouts")
    found, _ = await if_there(call(request, locating.GetWhereabouts, asked))
    if found is None or not found.HasField("last"):
        raise _wrong(request, "source", "fence-no-present")
    if VERDICTS.get(found.last.verdict) not in TRUSTED:
        raise _wrong(request, "source", "fence-present-old")
    return found.last.position


def _degrees(request: Request, form: Form, name: str, most: int) -> float:
    try:
        value = float(form.text(name))
    except ValueError:
        value = float("nan")
    if not -most <= value <= most:
        raise _wrong(request, name, "fence-degrees-wrong", most=most)
    return value


def _minute(request: Request, form: Form, name: str) -> int:
    """`HH:MM`; empty: midnight."""
    typed = form.text(name) or "0:00"
    hour, _, minute = typed.partition(":")
    if not (hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60):
        raise _wrong(request, name, "fence-time-wrong")
    return int(hour) * MINUTES + int(minute)


def _wrong(request: Request, field: str, key: str, **values: Any) -> CallError:
    words = text(request, "eldercare", key, **values)
    code = grpc.StatusCode.INVALID_ARGUMENT
    return CallError(code, "FIELD_WRONG", words, "eldercare", {field: words})


async def remove(request: Request) -> Response:
    here, form = here_of(request), await read_form(request)
    name = f"{here.resident}/fences/{request.path_params['fence']}"
    asked = pb.DeleteFenceRequest(name=name, request_id=form.request_id)
    _, refused = await if_there(call(request, locating.DeleteFence, asked))
    gone = refused is None or refused.code is grpc.StatusCode.NOT_FOUND
    return see_other(request, f"{here.path}/fences?done={'removed' if gone else 'refused'}")
