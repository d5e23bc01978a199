"""An organisation's orders of a day, its catalogue, and its month's statement."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from xianban.eldercare.v1 import catalogue_pb2 as items
from xianban.eldercare.v1 import orders_pb2 as pb
from xianban.eldercare.v1 import subsidies_pb2
from xianban_sdk.clock import SHANGHAI
from xianban_sdk.web import (
    CallError,
    Form,
    attempt,
    call,
    person,
    read_form,
    render,
    see_other,
    status,
    text,
    viewer_of,
)

from xianban_eldercare.web.clients import listing, ordering, subsidising
from xianban_eldercare.web.days import today
from xianban_eldercare.web.file import MANAGER
from xianban_eldercare.web.orders import ACCOUNTS, ENTRIES, KINDS, MOST, STATES, UNITS
from xianban_eldercare.web.organisations import carers_of, managers_only, organisation_of
from xianban_eldercare.web.route import ROLE as CARER
from xianban_eldercare.web.route import position_of

CIVIL_AFFAIRS = "civil-affairs"
_LINES = 500
View = Callable[[Request], Awaitable[Response]]


def _for(*roles: str) -> Callable[[View], View]:
    """A page for these roles; the service checks again."""

    def guard(view: View) -> View:
        async def guarded(request: Request) -> Response:
            if person(request).roles.isdisjoint(roles):
                raise HTTPException(403)
            return await view(request)

        return guarded

    return guard


# -- the day --------------------------------------------------------------------------------


@_for(MANAGER, CARER)
async def orders(request: Request) -> Response:
    return await _day_page(request)


async def _day_page(request: Request, problem: CallError | None = None) -> Response:
    here, day = await organisation_of(request), _day(request)
    asked = pb.ListOrganisationOrdersRequest(
        parent=here.name,
        date=day.isoformat(),
        page_size=MOST,
        page_token=request.query_params.get("page_token", ""),
    )
    found, carers = await asyncio.gather(
        call(request, ordering.ListOrganisationOrders, asked), _carers(request, here.name)
    )
    path, token = f"/eldercare/{here.name}/orders", found.next_page_token
    return render(
        request,
        "eldercare/day_orders.html",
        status(problem),
        here=here,
        day=day.isoformat(),
        orders=found.orders,
        before=(day - timedelta(days=1)).isoformat(),
        after=(day + timedelta(days=1)).isoformat(),
        kinds=KINDS,
        units=UNITS,
        states=STATES,
        manager=MANAGER in person(request).roles,
        carers=carers,
        # Whoever forgot to check out of a visit can't any more.
        unended=day < today() - timedelta(days=1),
        next_href=f"{path}?day={day}&page_token={token}" if token else "",
        problem=problem,
    )


async def _carers(request: Request, organisation: str) -> list[tuple[str, str]]:
    """Whom a manager may send."""
    if MANAGER not in person(request).roles:
        return []
    return await carers_of(request, organisation)


def _day(request: Request) -> date:
    try:
        wanted = date.fromisoformat(request.query_params.get("day", ""))
    except ValueError:
        return today()
    return wanted if abs(wanted - today()) < timedelta(days=3650) else today()


@_for(MANAGER, CARER)
async def act(request: Request) -> Response:
    """One deed of the day's list; the list comes back to the same day."""
    deed = DEEDS.get(request.path_params["deed"])
    if deed is None:
        raise HTTPException(404)
    form, path = await read_form(request), request.path_params
    name = f"residents/{path['resident']}/orders/{path['order']}"
    _, refused = await attempt(deed(request, name, form))
    if refused is not None:
        return await _day_page(request, refused)
    here = f"/eldercare/organisations/{path['organisation']}/orders"
    return see_other(request, f"{here}?day={_day(request)}&done=order-{path['deed']}")


Deed = Callable[[Request, str, Form], Awaitable[pb.Order]]


def _plain(method: Any, kind: Any) -> Deed:
    """A deed that needs nothing but its order."""

    def deed(request: Request, name: str, form: Form) -> Awaitable[pb.Order]:
        return call(request, method, kind(name=name, request_id=form.request_id))

    return deed


def _check_in(request: Request, name: str, form: Form) -> Awaitable[pb.Order]:
    """Where it was pressed goes along as far as the phone knows."""
    asked = pb.CheckInOrderRequest(
        name=name, position=position_of(form), request_id=form.request_id
    )
    return call(request, ordering.CheckInOrder, asked)


