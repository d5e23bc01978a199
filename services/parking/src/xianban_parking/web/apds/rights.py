"""APDS rights and sessions of the token's own person, or of `resident` where they may act.

What may be had is public; what somebody has needs an access token of audience parking, which is
passed inward: the service decides, as for every other client.
"""

from __future__ import annotations

import base64
import json
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response
from xianban.parking.v1 import parking_pb2 as pb
from xianban.parking.v1 import resources_pb2 as rs
from xianban_sdk.web import LogInRequiredError, call, text

from xianban_parking.web.apds.answers import (
    ISSUER,
    Data,
    answer,
    at,
    for_programs,
    paged,
    problem,
    reference,
    words,
    yuan,
)
from xianban_parking.web.apds.places import all_lots
from xianban_parking.web.clients import parking
from xianban_parking.web.shown import tail

MOST = 200
_KINDS = {
    "stay": "oneTimeUseParking",
    "reservation": "oneTimeUseParking",
    "permit": "permitParking",
}


def resident(request: Request) -> str:
    """Whose rights; the service checks the token, here it is only read."""
    token: str = request.state.bearer
    asked = request.query_params.get("resident", "")
    try:
        body = token.split(".")[1]
        claims: Any = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        own = str(cast("dict[str, Any]", claims)["sub"])
    except (IndexError, KeyError, TypeError, ValueError):
        raise LogInRequiredError from None
    return f"residents/{asked or own}"


@for_programs
async def specs(request: Request) -> Response:
    lots = await all_lots(request)
    return paged(request, [spec(request, lot, kind) for lot in lots for kind in _offered(lot)])


@for_programs
async def one_spec(request: Request) -> Response:
    id_, _, kind = request.path_params["id"].rpartition(".")
    if kind not in _KINDS:
        return problem(404, "NOT_FOUND", request.path_params["id"])
    lot = await call(request, parking.GetLot, pb.GetLotRequest(name=f"lots/{id_}"))
    return answer(request, spec(request, lot, kind))


def _offered(lot: rs.Lot) -> list[str]:
    return ["stay", "permit", *(["reservation"] if lot.reservable else [])]


def spec(request: Request, lot: rs.Lot, kind: str) -> Data:
    title = text(request, "parking", f"apds-right-{kind}", lot=lot.display_name)
    return {
        "id": f"{tail(lot.name)}.{kind}",
        "version": 1,
        "description": words(request, title),
        "issuer": reference(ISSUER, kind="Organisation"),
        "transferable": False,
        "type": _KINDS[kind],
        "hierarchyElements": [reference(tail(lot.name), kind="Place")],
        "credentials": [{"type": "licensePlate"}],
    }


@for_programs
async def assigned(request: Request) -> Response:
    """Reservations and permits."""
    parent = resident(request)
    held = pb.ListReservationsRequest(parent=parent, page_size=MOST)
    reserved = await call(request, parking.ListReservations, held)
    owned = pb.ListPermitsRequest(parent=parent, page_size=MOST)
    permitted = await call(request, parking.ListPermits, owned)
    rights = [_reservation(one) for one in reserved.reservations]
    return paged(request, rights + [_permit(one) for one in permitted.permits])


def _holder(plates: list[str]) -> list[Data]:
    """VehicleCredentials."""
    issuer = [{"language": "zh", "string": "公安交通管理部门"}]
    return [
        {
            "type": "licensePlate",
            "identifier": {"className": "Vehicle", "id": plate},
            "issuer": issuer,
        }
        for plate in plates
        if plate
    ]


def _right(id_: str, kind: str, lot: str, plates: list[str], quote: rs.Quote) -> Data:
    return {
        "id": id_,
        "version": 1,
        "rightHolder": {"credentials": _holder(plates)},
        "rightSpecification": reference(f"{tail(lot)}.{kind}", kind="RightSpecification"),
        "issueMethod": "electronic",
        "totalRightValue": {"currencyType": "CNY", "currencyValue": yuan(quote.total_fen)},
        "xianban": {"kind": kind},
    }


def _reservation(one: rs.Reservation) -> Data:
    right = _right(tail(one.name), "reservation", one.lot, [one.plate], one.quote)
    right["expiry"] = at(one.end_time)
    right["plannedUses"] = [{"startTime": at(one.start_time), "endTime": at(one.end_time)}]
    right["xianban"]["state"] = rs.ReservationState.Name(one.state)
    return right


def _permit(one: rs.Permit) -> Data:
    right = _right(tail(one.name), "permit", one.lot, list(one.plates), one.quote)
    right["expiry"] = at(one.end_time)
    right["xianban"]["state"] = rs.PermitState.Name(one.state)
    return right


@for_programs
async def sessions(request: Request) -> Response:
    asked = pb.ListSessionsRequest(parent=resident(request), page_size=MOST)
    found = await call(request, parking.ListSessions, asked)
    return paged(request, [session(one) for one in found.sessions])


@for_programs
async def one_session(request: Request) -> Response:
    name = f"{resident(request)}/sessions/{request.path_params['id']}"
    found = await call(request, parking.GetSession, pb.GetSessionRequest(name=name))
    return answer(request, session(found))


def session(one: rs.Session) -> Data:
    id_, lot = tail(one.name), tail(one.lot)
    # A stay whose entry nobody saw begins, as far as is certain, when it ended.
    start = at(one.enter_time) or at(one.exit_time)
    right = reference(f"{lot}.stay", kind="RightSpecification")
    segment: Data = {
        "id": f"{id_}.1",
        "version": 1,
        "actualStart": start,
        "assignedRight": {
            "id": id_,
            "version": 1,
            "rightHolder": {"credentials": _holder([one.plate])},
            "rightSpecification": right,
        },
        "validationType": ["licensePlate"],
    }
    told: Data = {
        "id": id_,
        "version": 1,
        "actualStart": start,
        "initiator": reference(ISSUER, kind="Organisation"),
        "identifiedCredentials": _holder([one.plate]),
        "hierachyElement": reference(lot, kind="Place"),
        "segments": [segment],
        "xianban": _fee(one),
    }
    if one.HasField("exit_time"):
        told["actualEnd"] = segment["actualEnd"] = at(one.exit_time)
    return told


def _fee(one: rs.Session) -> Data:
    return {
        "state": rs.SessionState.Name(one.state),
        "total": yuan(one.quote.total_fen),
        "due": yuan(one.due_fen),
        "lines": [{"text": line.text, "amount": yuan(line.amount_fen)} for line in one.quote.lines],
    }
