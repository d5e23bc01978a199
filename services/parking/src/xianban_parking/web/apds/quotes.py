"""APDS Quotes: asked for and answered in one request; nothing is kept, so none can be fetched."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response
from ulid import ULID
from xianban.parking.v1 import parking_pb2 as pb
from xianban.parking.v1 import resources_pb2 as rs
from xianban_sdk.web import call
from xianban_sdk.web.formats import iso

from xianban_parking.web import times
from xianban_parking.web.apds.answers import Data, for_programs, paged, problem, reference, yuan
from xianban_parking.web.clients import parking

LIFE = timedelta(minutes=5)
STAY = ".stay"


@for_programs
async def quote(request: Request) -> Response:
    """A QuoteRightRequest for the right "{lot}.stay" from periodStart to periodEnd."""
    try:
        asked = json.loads(await request.body())
        lot, start, end = _read(cast("dict[str, Any]", asked))
    except (KeyError, IndexError, TypeError, ValueError):
        detail = "a QuoteRightRequest with referencedRightSpecifications ({lot}.stay) is needed"
        return problem(400, "NOT_A_QUOTE_REQUEST", detail)
    begin, leave = times.typed(start), times.typed(end)
    question = pb.QuoteStayRequest(lot=lot, start_time=begin, end_time=leave)
    found = await call(request, parking.QuoteStay, question)
    return paged(request, [_response(asked, lot, start, end, found)])


def _read(asked: dict[str, Any]) -> tuple[str, str, str]:
    first = asked["referencedRightSpecifications"][0]["rightSpecification"]["id"]
    return f"lots/{str(first).removesuffix(STAY)}", asked["periodStart"], asked["periodEnd"]


def _response(asked: dict[str, Any], lot: str, start: str, end: str, found: rs.Quote) -> Data:
    now = datetime.now(UTC)
    return {
        "id": str(ULID()),
        "version": 1,
        "start": start,
        "end": end,
        "requestTime": str(asked.get("requestTime") or iso(now)),
        "responseTime": iso(now),
        "quoteRequestId": reference(
            str(asked.get("id", "")), int(asked.get("version", 1)), "QuoteRightRequest"
        ),
        "options": [],
        "xianban": {
            "lot": lot,
            "currency": "CNY",
            "total": yuan(found.total_fen),
            "lines": [
                {"key": one.key, "text": one.text, "amount": yuan(one.amount_fen)}
                for one in found.lines
            ],
            "validUntil": iso(now + LIFE),
        },
    }
