"""Permits: the price explained before one applies, paying, giving back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from xianban.parking.v1 import parking_pb2 as pb
from xianban.parking.v1 import resources_pb2 as resources
from xianban_sdk.web import CallError, Form, call, read_form, render, see_other, subject
from xianban_sdk.web.formats import day

from xianban_parking.web.clients import attempt, parking, status
from xianban_parking.web.shown import tail
from xianban_parking.web.times import typed

PAGE = 20
LOTS = 200
MONTHS = (1, 3, 6, 12)
STATES = {
    resources.PERMIT_STATE_PENDING_PAYMENT: ("pending", "warn"),
    resources.PERMIT_STATE_ACTIVE: ("active", "ok"),
    resources.PERMIT_STATE_CANCELLED: ("cancelled", "plain"),
    resources.PERMIT_STATE_EXPIRED: ("expired", "plain"),
}
KINDS = (
    resources.PERMIT_KIND_RESIDENT,
    resources.PERMIT_KIND_CARER,
    resources.PERMIT_KIND_DISABLED,
    resources.PERMIT_KIND_COMPANY,
)


async def permits(request: Request) -> Response:
    return await permits_page(request, None)


async def permits_page(request: Request, refused: CallError | None) -> Response:
    asked = pb.ListPermitsRequest(
        parent=subject(request),
        page_size=PAGE,
        page_token=request.query_params.get("page_token", ""),
    )
    found = await call(request, parking.ListPermits, asked)
    return render(
        request,
        "parking/permits.html",
        status(refused),
        permits=[(tail(one.name), one) for one in found.permits],
        names=await lot_names(request),
        states=STATES,
        next_token=found.next_page_token,
        concession_missing=found.concession_consent_missing,
        problem=refused,
    )


async def lot_names(request: Request) -> dict[str, str]:
    found = await call(request, parking.ListLots, pb.ListLotsRequest(page_size=LOTS))
    return {lot.name: lot.display_name for lot in found.lots}


async def apply_form(request: Request) -> Response:
    """First the price with its derivation, then the plates."""
    return await _page(request, request.query_params, None)


async def apply(request: Request) -> Response:
    parent, form = subject(request), await read_form(request)
    asked = pb.CreatePermitRequest(
        parent=parent,
        kind=_kind(form.text("kind")),
        lot=form.text("lot"),
        plates=_plates(form),
        months=form.number("months"),
        start_time=typed(form.text("start")),
        request_id=form.request_id,
    )
    made, refused = await attempt(call(request, parking.CreatePermit, asked))
    if made is not None:
        return see_other(request, "/parking/permits?done=applied")
    return await _page(request, form.values, refused)


async def _page(request: Request, values: Mapping[str, str], refused: CallError | None) -> Response:
    typed_in = _typed(values)
    quote, problem = await _quote(request, typed_in) if typed_in["lot"] else (None, None)
    asked = pb.ListVehiclesRequest(parent=subject(request), page_size=20)
    own = await call(request, parking.ListVehicles, asked)
    return render(
        request,
        "parking/permit_new.html",
        status(refused or problem),
        typed=typed_in,
        quote=quote,
        problem=problem,
        refused=refused,
        lots=sorted((await lot_names(request)).items(), key=lambda pair: pair[1]),
        vehicles=list(own.vehicles),
        kinds=KINDS,
        months=MONTHS,
    )


def _typed(values: Mapping[str, str]) -> dict[str, str]:
    defaults = {"kind": "1", "lot": "", "months": "1", "start": day(datetime.now(UTC))}
    return {name: values.get(name, "") or default for name, default in defaults.items()}


async def _quote(
    request: Request, asked: Mapping[str, str]
) -> tuple[resources.Quote | None, CallError | None]:
    question = pb.QuotePermitRequest(
        parent=subject(request),
        kind=_kind(asked["kind"]),
        lot=asked["lot"],
        months=Form(asked, {}).number("months"),
        start_time=typed(asked["start"]),
    )
    return await attempt(call(request, parking.QuotePermit, question))


def _kind(text: str) -> resources.PermitKind.ValueType:
    known = {str(int(kind)): kind for kind in KINDS}
    return known.get(text, resources.PERMIT_KIND_UNSPECIFIED)


def _plates(form: Form) -> list[str]:
    other = form.text("plate")
    return [*form.all("plates"), *([other] if other else [])]


async def cancel(request: Request) -> Response:
    form = await read_form(request)
    name = f"{subject(request)}/permits/{request.path_params['permit']}"
    asked = pb.CancelPermitRequest(name=name, request_id=form.request_id)
    await call(request, parking.CancelPermit, asked)
    return see_other(request, "/parking/permits?done=returned")
