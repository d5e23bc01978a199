"""Reserving a place, and what shows it at the gate: on the screen or on paper."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from xianban.parking.v1 import parking_pb2 as pb
from xianban.parking.v1 import resources_pb2 as resources
from xianban_sdk.web import Form, call, read_form, render, see_other, subject, text
from xianban_sdk.web.qr import qr_svg

from xianban_parking.web import times
from xianban_parking.web.clients import attempt, parking, status
from xianban_parking.web.lots import lot_page
from xianban_parking.web.shown import tail

PAGE = 20
STATES = {
    resources.RESERVATION_STATE_CONFIRMED: ("confirmed", "ok"),
    resources.RESERVATION_STATE_USED: ("used", "info"),
    resources.RESERVATION_STATE_CANCELLED: ("cancelled", "plain"),
    resources.RESERVATION_STATE_NO_SHOW: ("no-show", "warn"),
    resources.RESERVATION_STATE_OVERSTAYED: ("overstayed", "danger"),
    resources.RESERVATION_STATE_SUBSTITUTED: ("substituted", "info"),
    resources.RESERVATION_STATE_COMPLETED: ("completed", "plain"),
}
# While one of these holds, the gate still asks for the token.
_AT_THE_GATE = frozenset(
    {
        resources.RESERVATION_STATE_CONFIRMED,
        resources.RESERVATION_STATE_USED,
        resources.RESERVATION_STATE_OVERSTAYED,
    }
)


async def reserve(request: Request) -> Response:
    parent, form = subject(request), await read_form(request)
    lot_name = f"lots/{request.path_params['lot']}"
    asked = pb.CreateReservationRequest(
        parent=parent,
        lot=lot_name,
        plate=plate_of(form),
        start_time=times.typed(form.text("start_time")),
        end_time=times.typed(form.text("end_time")),
        accessible=form.flag("accessible"),
        ev_charging=form.flag("ev_charging"),
        request_id=form.request_id,
    )
    made, refused = await attempt(call(request, parking.CreateReservation, asked))
    if made is not None:
        return see_other(request, f"/parking/reservations/{tail(made.name)}?new=1")
    found = await call(request, parking.GetLot, pb.GetLotRequest(name=lot_name))
    return await lot_page(request, found, dict(form.values), refused, status(refused))


def plate_of(form: Form) -> str:
    """What was typed, else the vehicle that was chosen."""
    return form.text("plate") or form.text("vehicle")


async def reservations(request: Request) -> Response:
    asked = pb.ListReservationsRequest(
        parent=subject(request),
        page_size=PAGE,
        page_token=request.query_params.get("page_token", ""),
    )
    found = await call(request, parking.ListReservations, asked)
    return render(
        request,
        "parking/reservations.html",
        reservations=found.reservations,
        states=STATES,
        next_token=found.next_page_token,
    )


def detail(template: str) -> Callable[[Request], Awaitable[Response]]:
    """The same reservation on the screen or for paper."""

    async def page(request: Request) -> Response:
        name = f"{subject(request)}/reservations/{request.path_params['reservation']}"
        found = await call(request, parking.GetReservation, pb.GetReservationRequest(name=name))
        return render(
            request,
            template,
            one=found,
            id=tail(name),
            state=STATES.get(found.state, ("unknown", "plain")),
            qr=_qr(request, found),
            new="new" in request.query_params,
        )

    return page


def _qr(request: Request, found: resources.Reservation) -> str:
    if not found.gate_token or found.state not in _AT_THE_GATE:
        return ""
    return qr_svg(found.gate_token, text(request, "parking", "reservation-qr-label"))


async def cancel(request: Request) -> Response:
    form = await read_form(request)
    name = f"{subject(request)}/reservations/{request.path_params['reservation']}"
    asked = pb.CancelReservationRequest(name=name, request_id=form.request_id)
    await call(request, parking.CancelReservation, asked)
    return see_other(request, f"/parking/reservations/{tail(name)}")
