"""Operators' pages: all lots and feeds, and one lot's count."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from xianban.parking.v1 import operator_pb2 as op
from xianban.parking.v1 import parking_pb2 as pb
from xianban.parking.v1 import resources_pb2 as resources
from xianban.parking.v1 import traffic_pb2
from xianban_sdk.web import (
    CallError,
    Form,
    call,
    person,
    read_form,
    render,
    roles_only,
    see_other,
    text,
)
from xianban_sdk.web.formats import day

from xianban_parking.web.clients import attempt, if_there, operator, parking, status, traffic
from xianban_parking.web.lots import area_names, shown_lot
from xianban_parking.web.shown import VERDICTS, tail

ROLES = ("parking-operator", "auditor")
MAY_CHANGE = "parking-operator"
PAGE = 50
OVERRIDE = "override"
DAYS = 30

# A page for operators and auditors; the services check again.
staff_only = roles_only(*ROLES)


def may_change(request: Request) -> bool:
    """An auditor looks and does not touch."""
    return MAY_CHANGE in person(request).roles


def lot_name(request: Request) -> str:
    return f"lots/{request.path_params['lot']}"


async def get_lot(request: Request) -> resources.Lot:
    return await call(request, parking.GetLot, pb.GetLotRequest(name=lot_name(request)))


@staff_only
async def overview(request: Request) -> Response:
    token = request.query_params.get("page_token", "")
    query = request.query_params.get("q", "").strip()[:64]
    asked = pb.ListLotsRequest(page_size=PAGE, page_token=token, query=query)
    sources = traffic_pb2.ListTrafficSourcesRequest(page_size=PAGE)
    found, feeds, roads = await asyncio.gather(
        call(request, parking.ListLots, asked),
        if_there(call(request, operator.ListFeeds, op.ListFeedsRequest(page_size=PAGE))),
        if_there(call(request, traffic.ListTrafficSources, sources)),
    )
    return render(
        request,
        "parking/operator.html",
        lots=[shown_lot(request, lot) for lot in found.lots],
        next_token=found.next_page_token,
        feeds=_named(feeds[0]),
        sources=_sources(request, feeds[0]),
        areas=dict(area_names(request)),
        feeds_away=feeds[1],
        traffic_sources=roads[0].traffic_sources if roads[0] else [],
        traffic_away=roads[1],
        verdicts=VERDICTS,
        query=query,
    )


def _named(found: op.ListFeedsResponse | None) -> list[tuple[str, op.Feed]]:
    return [(tail(one.name), one) for one in found.feeds] if found else []


def _sources(request: Request, found: op.ListFeedsResponse | None) -> dict[str, str]:
    """What a count's source is called: a feed, or somebody's hand."""
    named = {id_: one.display_name for id_, one in _named(found) if one.display_name}
    return named | {OVERRIDE: text(request, "parking", "source-by-hand")}


async def _feeds(request: Request) -> op.ListFeedsResponse | None:
    asked = op.ListFeedsRequest(page_size=PAGE)
    found, _ = await if_there(call(request, operator.ListFeeds, asked))
    return found


@staff_only
async def feed(request: Request) -> Response:
    """The refused items of a feed."""
    name = f"feeds/{request.path_params['feed']}"
    token = request.query_params.get("page_token", "")
    asked = op.ListFeedErrorsRequest(parent=name, page_size=PAGE, page_token=token)
    found = await call(request, operator.ListFeedErrors, asked)
    return render(
        request,
        "parking/operator_feed.html",
        feed=tail(name),
        feed_name=_sources(request, await _feeds(request)).get(tail(name), tail(name)),
        errors=found.errors,
        next_token=found.next_page_token,
    )


@staff_only
async def lot(request: Request) -> Response:
    return await lot_page(request)


async def lot_page(
    request: Request, form: Form | None = None, refused: CallError | None = None
) -> Response:
    found = await get_lot(request)
    begin, end = _days(request)
    asked = op.GetRevenueRequest(lot=found.name, start_date=begin, end_date=end)
    revenue, away = await attempt(call(request, operator.GetRevenue, asked))
    return render(
        request,
        "parking/operator_lot.html",
        status(refused),
        shown=shown_lot(request, found),
        sources=_sources(request, await _feeds(request)),
        typed=form or Form({}, {}),
        problem=refused,
        change=may_change(request),
        revenue=revenue,
        revenue_problem=away,
        rows=_revenue_rows(revenue),
        begin=begin,
        end=end,
    )


def _days(request: Request) -> tuple[str, str]:
    today = datetime.now(UTC)
    query = request.query_params
    begin = query.get("from") or day(today - timedelta(days=DAYS - 1))
    return begin, query.get("until") or day(today)


def _revenue_rows(revenue: op.Revenue | None) -> list[list[Any]]:
    """Yuan with two decimals: what the chart draws."""
    if revenue is None:
        return []
    days = revenue.days
    return [[one.date, _yuan(one.charged_fen), _yuan(one.collected_fen)] for one in days]


def _yuan(fen: int) -> str:
    return f"{fen / 100:.2f}"


@staff_only
async def override(request: Request) -> Response:
    form = await read_form(request)
    asked = op.OverrideOccupancyRequest(
        lot=lot_name(request),
        free=form.number("free", -1),
        minutes=form.number("minutes"),
        reason=form.text("reason"),
        request_id=form.request_id,
    )
    _, refused = await attempt(call(request, operator.OverrideOccupancy, asked))
    return await lot_page(request, form, refused) if refused else _back(request, "1")


@staff_only
async def clear_override(request: Request) -> Response:
    form = await read_form(request)
    asked = op.ClearOverrideRequest(lot=lot_name(request), request_id=form.request_id)
    _, refused = await attempt(call(request, operator.ClearOverride, asked))
    return await lot_page(request, form, refused) if refused else _back(request, "cleared")


def _back(request: Request, done: str) -> Response:
    return see_other(request, f"/parking/operator/{lot_name(request)}?done={done}")
