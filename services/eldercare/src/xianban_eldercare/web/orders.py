"""Ordering as the elder and the family see it: what there is, what it costs, what was ordered."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta

from starlette.requests import Request
from starlette.responses import Response
from xianban.eldercare.v1 import catalogue_pb2 as items
from xianban.eldercare.v1 import orders_pb2 as pb
from xianban.eldercare.v1 import subsidies_pb2
from xianban_sdk.clock import SHANGHAI
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
    subject,
)
from xianban_sdk.wire import stamp

from xianban_eldercare.web.clients import listing, ordering, subsidising
from xianban_eldercare.web.days import today, typed
from xianban_eldercare.web.home import file_of

HERE = "/eldercare/orders"
PAGE = 20
MOST = 200
KINDS = {
    items.SERVICE_KIND_MEAL: "meal",
    items.SERVICE_KIND_DAY_CARE: "day-care",
    items.SERVICE_KIND_CLEANING: "cleaning",
    items.SERVICE_KIND_BATHING: "bathing",
    items.SERVICE_KIND_PERSONAL_CARE: "personal-care",
    items.SERVICE_KIND_NURSING: "nursing",
    items.SERVICE_KIND_REHABILITATION: "rehabilitation",
    items.SERVICE_KIND_ESCORT: "escort",
}
UNITS = {
    items.SERVICE_UNIT_PORTION: "portion",
    items.SERVICE_UNIT_TIME: "time",
    items.SERVICE_UNIT_HOUR: "hour",
    items.SERVICE_UNIT_DAY: "day",
}
STATES = {
    pb.ORDER_STATE_PLACED: ("placed", "warn"),
    pb.ORDER_STATE_ACCEPTED: ("accepted", "info"),
    pb.ORDER_STATE_CHECKED_IN: ("checked-in", "info"),
    pb.ORDER_STATE_FULFILLED: ("fulfilled", "ok"),
    pb.ORDER_STATE_DECLINED: ("declined", "danger"),
    pb.ORDER_STATE_CANCELLED: ("cancelled", "plain"),
    pb.ORDER_STATE_NO_SHOW: ("no-show", "danger"),
    pb.ORDER_STATE_LAPSED: ("lapsed", "plain"),
    pb.ORDER_STATE_REFUNDED: ("refunded", "plain"),
}
# When a meal is ready, and when anything else is begun unless somebody says otherwise.
_NOON, _MORNING = time(11, 30), time(9)
# What is begun sooner can hardly be cooked or sent.
_SOONEST = timedelta(minutes=30)


async def orders(request: Request) -> Response:
    """My orders, my subsidies in one sentence, and what can be ordered near."""
    whose = subject(request)
    token = request.query_params.get("page_token", "")
    asked = pb.ListOrdersRequest(parent=whose, page_size=PAGE, page_token=token)
    found, account, (near, away) = await asyncio.gather(
        call(request, ordering.ListOrders, asked), account_of(request, whose), near_of(request)
    )
    next_token = found.next_page_token
    return render(
        request,
        "eldercare/orders.html",
        orders=found.orders,
        account=account,
        near=near,
        away=away,
        kinds=KINDS,
        units=UNITS,
        states=STATES,
        next_href=f"{HERE}?page_token={next_token}" if next_token else "",
        first_href=HERE if token else "",
    )


async def account_of(request: Request, whose: str) -> subsidies_pb2.SubsidyAccount | None:
    """The page stands without."""
    asked = subsidies_pb2.GetSubsidyAccountRequest(name=f"{whose}/subsidyAccount")
    return (await if_there(call(request, subsidising.GetSubsidyAccount, asked)))[0]


async def near_of(request: Request) -> tuple[list[items.ServiceItem], CallError | None]:
    """What is offered where the elder lives, today's meals first; nothing without a care file."""
    file, no_file = await file_of(request, subject(request))
    if file is None:
        return [], no_file
    asked = items.ListServiceItemsRequest(area=file.area, page_size=MOST)
    found, away = await if_there(call(request, listing.ListServiceItems, asked))
    near = list(found.service_items) if found else []
    return sorted(near, key=lambda one: one.kind != items.SERVICE_KIND_MEAL), away


async def order(request: Request) -> Response:
    return await _order_page(request)


async def _order_page(request: Request, problem: CallError | None = None) -> Response:
    name = f"{subject(request)}/orders/{request.path_params['order']}"
    found = await call(request, ordering.GetOrder, pb.GetOrderRequest(name=name))
    return render(
        request,
        "eldercare/order.html",
        status(problem),
        one=found,
        kinds=KINDS,
        units=UNITS,
        states=STATES,
        until=found.cancel_until_time if found.state == pb.ORDER_STATE_ACCEPTED else None,
        problem=problem,
    )


# -- ordering -------------------------------------------------------------------------------


async def new(request: Request) -> Response:
    """What it would cost stands above the button that orders it."""
    return await _form(request, _begun(request))


def _begun(request: Request) -> Form:
    query = request.query_params
    return Form({"quantity": query.get("quantity", "1"), "start": query.get("start", "")}, {})


async def _form(request: Request, form: Form, problem: CallError | None = None) -> Response:
    name = _item_name(request)
    item = await call(request, listing.GetServiceItem, items.GetServiceItemRequest(name=name))
    start = typed(form.text("start")) or _usual(item)
    asked = pb.QuoteOrderRequest(
        parent=subject(request),
        service_item=name,
        start_time=stamp(start),
        quantity=form.number("quantity", 1),
    )
    quote, refused = await attempt(call(request, ordering.QuoteOrder, asked))
    problem = problem or refused
    return render(
        request,
        "eldercare/order_new.html",
        status(problem),
        item=item,
        quote=quote,
        start=start.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M"),
        quantity=asked.quantity,
        note=form.text("note"),
        kinds=KINDS,
        units=UNITS,
        lines=QUOTE_LINES,
        problem=_on_the_form(problem),
    )


