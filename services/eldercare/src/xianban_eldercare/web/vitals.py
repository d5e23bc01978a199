"""One quantity over a day or a week, with the person's own band."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response
from xianban.eldercare.v1 import monitoring_pb2 as pb
from xianban_sdk.clock import SHANGHAI
from xianban_sdk.web import call, render, subject
from xianban_sdk.web.formats import moment
from xianban_sdk.wire import stamp

from xianban_eldercare.web.clients import monitoring
from xianban_eldercare.web.home import state_of
from xianban_eldercare.web.shown import Measure, measure, number

HOUR = timedelta(hours=1)
SPANS = {"day": 24, "week": 168}
MOST = 1000

Row = tuple[str | None, ...]


async def vital(request: Request) -> Response:
    whose, kind = subject(request), request.path_params["kind"]
    span = request.query_params.get("span", "day")
    span = span if span in SPANS else "day"
    begin = _hour(datetime.now(UTC)) - HOUR * (SPANS[span] - 1)
    asked = pb.ListVitalPointsRequest(
        parent=whose, kind=kind, start_time=stamp(begin), end_time=stamp(datetime.now(UTC)),
        page_size=MOST,
    )  # fmt: skip
    found, (state, away) = await asyncio.gather(
        call(request, monitoring.ListVitalPoints, asked), state_of(request, whose)
    )
    vitals = [measure(one) for one in state.vitals] if state else []
    current = next((one for one in vitals if one.kind == kind), None)
    return render(
        request,
        "eldercare/vital.html",
        kind=kind,
        span=span,
        spans=list(SPANS),
        one=current,
        away=away,
        others=vitals,
        rows=rows(found.points, begin, SPANS[span], current) if found.points else [],
    )


def rows(
    points: Iterable[pb.VitalPoint], begin: datetime, count: int, band: Measure | None
) -> list[Row]:
    """Hour, mean, least, greatest, and the limits there are; a gap where nothing is believable."""
    found = {_hour(at): one for one in points if (at := moment(one.time)) is not None}
    limits = [limit for limit in (band.low, band.high) if limit] if band else []
    slots = [begin + HOUR * index for index in range(count)]
    day_too = count > SPANS["day"]
    return [(_label(slot, day_too), *_numbers(found.get(slot)), *limits) for slot in slots]


def _numbers(point: pb.VitalPoint | None) -> tuple[str | None, str | None, str | None]:
    if point is None or not point.HasField("value"):
        return None, None, None
    least = point.low if point.HasField("low") else point.value
    most = point.high if point.HasField("high") else point.value
    return number(point.value), number(least), number(most)


def _label(at: datetime, day_too: bool) -> str:
    return at.astimezone(SHANGHAI).strftime("%m-%d %H:%M" if day_too else "%H:%M")


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
