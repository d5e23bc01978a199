"""The sandbox's checkout page and its refund interface, mounted by the portal in the demo."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from xianban_parking.hookspecs import PaymentOrder
from xianban_sdk.clock import SystemClock
from xianban_sdk.settings import Settings
from xianban_sdk.signatures import installed_secret, verify
from xianban_sdk.web import Site, read_form, render

from xianban_plugin_parking_sandbox_pay.courier import Courier
from xianban_plugin_parking_sandbox_pay.plugin import SECRET
from xianban_plugin_parking_sandbox_pay.provider import CHECKOUT, MAX_BODY, REFUNDS
from xianban_plugin_parking_sandbox_pay.store import NoSuchOrder, RefundImpossible, Store
from xianban_plugin_parking_sandbox_pay.tokens import open_order

__all__ = ["Sandbox", "build", "site"]

DELAY: Final = timedelta(seconds=20)
# Button → (outcome, failure, delay, copies of the callback).
_CHOICES: Final[dict[str, tuple[Any, str, timedelta, int]]] = {
    "pay": ("captured", "", timedelta(), 1),
    "pay-later": ("captured", "", DELAY, 1),
    "pay-twice": ("captured", "", timedelta(), 2),
    "decline": ("failed", "CARD_DECLINED", timedelta(), 1),
    "no-money": ("failed", "INSUFFICIENT_FUNDS", timedelta(), 1),
}


@dataclass
class Sandbox:
    """What runs beside the pages."""

    secret: bytes
    store: Store
    courier: Courier


class _Pages:
    """The routes; `sandbox` is there while the portal runs."""

    def __init__(self) -> None:
        self.sandbox: Sandbox | None = None
        self.clock = SystemClock()

    async def show(self, request: Request) -> Response:
        """The checkout page of a sealed order."""
        token = request.query_params.get("order", "")
        order = self._order(token)
        state = await run_in_threadpool(self._open.store.seen, order)
        return render(
            request,
            "sandbox-pay/checkout.html",
            order=order,
            token=token,
            state=state,
            path=CHECKOUT,
        )

    async def choose(self, request: Request) -> Response:
        """A button of the page."""
        form = await read_form(request)
        token, choice = form.text("order"), form.text("choice")
        order = self._order(token)
        if choice == "refuse-refund":
            await run_in_threadpool(self._open.store.refuse_next_refund, order.payment)
        elif choice in _CHOICES:
            await run_in_threadpool(self._decide, order, choice)
        else:
            raise HTTPException(400)
        stays = choice in ("refuse-refund", "pay-later")
        back = f"{CHECKOUT}?{urlencode({'order': token})}"
        return RedirectResponse(back if stays else order.return_url, status_code=303)

    async def refund(self, request: Request) -> Response:
        """Parking asks for money back; proved by signature, once per key."""
        body = await request.body()
        try:
            if len(body) > MAX_BODY:
                raise PermissionError("too long")
            verify(self._open.secret, request.headers, body, self.clock.now())
        except PermissionError as error:
            return JSONResponse({"error": str(error)}, status_code=401)
        return await run_in_threadpool(self._refunded, orjson.loads(body))

    def _refunded(self, asked: dict[str, Any]) -> Response:
        try:
            self._open.store.refund(
                str(asked["payment"]), str(asked["refund"]), int(asked["amount_fen"])
            )
        except NoSuchOrder:
            return JSONResponse({"error": "NO_SUCH_ORDER"}, status_code=404)
        except RefundImpossible as error:
            return JSONResponse({"error": str(error)}, status_code=409)
        return JSONResponse({"state": "refunded"})

    def _decide(self, order: PaymentOrder, choice: str) -> None:
        state, failure, delay, copies = _CHOICES[choice]
        self._open.store.decide(
            order, state, self.clock.now(), failure=failure, delay=delay, copies=copies
        )
        self._open.courier.wake()

    @property
    def _open(self) -> Sandbox:
        if self.sandbox is None:
            raise HTTPException(404)
        return self.sandbox

    def _order(self, token: str) -> PaymentOrder:
        try:
            return open_order(self._open.secret, token)
        except PermissionError:
            raise HTTPException(404) from None


def build(settings: Settings | None = None) -> Site:
    """The site; outside a demo district it answers 404 everywhere."""
    pages = _Pages()

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        now = settings or Settings.load()
        if not now.demo:
            yield
            return
        secret = installed_secret(SECRET, now)
        store = Store(now.data / "sandbox-pay" / "orders.sqlite3")
        pages.sandbox = Sandbox(secret, store, Courier(store, secret, reach=now.inside))
        pages.sandbox.courier.start()
        try:
            yield
        finally:
            opened, pages.sandbox = pages.sandbox, None
            await run_in_threadpool(opened.courier.stop)
            store.close()

    return Site(
        name="sandbox-pay",
        package=__name__,
        texts="xianban_plugin_parking_sandbox_pay",
        routes=[
            Route(CHECKOUT, pages.show, methods=["GET"]),
            Route(CHECKOUT, pages.choose, methods=["POST"]),
            Route(REFUNDS, pages.refund, methods=["POST"]),
        ],
        machine_paths=(REFUNDS,),
        lifespan=lifespan,
    )


site = build()
