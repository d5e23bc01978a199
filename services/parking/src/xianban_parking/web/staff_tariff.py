"""The tariff as its operator sees it: in sentences and as data, with errors that name the field."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, cast

import grpc
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct
from starlette.requests import Request
from starlette.responses import Response
from xianban.parking.v1 import operator_pb2 as op
from xianban.parking.v1 import parking_pb2 as pb
from xianban.parking.v1 import resources_pb2 as resources
from xianban_sdk.web import CallError, Form, call, read_form, render, text

from xianban_parking.web import times
from xianban_parking.web.clients import attempt, if_there, operator, parking, status
from xianban_parking.web.staff import get_lot, lot_name, may_change, staff_only


@staff_only
async def tariff(request: Request) -> Response:
    return await _page(request, None, None)


@staff_only
async def update(request: Request) -> Response:
    form = await read_form(request)
    try:
        rules = struct(form.text("rules"))
    except ValueError as error:
        return await _page(request, form, _unreadable(request, error))
    asked = op.UpdateTariffRequest(
        lot=lot_name(request),
        rules=rules,
        effective_time=times.typed(form.text("effective_time")),
        request_id=form.request_id,
    )
    made, refused = await attempt(call(request, operator.UpdateTariff, asked))
    # Shown at once, as it may hold only later; sending it again answers the same version.
    return await _page(request, form, refused, made)


def struct(written: str) -> Struct:
    """JSON text as a Struct; raises ValueError with the place of the fault."""
    read: Any = json.loads(written)
    if not isinstance(read, dict):
        raise ValueError("{ … }")
    made = Struct()
    json_format.ParseDict(cast("dict[str, Any]", read), made)
    return made


def _unreadable(request: Request, error: ValueError) -> CallError:
    words = text(request, "parking", "tariff-not-json", fault=str(error)[:200])
    return CallError(
        grpc.StatusCode.INVALID_ARGUMENT, "NOT_JSON", words, "parking", {"rules": words}
    )


def rules_text(found: resources.Tariff) -> str:
    """The rules as an operator edits them; a Struct knows no integers, JSON does."""
    rules = _integers(json_format.MessageToDict(found.rules))
    return json.dumps(rules, ensure_ascii=False, indent=2)


def _integers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _integers(one) for key, one in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_integers(one) for one in cast("list[Any]", value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value


async def _page(
    request: Request,
    form: Form | None,
    refused: CallError | None,
    made: resources.Tariff | None = None,
) -> Response:
    asked = pb.GetTariffRequest(name=f"{lot_name(request)}/tariff")
    found, none = await if_there(call(request, parking.GetTariff, asked))
    return render(
        request,
        "parking/operator_tariff.html",
        status(refused),
        lot=await get_lot(request),
        tariff=found,
        none=none,
        made=made,
        rules=form.text("rules") if form else rules_text(found) if found else "",
        typed=form or Form({}, {}),
        problem=_in_rules(refused),
        change=may_change(request),
    )


def _in_rules(refused: CallError | None) -> CallError | None:
    """The service names the path inside the rules ("bands[0].cap_fen"): shown at the one field."""
    if refused is None or not refused.fields:
        return refused
    known = ("rules", "effective_time", "lot")
    inside = {path: words for path, words in refused.fields.items() if path not in known}
    if not inside:
        return refused
    told = "; ".join(f"{path}: {words}" for path, words in inside.items())
    kept = {path: words for path, words in refused.fields.items() if path in known}
    return replace(refused, fields=kept | {"rules": told})
