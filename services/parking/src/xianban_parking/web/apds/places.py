"""APDS Places: areas as IdentifiedArea on layer 0, car parks as Place on layer 1.

Occupancy stands in the place's demand table, and only while its verdict allows a number. What
APDS has no words for (the verdict, its age, OSM opening hours, height bars) is under `xianban`.
"""

from __future__ import annotations

import math

from starlette.requests import Request
from starlette.responses import Response
from xianban.parking.v1 import parking_pb2 as pb
from xianban.parking.v1 import resources_pb2 as rs
from xianban_sdk.web import call

from xianban_parking.web.apds.answers import (
    ISSUER,
    MADE,
    Data,
    answer,
    at,
    for_programs,
    paged,
    problem,
    reference,
    wanted,
    words,
)
from xianban_parking.web.clients import parking
from xianban_parking.web.shown import count, tail

PAGES = 10
EARTH_M = 6_371_000
AREA = "area-"


async def all_lots(request: Request) -> list[rs.Lot]:
    """Every lot that the query's filters leave, in one list."""
    found: list[rs.Lot] = []
    token = ""
    for _ in range(PAGES):
        asked = pb.ListLotsRequest(page_size=200, page_token=token)
        page = await call(request, parking.ListLots, asked)
        found += page.lots
        token = page.next_page_token
        if not token:
            break
    return [lot for lot in found if _fits(request, lot)]


def _fits(request: Request, lot: rs.Lot) -> bool:
    ids, name = wanted(request, "place"), request.query_params.get("name", "")
    named = not name or name in lot.display_name
    return named and (not ids or tail(lot.name) in ids) and _near(request, lot.position)


def _near(request: Request, position: rs.LatLng) -> bool:
    """Within `radius` metres of `lat`, `long`; unusable numbers narrow nothing."""
    query = request.query_params
    try:
        lat, long = float(query["lat"]), float(query["long"])
        radius = float(query.get("radius", "1000"))
    except (KeyError, ValueError):
        return True
    north = math.radians(position.latitude - lat)
    east = math.radians(position.longitude - long) * math.cos(math.radians(lat))
    return math.hypot(north, east) * EARTH_M <= radius


@for_programs
async def places(request: Request) -> Response:
    lots = await all_lots(request)
    layer = request.query_params.get("layer", "")
    items = [] if layer == "1" else [_area(request, path) for path in _areas(lots)]
    if layer != "0":
        items += [place(request, lot) for lot in lots]
    return paged(request, items)


@for_programs
async def one_place(request: Request) -> Response:
    id_ = request.path_params["id"]
    if id_.startswith(AREA):
        known = {_area_id(path): path for path in _areas(await all_lots(request))}
        if id_ not in known:
            return problem(404, "NOT_FOUND", id_)
        return answer(request, _area(request, known[id_]))
    asked = pb.GetLotRequest(name=f"lots/{id_}")
    return answer(request, place(request, await call(request, parking.GetLot, asked)))


def _areas(lots: list[rs.Lot]) -> list[str]:
    return sorted({lot.area for lot in lots if lot.area})


def _area_id(path: str) -> str:
    return AREA + path.replace("/", "-")


def _area(request: Request, path: str) -> Data:
    return {
        "id": _area_id(path),
        "version": 1,
        "name": words(request, path),
        "layer": 0,
        "type": "identifiedArea",
        "hierarchyElementRecord": {"creationTime": MADE},
    }


def place(request: Request, lot: rs.Lot) -> Data:
    id_ = tail(lot.name)
    told: Data = {
        "id": id_,
        "version": 1,
        "name": words(request, lot.display_name),
        "layer": 1,
        "type": "parkingPlace",
        "timeZone": "Asia/Shanghai",
        "hierarchyElementRecord": {
            "creationTime": MADE,
            "creator": reference(ISSUER, kind="Organisation"),
        },
        "hierarchyElementReference": _usage(id_, lot),
        "indicativePlacePointLocation": [point(lot.position)],
        "characteristics": [_characteristics(lot)],
        "rightSpecifications": _rights(id_, lot),
        "xianban": _beyond(lot),
    }
    if lot.area:
        told["parentId"] = reference(_area_id(lot.area), kind="IdentifiedArea")
    if lot.address:
        told["placeStreetAddress"] = [_address(request, lot.address)]
    return told


def _address(request: Request, address: str) -> Data:
    line = {"order": 0, "type": "street", "text": words(request, address)}
    return {"addressLines": [line], "countryCode": "cn"}


def point(position: rs.LatLng) -> Data:
    """GeoJSON order: longitude first."""
    return {"type": "Point", "coordinates": [position.longitude, position.latitude]}


def _characteristics(lot: rs.Lot) -> Data:
    return {
        "spacesTotal": lot.capacity,
        "disabledAccess": lot.accessible_places > 0,
        "evChargingPoints": lot.ev_places,
        "operatingModes": ["payByPlate"],
    }


def _rights(id_: str, lot: rs.Lot) -> list[Data]:
    kinds = ["stay", "permit", *(["reservation"] if lot.reservable else [])]
    return [reference(f"{id_}.{kind}", kind="RightSpecification") for kind in kinds]


def _usage(id_: str, lot: rs.Lot) -> Data:
    supply = {"supplyViewType": "spaceView", "supplyQuantity": lot.capacity}
    told: Data = {"elementId": reference(id_, kind="Place"), "supply": [supply]}
    shown = count(lot.occupancy)
    if shown.free is None or shown.at is None:
        return told
    taken = max(0, shown.capacity - shown.free)
    share = round(100 * taken / shown.capacity, 1) if shown.capacity else 0.0
    when = at(shown.at)
    demand = {
        "count": taken,
        "percentage": min(share, 100.0),
        "occupancyCalculation": "verified" if shown.source == "override" else "counted",
        "recordDateTime": when,
    }
    return told | {"demandTable": [{"timestamp": when, "demandType": [demand]}]}


def occupancy(lot: rs.Lot) -> Data:
    """The count with its age, source and verdict, as parking tells it."""
    shown = count(lot.occupancy)
    return {
        "freePlaces": shown.free,
        "capacity": shown.capacity,
        "verdict": shown.verdict,
        "observedAt": at(shown.at) if shown.at else None,
        "source": shown.source,
    }


def _beyond(lot: rs.Lot) -> Data:
    return {
        "occupancy": occupancy(lot),
        "openingHoursOsm": lot.opening_hours,
        "openNow": lot.open_now,
        "parkAndRide": lot.park_and_ride,
        "maxHeightCm": lot.max_height_cm or None,
        "accessiblePlaces": lot.accessible_places,
        "honesty": lot.honesty if lot.HasField("honesty") else None,
        "attribution": lot.attribution,
    }
