"""The cameras that are heard, and the authority each rests on."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from xianban.parking.v1 import cameras_pb2 as pb
from xianban.parking.v1 import parking_pb2
from xianban_sdk.web import CallError, Form, call, read_form, render, see_other, whole

from xianban_parking.web import times
from xianban_parking.web.clients import attempt, cameras, parking, status
from xianban_parking.web.shown import tail
from xianban_parking.web.staff import may_change, staff_only

PAGE = 50
MOST_LOTS = 200
SIGHTS = {
    pb.SIGHT_FIRE: "fire",
    pb.SIGHT_FIRE_LANE: "fire-lane",
    pb.SIGHT_PERSON_DOWN: "person-down",
    pb.SIGHT_CROWD: "crowd",
    pb.SIGHT_BARRIER_DAMAGE: "barrier-damage",
    pb.SIGHT_WATER: "water",
}
_NUMBERS = {key: number for number, key in SIGHTS.items()}


@staff_only
async def listing(request: Request) -> Response:
    return await _page(request)


async def _page(
    request: Request, form: Form | None = None, refused: CallError | None = None
) -> Response:
    asked = pb.ListCamerasRequest(
        page_size=PAGE, page_token=request.query_params.get("page_token", "")
    )
    found, lots = await asyncio.gather(
        call(request, cameras.ListCameras, asked),
        whole(request, parking.ListLots, parking_pb2.ListLotsRequest(page_size=MOST_LOTS)),
    )
    return render(
        request,
        "parking/operator_cameras.html",
        status(refused),
        cameras=found.cameras,
        next_token=found.next_page_token,
        lots=[(one.name, one.display_name) for one in lots],
        sights=SIGHTS,
        change=may_change(request),
        typed=form or Form({}, {}),
        problem=refused,
        tail=tail,
    )


@staff_only
async def register(request: Request) -> Response:
    form = await read_form(request)
    asked = pb.RegisterCameraRequest(
        camera=form.text("camera"),
        lot=form.text("lot"),
        place=form.text("place"),
        authority=form.text("authority"),
        basis=form.text("basis"),
        purpose=form.text("purpose"),
        sights=[_NUMBERS[key] for key in form.all("sights") if key in _NUMBERS],
        retention_days=form.number("retention_days"),
        end_time=times.typed(form.text("end_time")),
        request_id=form.request_id,
    )
    _, refused = await attempt(call(request, cameras.RegisterCamera, asked))
    return await _page(request, form, refused) if refused else _back(request, "registered")


@staff_only
async def retire(request: Request) -> Response:
    form = await read_form(request)
    asked = pb.RetireCameraRequest(
        name=f"cameras/{request.path_params['camera']}",
        reason=form.text("reason"),
        request_id=form.request_id,
    )
    _, refused = await attempt(call(request, cameras.RetireCamera, asked))
    return await _page(request, form, refused) if refused else _back(request, "retired")


def _back(request: Request, done: str) -> Response:
    return see_other(request, f"/parking/operator/cameras?done={done}")
