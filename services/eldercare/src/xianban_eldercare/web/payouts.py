"""Civil affairs says that an organisation has been paid."""

from __future__ import annotations

from decimal import Decimal

import grpc
from starlette.requests import Request
from starlette.responses import Response
from xianban.eldercare.v1 import subsidies_pb2 as pb
from xianban_sdk.web import CallError, attempt, call, read_form, roles_only, see_other, text

from xianban_eldercare.web.clients import subsidising
from xianban_eldercare.web.day_orders import CIVIL_AFFAIRS, statement_page

__all__ = ["record"]

_FEN = 100
_MOST_DIGITS = 12
# A thousand million yuan.
_MOST_FEN = 100_000_000_000


@roles_only(CIVIL_AFFAIRS)
async def record(request: Request) -> Response:
    form = await read_form(request)
    here = f"organisations/{request.path_params['organisation']}"
    try:
        fen = _fen(request, form.text("amount"))
    except CallError as wrong:
        return await statement_page(request, form, wrong)
    asked = pb.RecordPayoutRequest(
        parent=here,
        amount_fen=fen,
        reference=form.text("reference"),
        request_id=form.request_id,
    )
    _, refused = await attempt(call(request, subsidising.RecordPayout, asked))
    if refused is not None:
        return await statement_page(request, form, refused.renamed(names={"amount_fen": "amount"}))
    return see_other(request, f"/eldercare/{here}/statement?done=payout")


def _fen(request: Request, typed: str) -> int:
    """120.50 → 12050, without a float of money."""
    try:
        fen = Decimal(typed) * _FEN if len(typed) <= _MOST_DIGITS else Decimal("NaN")
    except ArithmeticError:  # no number, or one beyond what can be counted with
        fen = Decimal("NaN")
    if not fen.is_finite() or fen != fen.to_integral_value() or not 0 < fen <= _MOST_FEN:
        words = text(request, "eldercare", "payout-amount-bad")
        code = grpc.StatusCode.INVALID_ARGUMENT
        raise CallError(code, "AMOUNT_EXPECTED", words, "eldercare", {"amount": words})
    return int(fen)