def _send(request: Request, name: str, form: Form) -> Awaitable[pb.Order]:
    asked = pb.PlanOrderVisitRequest(
        name=name,
        carer=form.text("carer"),
        minutes=form.number("minutes"),
        travel_minutes=form.number("travel_minutes"),
        request_id=form.request_id,
    )
    return call(request, ordering.PlanOrderVisit, asked)


def _decline(request: Request, name: str, form: Form) -> Awaitable[pb.Order]:
    asked = pb.DeclineOrderRequest(
        name=name, reason=form.text("reason"), request_id=form.request_id
    )
    return call(request, ordering.DeclineOrder, asked)


def _complete(request: Request, name: str, form: Form) -> Awaitable[pb.Order]:
    asked = pb.CompleteOrderRequest(
        name=name, receipt=form.text("receipt"), request_id=form.request_id
    )
    return call(request, ordering.CompleteOrder, asked)


def _pay(request: Request, name: str, form: Form) -> Awaitable[pb.Order]:
    asked = pb.RecordOwnPaymentRequest(
        name=name, receipt=form.text("receipt"), request_id=form.request_id
    )
    return call(request, ordering.RecordOwnPayment, asked)


def _refund(request: Request, name: str, form: Form) -> Awaitable[pb.Order]:
    asked = pb.RefundOrderRequest(name=name, reason=form.text("reason"), request_id=form.request_id)
    return call(request, ordering.RefundOrder, asked)


DEEDS: dict[str, Deed] = {
    "accept": _plain(ordering.AcceptOrder, pb.AcceptOrderRequest),
    "send": _send,
    "decline": _decline,
    "check-in": _check_in,
    "complete": _complete,
    "no-show": _plain(ordering.ReportNoShow, pb.ReportNoShowRequest),
    "pay": _pay,
    "refund": _refund,
}


# -- the catalogue --------------------------------------------------------------------------


@managers_only
async def catalogue(request: Request) -> Response:
    return await _catalogue_page(request, Form({}, {}))


async def _catalogue_page(
    request: Request, form: Form, problem: CallError | None = None
) -> Response:
    here = await organisation_of(request)
    asked = items.ListServiceItemsRequest(organisation=here.name, page_size=MOST)
    found = await call(request, listing.ListServiceItems, asked)
    return render(
        request,
        "eldercare/catalogue.html",
        status(problem),
        here=here,
        items=found.service_items,
        kinds=KINDS,
        units=UNITS,
        typed=form,
        problem=problem,
    )


@managers_only
async def save_item(request: Request) -> Response:
    """A new line, or a new version of one."""
    form = await read_form(request)
    here = f"organisations/{request.path_params['organisation']}"
    item = items.ServiceItem(
        name=f"{here}/serviceItems/{form.text('id')}",
        kind=_chosen(KINDS, form.text("kind")),
        unit=_chosen(UNITS, form.text("unit")),
        display_name=form.text("display_name"),
        display_name_en=form.text("display_name_en"),
        price_fen=fen(form.text("price")),
        daily_capacity=form.number("daily_capacity", -1),
        area=form.text("area"),
        at_home=form.flag("at_home"),
        active=form.flag("active"),
        version=form.number("version"),
    )
    asked = items.UpdateServiceItemRequest(service_item=item, request_id=form.request_id)
    _, refused = await attempt(call(request, listing.UpdateServiceItem, asked))
    if refused is not None:
        return await _catalogue_page(request, form, _on_the_form(refused))
    return see_other(request, f"/eldercare/{here}/catalogue?done=item-saved")


def _chosen(known: dict[Any, str], written: str) -> Any:
    """Nothing chosen is the service's to refuse."""
    return next((value for value in known if str(value) == written), 0)


def fen(yuan: str) -> int:
    """ "12.5" → 1250, without floats; what is no price the service refuses."""
    whole, _, part = yuan.partition(".")
    digits = whole + part.ljust(2, "0")
    usable = digits.isascii() and digits.isdigit() and whole and len(part) <= 2 and len(whole) <= 9
    return int(digits) if usable else -1


