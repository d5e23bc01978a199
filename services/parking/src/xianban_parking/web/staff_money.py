"""Operators' pages about money: arrears, payments with refunds, disputes, plate look-up."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from xianban.parking.v1 import operator_pb2 as op
from xianban_sdk.web import CallError, Form, call, read_form, render, see_other

from xianban_parking.web import times
from xianban_parking.web.clients import attempt, operator, status
from xianban_parking.web.payments import STATES
from xianban_parking.web.staff import get_lot, lot_name, may_change, staff_only

PAGE = 50


@staff_only
async def money(request: Request) -> Response:
    return await _money_page(request, None, None)


async def _money_page(request: Request, form: Form | None, refused: CallError | None) -> Response:
    name, query = lot_name(request), request.query_params
    asked = op.ListArrearsRequest(lot=name, page_size=PAGE, page_token=query.get("arrears", ""))
    arrears = await call(request, operator.ListArrears, asked)
    wanted = op.ListLotPaymentsRequest(lot=name, page_size=PAGE, page_token=query.get("paid", ""))
    paid = await call(request, operator.ListLotPayments, wanted)
    return render(
        request,
        "parking/operator_money.html",
        status(refused),
        lot=await get_lot(request),
        arrears=arrears,
        paid=paid,
        states=STATES,
        change=may_change(request),
        typed=form or Form({}, {}),
        chosen=query.get("refund", "") or (form.text("payment") if form else ""),
        problem=refused,
    )


@staff_only
async def refund(request: Request) -> Response:
    """A refund needs a fresh log-in (step-up): the portal asks for it and comes back."""
    form = await read_form(request)
    asked = op.RefundPaymentRequest(
        payment=form.text("payment"),
        amount_fen=fen(form.text("amount")),
        reason=form.text("reason"),
        request_id=form.request_id,
    )
    _, refused = await attempt(call(request, operator.RefundPayment, asked))
    if refused:
        return await _money_page(request, form, refused)
    return see_other(request, f"/parking/operator/{lot_name(request)}/money?done=1")


def fen(yuan: str) -> int:
    """ "12.5" → 1250, without floats; empty is 0, all that is left; the service refuses -1."""
    if not yuan:
        return 0
    whole, _, part = yuan.partition(".")
    digits = whole + part.ljust(2, "0")
    usable = digits.isascii() and digits.isdigit() and whole and len(part) <= 2 and len(whole) <= 9
    return int(digits) if usable else -1


@staff_only
async def disputes(request: Request) -> Response:
    return await _disputes_page(request, None, None)


async def _disputes_page(
    request: Request, form: Form | None, refused: CallError | None
) -> Response:
    token = request.query_params.get("page_token", "")
    asked = op.ListDisputesRequest(lot=lot_name(request), page_size=PAGE, page_token=token)
    found = await call(request, operator.ListDisputes, asked)
    return render(
        request,
        "parking/operator_disputes.html",
        status(refused),
        lot=await get_lot(request),
        disputes=found.disputes,
        next_token=found.next_page_token,
        change=may_change(request),
        typed=form or Form({}, {}),
        problem=refused,
    )


@staff_only
async def resolve(request: Request) -> Response:
    form = await read_form(request)
    asked = op.ResolveDisputeRequest(
        session=form.text("session"),
        exit_time=times.typed(form.text("exit_time")),
        waive=form.text("decision") == "waive",
        reason=form.text("reason"),
        request_id=form.request_id,
    )
    _, refused = await attempt(call(request, operator.ResolveDispute, asked))
    if refused:
        return await _disputes_page(request, form, refused)
    return see_other(request, f"/parking/operator/{lot_name(request)}/disputes?done=1")


@staff_only
async def plates(request: Request) -> Response:
    return await _plates_page(request)


@staff_only
async def look_up(request: Request) -> Response:
    form = await read_form(request)
    asked = op.LookUpPlateRequest(
        lot=lot_name(request),
        plate=form.text("plate"),
        reason=form.text("reason"),
        request_id=form.request_id,
    )
    found, refused = await attempt(call(request, operator.LookUpPlate, asked))
    return await _plates_page(request, form, found, refused)


async def _plates_page(
    request: Request,
    form: Form | None = None,
    found: op.LookUpPlateResponse | None = None,
    refused: CallError | None = None,
) -> Response:
    return render(
        request,
        "parking/operator_plates.html",
        status(refused),
        lot=await get_lot(request),
        typed=form or Form({}, {}),
        found=found,
        problem=refused,
        change=may_change(request),
    )
