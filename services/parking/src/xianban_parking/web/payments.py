"""Paying: to the provider and back, and waiting until the money is there; receipts."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from xianban.parking.v1 import parking_pb2 as pb
from xianban.parking.v1 import resources_pb2 as resources
from xianban_sdk.settings import Settings
from xianban_sdk.web import call, local_path, read_form, render, see_other, subject

from xianban_parking.web.clients import attempt, parking
from xianban_parking.web.permits import permits_page
from xianban_parking.web.sessions import session_page
from xianban_parking.web.shown import tail

PAGE = 20
STATES = {
    resources.PAYMENT_STATE_PENDING: ("pending", "info"),
    resources.PAYMENT_STATE_AUTHORISED: ("authorised", "info"),
    resources.PAYMENT_STATE_CAPTURED: ("captured", "ok"),
    resources.PAYMENT_STATE_FAILED: ("failed", "danger"),
    resources.PAYMENT_STATE_REFUNDED: ("refunded", "plain"),
    resources.PAYMENT_STATE_PARTLY_REFUNDED: ("partly-refunded", "plain"),
    resources.PAYMENT_STATE_EXPIRED: ("expired", "warn"),
}
# The outcome is still to come: the page keeps asking.
_WAITING = frozenset({resources.PAYMENT_STATE_PENDING, resources.PAYMENT_STATE_AUTHORISED})


async def pay(request: Request) -> Response:
    """Starts a payment and goes to the provider, or shows what stands in the way."""
    parent, form = subject(request), await read_form(request)
    kind, id_ = form.text("kind"), form.text("id")
    asked = pb.CreatePaymentRequest(
        parent=parent,
        payable=f"{parent}/{kind}/{id_}",
        expected_fen=form.number("expected_fen"),
        provider=form.text("provider"),
        request_id=form.request_id,
    )
    made, refused = await attempt(call(request, parking.CreatePayment, asked))
    if made is not None:
        return see_other(request, _onwards(request, made))
    if kind == "permits":
        return await permits_page(request, refused)
    return await session_page(request, id_, form, refused)


def _onwards(request: Request, made: resources.Payment) -> str:
    """Straight to the provider where it lives here; else to a page with the link.

    A form may only lead to this site (Content-Security-Policy form-action), so another
    site is reached by a link that the person follows.
    """
    own = f"/parking/payments/{tail(made.name)}"
    settings: Settings = request.app.state.settings
    to, here = urlsplit(made.pay_url), urlsplit(settings.issuer)
    if made.pay_url and (not to.netloc or to.netloc == here.netloc):
        return local_path(to._replace(scheme="", netloc="").geturl(), own)
    return own


async def payments(request: Request) -> Response:
    asked = pb.ListPaymentsRequest(
        parent=subject(request),
        page_size=PAGE,
        page_token=request.query_params.get("page_token", ""),
    )
    found = await call(request, parking.ListPayments, asked)
    return render(
        request,
        "parking/payments.html",
        payments=found.payments,
        states=STATES,
        next_token=found.next_page_token,
    )


async def payment(request: Request) -> Response:
    return await _payment(request, "parking/payment.html")


async def payment_state(request: Request) -> Response:
    """The part of the page that HTMX asks for until the outcome is known."""
    return await _payment(request, "parking/payment_state.html")


async def _payment(request: Request, template: str) -> Response:
    name = f"{subject(request)}/payments/{request.path_params['payment']}"
    found = await call(request, parking.GetPayment, pb.GetPaymentRequest(name=name))
    return render(
        request,
        template,
        one=found,
        id=tail(name),
        state=STATES.get(found.state, ("unknown", "plain")),
        waiting=found.state in _WAITING,
        pay_url=_safe(found.pay_url),
        payable=found.payable.split("/")[-2:],
    )


def _safe(url: str) -> str:
    """Only web addresses become links."""
    return url if urlsplit(url).scheme in ("", "https", "http") else ""


async def receipts(request: Request) -> Response:
    asked = pb.ListReceiptsRequest(
        parent=subject(request),
        page_size=PAGE,
        page_token=request.query_params.get("page_token", ""),
    )
    found = await call(request, parking.ListReceipts, asked)
    return render(
        request,
        "parking/receipts.html",
        receipts=found.receipts,
        next_token=found.next_page_token,
    )


async def receipt(request: Request) -> Response:
    name = f"{subject(request)}/receipts/{request.path_params['receipt']}"
    found = await call(request, parking.GetReceipt, pb.GetReceiptRequest(name=name))
    return render(request, "parking/receipt.html", one=found)
