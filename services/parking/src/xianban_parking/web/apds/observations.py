"""APDS Observations: the newest count of each car park.

APDS observes vehicles and must name a method from a list without "count": `visual` is told where a
person set the number and `anpr` for feeds; the real source and verdict stand under `xianban`.
A car park whose count may not be shown has no observation.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from xianban.parking.v1 import parking_pb2 as pb
from xianban.parking.v1 import resources_pb2 as rs
from xianban_sdk.web import call, text

from xianban_parking.web.apds.answers import (
    ISSUER,
    Data,
    answer,
    at,
    for_programs,
    paged,
    problem,
    reference,
    seconds,
    words,
)
from xianban_parking.web.apds.places import all_lots, occupancy, point
from xianban_parking.web.clients import parking
from xianban_parking.web.shown import count, tail


@for_programs
async def observations(request: Request) -> Response:
    known = [observation(request, lot) for lot in await all_lots(request)]
    return paged(request, [one for one in known if one is not None])


@for_programs
async def one_observation(request: Request) -> Response:
    asked = pb.GetLotRequest(name=f"lots/{request.path_params['id']}")
    found = observation(request, await call(request, parking.GetLot, asked))
    if found is None:
        return problem(404, "NO_TRUSTWORTHY_COUNT", "there is no count that may be shown")
    return answer(request, found)


def observation(request: Request, lot: rs.Lot) -> Data | None:
    shown = count(lot.occupancy)
    if shown.free is None or shown.at is None:
        return None
    when = at(shown.at)
    spoken = f"{shown.free} {text(request, 'parking', 'count-of', capacity=shown.capacity)}"
    return {
        "id": tail(lot.name),
        "version": max(1, seconds(shown.at)),
        "method": "visual" if shown.source == "override" else "anpr",
        "observationStartTime": when,
        "creationDateTime": at(lot.occupancy.receive_time) or when,
        "description": words(request, spoken),
        "location": {"observerLocation": point(lot.position)},
        "elementIds": reference(tail(lot.name), kind="Place"),
        "observerOrganisation": reference(lot.operator or ISSUER, kind="Organisation"),
        "xianban": occupancy(lot),
    }
