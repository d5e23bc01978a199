"""APDS Rate tables. What a rate table can't say (day kinds, vehicles, caps per day and per stay,
how free minutes count, discounts) is listed under `xianban.notExpressed`, and the whole tariff
stands beside it as data and in sentences: a price is only ever right when it is quoted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import grpc
from google.protobuf import json_format
from starlette.requests import Request
from starlette.responses import Response
from xianban.parking.v1 import parking_pb2 as pb
from xianban.parking.v1 import resources_pb2 as rs
from xianban_sdk.web import CallError, call

from xianban_parking.web.apds.answers import (
    Data,
    answer,
    at,
    for_programs,
    paged,
    words,
    yuan,
)
from xianban_parking.web.apds.places import all_lots
from xianban_parking.web.clients import parking

# Keys of a tariff, and of one band, that APDS has no place for.
_UNSAID = (
    "cap_day_fen",
    "cap_24h_fen",
    "cap_stay_fen",
    "visit_fee_fen",
    "reentry_merge_minutes",
    "discounts",
    "free_mode",
    "split_policy",
    "calendar_fallback",
)
_UNSAID_OF_BAND = ("starts_at", "ends_at", "days", "vehicles")
AT_ONCE = 8


@for_programs
async def rates(request: Request) -> Response:
    lots = await all_lots(request)
    gate = asyncio.Semaphore(AT_ONCE)

    async def table(lot: rs.Lot) -> Data | None:
        async with gate:
            return await _table_or_none(request, lot)

    found = await asyncio.gather(*(table(lot) for lot in lots))
    return paged(request, [one for one in found if one is not None])


async def _table_or_none(request: Request, lot: rs.Lot) -> Data | None:
    """A lot without a tariff has no rate table."""
    try:
        return rate_table(request, lot, await _tariff(request, lot.name))
    except CallError as error:
        if error.code not in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.FAILED_PRECONDITION):
            raise
        return None


@for_programs
async def one_rate(request: Request) -> Response:
    name = f"lots/{request.path_params['id']}"
    lot = await call(request, parking.GetLot, pb.GetLotRequest(name=name))
    return answer(request, rate_table(request, lot, await _tariff(request, name)))


async def _tariff(request: Request, lot: str) -> rs.Tariff:
    return await call(request, parking.GetTariff, pb.GetTariffRequest(name=f"{lot}/tariff"))


def rate_table(request: Request, lot: rs.Lot, tariff: rs.Tariff) -> Data:
    rules = json_format.MessageToDict(tariff.rules)
    bands = cast("list[dict[str, Any]]", rules.get("bands", []))
    since = at(tariff.effective_time)
    return {
        "id": tariff.name.split("/")[1],
        "version": max(1, tariff.version),
        "rateTableName": words(request, lot.display_name),
        "validityStart": since,
        "activeTimes": ["P1D"],
        "availability": "public",
        "rateLineCollections": [
            _collection(index, band, rules, since) for index, band in enumerate(bands, start=1)
        ],
        "xianban": {
            "sentences": list(tariff.sentences),
            "rules": rules,
            "notExpressed": _unsaid(rules, bands),
        },
    }


def _collection(index: int, band: dict[str, Any], rules: dict[str, Any], since: str) -> Data:
    told: Data = {
        "applicableCurrency": "CNY",
        "collectionSequence": index,
        "minTime": "PT0S",
        "maxTime": "P1D",
        "relativeTimes": rules.get("anchor") == "entry",
        "resetTime": str(rules.get("day_starts_at", "00:00")),
        "taxIncluded": True,
        "validStart": since,
        "rateLines": [*_lines(band, int(rules.get("free_minutes", 0)))],
        "xianban": {key: band[key] for key in ("name", *_UNSAID_OF_BAND) if key in band},
    }
    if band.get("cap_fen") is not None:
        told["maxValueCollection"] = yuan(int(band["cap_fen"]))
    return told


def _lines(band: dict[str, Any], free_minutes: int) -> list[Data]:
    lines: list[Data] = []
    if free_minutes:
        free = {"rateLineType": "flatRate", "value": 0.0, "durationEnd": f"PT{free_minutes}M"}
        lines.append(free | {"usageCondition": "once"})
    lines += [_unit(unit) for unit in band.get("units", [])]
    lines += _steps(band.get("steps", []))
    return [line | {"sequence": index} for index, line in enumerate(lines, start=1)]


def _unit(unit: dict[str, Any]) -> Data:
    times = unit.get("times")
    line: Data = {
        "rateLineType": "incrementingRate",
        "value": yuan(int(unit["amount_fen"])),
        "incrementPeriod": f"PT{int(unit['minutes'])}M",
        "usageCondition": "fixedNumber" if times else "unlimited",
    }
    return line | ({"maxValue": yuan(int(unit["amount_fen"]) * int(times))} if times else {})


def _steps(steps: Sequence[dict[str, Any]]) -> list[Data]:
    """A flat fee by how long one stays (the bands that other curb formats can't say)."""
    lines: list[Data] = []
    start = 0
    for step in steps:
        line: Data = {
            "rateLineType": "flatRateTier",
            "value": yuan(int(step["amount_fen"])),
            "durationStart": f"PT{start}M",
        }
        if step.get("up_to_minutes") is not None:
            start = int(step["up_to_minutes"])
            line["durationEnd"] = f"PT{start}M"
        lines.append(line)
    return lines


def _unsaid(rules: dict[str, Any], bands: list[dict[str, Any]]) -> list[str]:
    general = [key for key in _UNSAID if rules.get(key)]
    inside = [
        f"bands[{index}].{key}"
        for index, band in enumerate(bands)
        for key in _UNSAID_OF_BAND
        if key in band
    ]
    return general + inside