def _on_the_form(refused: CallError) -> CallError:
    names = {"price_fen": "price", "name": "id"}
    fields = {
        names.get(own, own): words
        for own, words in (
            (key.removeprefix("service_item."), words) for key, words in refused.fields.items()
        )
    }
    return CallError(refused.code, refused.reason, refused.message, refused.service, fields)


# -- the month ------------------------------------------------------------------------------


@_for(MANAGER, CIVIL_AFFAIRS)
async def statement(request: Request) -> Response:
    return await statement_page(request)


async def statement_page(
    request: Request, form: Form | None = None, problem: CallError | None = None
) -> Response:
    """A month of the organisation; for civil affairs with a form for what was paid."""
    here, month = await organisation_of(request), _month(request)
    token = request.query_params.get("page_token", "")
    asked = subsidies_pb2.GetStatementRequest(parent=here.name, month=month)
    lines = subsidies_pb2.ListStatementEntriesRequest(
        parent=here.name, month=month, page_size=50, page_token=token
    )
    found = await call(request, subsidising.GetStatement, asked)
    page = await call(request, subsidising.ListStatementEntries, lines)
    path = f"/eldercare/{here.name}/statement"
    return render(
        request,
        "eldercare/statement.html",
        status(problem),
        here=here,
        pays=CIVIL_AFFAIRS in person(request).roles,
        typed=form or Form({}, {}),
        problem=problem,
        month=month,
        statement=found,
        entries=page.entries,
        entry_kinds=ENTRIES,
        accounts=ACCOUNTS,
        path=path,
        next_href=f"{path}?month={month}&page_token={page.next_page_token}"
        if page.next_page_token
        else "",
        first_href=f"{path}?month={month}" if token else "",
    )


def _month(request: Request) -> str:
    wanted = request.query_params.get("month", "")
    try:
        return date.fromisoformat(f"{wanted}-01").isoformat()[:7]
    except ValueError:
        return today().isoformat()[:7]


@_for(MANAGER, CIVIL_AFFAIRS)
async def statement_csv(request: Request) -> Response:
    """All lines, page by page as they come; a spreadsheet opens it as it is."""
    here, month = await organisation_of(request), _month(request)
    first = await _lines(request, here.name, month, "")
    told = {"content-disposition": f'attachment; filename="statement-{month}.csv"'}
    rows = _rows(request, here.name, month, first)
    return StreamingResponse(rows, headers=told, media_type="text/csv; charset=utf-8")


async def _lines(
    request: Request, parent: str, month: str, token: str
) -> subsidies_pb2.ListStatementEntriesResponse:
    asked = subsidies_pb2.ListStatementEntriesRequest(
        parent=parent, month=month, page_size=_LINES, page_token=token
    )
    return await call(request, subsidising.ListStatementEntries, asked)


async def _rows(
    request: Request,
    parent: str,
    month: str,
    page: subsidies_pb2.ListStatementEntriesResponse,
) -> AsyncIterator[str]:
    heads = ("entry", "kind", "time", "order", "item", "account", "amount")
    # A mark for spreadsheets that the file is UTF-8.
    yield "\ufeff" + _line([text(request, "eldercare", f"csv-{head}") for head in heads])
    while True:
        for one in page.entries:
            for posting in one.postings:
                yield _line(_cells(request, one, posting))
        if not page.next_page_token:
            return
        page = await _lines(request, parent, month, page.next_page_token)


def _cells(
    request: Request, one: subsidies_pb2.LedgerEntry, posting: subsidies_pb2.Posting
) -> list[str]:
    chinese = viewer_of(request).locale == "zh-CN"
    sign, amount = "-" if posting.amount_fen < 0 else "", abs(posting.amount_fen)
    return [
        one.entry,
        text(request, "eldercare", f"entry-{ENTRIES.get(one.kind, 'grant')}"),
        one.book_time.ToDatetime(UTC).astimezone(SHANGHAI).isoformat(timespec="seconds"),
        one.order,
        one.display_name if chinese else one.display_name_en,
        text(request, "eldercare", f"account-{ACCOUNTS.get(posting.account, 'district')}"),
        f"{sign}{amount // 100}.{amount % 100:02d}",
    ]


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    # A cell that begins like a formula would be one in a spreadsheet.
    csv.writer(out).writerow([f"'{one}" if one[:1] in "=+@" else one for one in cells])
    return out.getvalue()
