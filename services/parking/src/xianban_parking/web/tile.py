"""The line on the home page: where there is a place right now, and how old that knowledge is."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.requests import Request
from xianban.parking.v1 import parking_pb2 as pb
from xianban.parking.v1 import resources_pb2 as resources
from xianban_sdk.web import TileLine, call, text
from xianban_sdk.web.formats import age

from xianban_parking.web.clients import parking
from xianban_parking.web.shown import Count, count

LOOK_AT = 200


async def tile(request: Request) -> TileLine:
    asked = pb.ListLotsRequest(page_size=LOOK_AT, open_now=True)
    found = await call(request, parking.ListLots, asked)
    known = [(count(lot.occupancy), lot) for lot in found.lots]
    believable = [pair for pair in known if pair[0].free is not None]
    if not believable:
        return TileLine(text(request, "parking", "tile-unknown"), "warn")
    emptiest = max(believable, key=lambda pair: pair[0].free or 0)
    return _line(request, *emptiest, sum(shown.free or 0 for shown, _ in believable))


def _line(request: Request, shown: Count, lot: resources.Lot, total: int) -> TileLine:
    key, number = age(shown.at, datetime.now(UTC))
    ago = text(request, "kit", key, count=number)
    words = {"total": total, "lot": lot.display_name, "count": shown.free, "age": ago}
    return TileLine(text(request, "parking", "tile-free", **words), "ok" if total else "danger")