QUOTE_LINES = {
    pb.QUOTE_LINE_KIND_PRICE: "price",
    pb.QUOTE_LINE_KIND_SUBSIDY: "subsidy",
    pb.QUOTE_LINE_KIND_UNPAID: "unpaid",
    pb.QUOTE_LINE_KIND_OWN_SHARE: "own",
}


async def place(request: Request) -> Response:
    """For the sum that was shown; another one is shown before anything is ordered."""
    form = await read_form(request)
    start = typed(form.text("start"))
    if form.text("deed") == "quote" or start is None:
        return await _form(request, form)
    asked = pb.PlaceOrderRequest(
        parent=subject(request),
        service_item=_item_name(request),
        start_time=stamp(start),
        quantity=form.number("quantity"),
        note=form.text("note"),
        request_id=form.request_id,
    )
    if form.text("own_fen"):
        asked.own_fen = form.number("own_fen", -1)
    _, refused = await attempt(call(request, ordering.PlaceOrder, asked))
    if refused is not None:
        return await _form(request, form, refused)
    return see_other(request, f"{HERE}?done=ordered")


def _item_name(request: Request) -> str:
    path = request.path_params
    return f"organisations/{path['organisation']}/serviceItems/{path['item']}"


def _usual(item: items.ServiceItem) -> datetime:
    """The next usual hour of such a thing."""
    hour = _NOON if item.kind == items.SERVICE_KIND_MEAL else _MORNING
    first = datetime.combine(today(), hour, SHANGHAI)
    late = first < datetime.now(SHANGHAI) + _SOONEST
    return (first + timedelta(days=late)).astimezone(UTC)


def _on_the_form(refused: CallError | None) -> CallError | None:
    """The service's start_time is the form's start."""
    if refused is None:
        return None
    fields = {{"start_time": "start"}.get(key, key): one for key, one in refused.fields.items()}
    return CallError(refused.code, refused.reason, refused.message, refused.service, fields)


# -- afterwards -----------------------------------------------------------------------------


async def cancel(request: Request) -> Response:
    form = await read_form(request)
    asked = pb.CancelOrderRequest(
        name=_order_name(request), reason=form.text("reason"), request_id=form.request_id
    )
    _, refused = await attempt(call(request, ordering.CancelOrder, asked))
    if refused is not None:
        return await _order_page(request, refused)
    return see_other(request, f"{HERE}?done=order-cancelled")


async def rate(request: Request) -> Response:
    form = await read_form(request)
    asked = pb.RateOrderRequest(
        name=_order_name(request),
        stars=form.number("stars"),
        comment=form.text("comment"),
        request_id=form.request_id,
    )
    _, refused = await attempt(call(request, ordering.RateOrder, asked))
    if refused is not None:
        return await _order_page(request, refused)
    return see_other(request, f"{HERE}?done=rated")


def _order_name(request: Request) -> str:
    return f"{subject(request)}/orders/{request.path_params['order']}"


async def subsidies(request: Request) -> Response:
    """Where each fen came from and went."""
    whose = subject(request)
    token = request.query_params.get("page_token", "")
    asked = subsidies_pb2.ListSubsidyEntriesRequest(parent=whose, page_size=PAGE, page_token=token)
    account = subsidies_pb2.GetSubsidyAccountRequest(name=f"{whose}/subsidyAccount")
    found, mine = await asyncio.gather(
        call(request, subsidising.ListSubsidyEntries, asked),
        call(request, subsidising.GetSubsidyAccount, account),
    )
    path, next_token = f"{HERE}/subsidies", found.next_page_token
    return render(
        request,
        "eldercare/subsidies.html",
        account=mine,
        entries=found.entries,
        entry_kinds=ENTRIES,
        own_accounts=(
            subsidies_pb2.LEDGER_ACCOUNT_AVAILABLE,
            subsidies_pb2.LEDGER_ACCOUNT_RESERVED,
        ),
        accounts=ACCOUNTS,
        next_href=f"{path}?page_token={next_token}" if next_token else "",
        first_href=path if token else "",
    )


ENTRIES = {
    subsidies_pb2.ENTRY_KIND_GRANT: "grant",
    subsidies_pb2.ENTRY_KIND_RESERVE: "reserve",
    subsidies_pb2.ENTRY_KIND_RELEASE: "release",
    subsidies_pb2.ENTRY_KIND_SETTLE: "settle",
    subsidies_pb2.ENTRY_KIND_PAY: "pay",
    subsidies_pb2.ENTRY_KIND_EXPIRE: "expire",
    subsidies_pb2.ENTRY_KIND_CHARGE: "charge",
    subsidies_pb2.ENTRY_KIND_REVERSE: "reverse",
    subsidies_pb2.ENTRY_KIND_PAYOUT: "payout",
}
ACCOUNTS = {
    subsidies_pb2.LEDGER_ACCOUNT_DISTRICT: "district",
    subsidies_pb2.LEDGER_ACCOUNT_AVAILABLE: "available",
    subsidies_pb2.LEDGER_ACCOUNT_RESERVED: "reserved",
    subsidies_pb2.LEDGER_ACCOUNT_SUBSIDY_DUE: "subsidy-due",
    subsidies_pb2.LEDGER_ACCOUNT_OWN_SHARE: "own-share",
    subsidies_pb2.LEDGER_ACCOUNT_OWN_DUE: "own-due",
    subsidies_pb2.LEDGER_ACCOUNT_OWN_PAID: "own-paid",
    subsidies_pb2.LEDGER_ACCOUNT_SUBSIDY_PAID: "subsidy-paid",
}
