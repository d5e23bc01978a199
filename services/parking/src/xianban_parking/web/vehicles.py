"""My vehicles."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from xianban.parking.v1 import parking_pb2 as pb
from xianban_sdk.web import CallError, Form, call, read_form, render, see_other, subject

from xianban_parking.web.clients import attempt, parking, status
from xianban_parking.web.lots import vehicle_kind
from xianban_parking.web.shown import tail

PAGE = 50
# Somebody else registered the plate: the person may claim it.
TAKEN = "PLATE_TAKEN"


async def vehicles(request: Request) -> Response:
    return await _page(request, Form({}, {}), None)


async def add(request: Request) -> Response:
    parent, form = subject(request), await read_form(request)
    asked = pb.CreateVehicleRequest(
        parent=parent,
        plate=form.text("plate"),
        kind=vehicle_kind(form.text("kind")),
        claim=form.flag("claim"),
        request_id=form.request_id,
    )
    _, refused = await attempt(call(request, parking.CreateVehicle, asked))
    if refused:
        return await _page(request, form, refused)
    return see_other(request, "/parking/vehicles?done=added")


async def remove(request: Request) -> Response:
    form = await read_form(request)
    name = f"{subject(request)}/vehicles/{request.path_params['vehicle']}"
    asked = pb.DeleteVehicleRequest(name=name, request_id=form.request_id)
    await call(request, parking.DeleteVehicle, asked)
    return see_other(request, "/parking/vehicles?done=removed")


async def _page(request: Request, form: Form, refused: CallError | None) -> Response:
    asked = pb.ListVehiclesRequest(
        parent=subject(request),
        page_size=PAGE,
        page_token=request.query_params.get("page_token", ""),
    )
    found = await call(request, parking.ListVehicles, asked)
    return render(
        request,
        "parking/vehicles.html",
        status(refused),
        vehicles=[(tail(one.name), one) for one in found.vehicles],
        next_token=found.next_page_token,
        typed=form,
        problem=refused,
        taken=bool(refused and refused.reason == TAKEN) or form.flag("claim"),
    )
