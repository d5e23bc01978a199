"""How the elder is, in one look: for the elder, or whoever acts for them."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import grpc
from starlette.requests import Request
from starlette.responses import Response
from xianban.eldercare.v1 import care_files_pb2, monitoring_pb2, referrals_pb2, whereabouts_pb2
from xianban_sdk.web import CallError, call, if_there, render, subject
from xianban_sdk.web.formats import iso

from xianban_eldercare.web import visits
from xianban_eldercare.web.clients import files, locating, monitoring, referring
from xianban_eldercare.web.shown import Measure, is_open, measure, tail
from xianban_eldercare.web.sos import STATES, standing_call
from xianban_eldercare.web.visits import todays
from xianban_eldercare.web.weather import TONES, weather_of

OUT_OF_REACH = "RESIDENT_NOT_FOUND"


async def home(request: Request) -> Response:
    whose = subject(request)
    (
        (state, away),
        (file, no_file),
        (sos, _),
        place,
        (today, _),
        (asked, sky),
    ) = await asyncio.gather(
        state_of(request, whose),
        file_of(request, whose),
        standing_call(request, whose),
        place_of(request, whose),
        todays(request, whose),
        asyncio.gather(waiting_referral(request, whose), weather_of(request, whose)),
    )
    return render(
        request,
        "eldercare/home.html",
        503 if away and away.code is grpc.StatusCode.UNAVAILABLE else 200,
        **shown_state(state, away),
        contacts=file.contacts if file else [],
        no_file=no_file,
        unwritten=bool(no_file and no_file.code is grpc.StatusCode.NOT_FOUND),
        sos=sos,
        place=place,
        sos_states=STATES,
        visits=today.visits if today else [],
        visit_kinds=visits.KINDS,
        visit_states=visits.STATES,
        referral=asked,
        weather=sky,
        tones=TONES,
        polls=True,
    )


async def now(request: Request) -> Response:
    """The part that the page asks for again and again; it says so itself when nobody answers."""
    state, away = await state_of(request, subject(request))
    shown = shown_state(state, away)
    if request.query_params.get("seen") == shown["seen"]:
        return Response(status_code=204)  # Nothing new; the ages tick by themselves.
    return render(request, "eldercare/now.html", **shown, polls=True)


async def state_of(
    request: Request, whose: str
) -> tuple[monitoring_pb2.CareState | None, CallError | None]:
    asked = monitoring_pb2.GetCareStateRequest(name=f"{whose}/careState")
    return reached(await if_there(call(request, monitoring.GetCareState, asked)))


async def file_of(
    request: Request, whose: str
) -> tuple[care_files_pb2.CareFile | None, CallError | None]:
    asked = care_files_pb2.GetCareFileRequest(name=f"{whose}/careFile")
    return reached(await if_there(call(request, files.GetCareFile, asked)))


async def place_of(request: Request, whose: str) -> str:
    """One sentence: where the locator was last; empty: there is nothing to say."""
    asked = whereabouts_pb2.GetWhereaboutsRequest(name=f"{whose}/whereabouts")
    found, _ = await if_there(call(request, locating.GetWhereabouts, asked))
    return found.sentence if found is not None and found.HasField("last") else ""


async def waiting_referral(request: Request, whose: str) -> str:
    """The id of one that awaits the elder's answer; empty: none, or nobody knows."""
    asked = referrals_pb2.ListReferralsRequest(parent=whose, page_size=1)
    found, _ = await if_there(call(request, referring.ListReferrals, asked))
    newest = list(found.referrals) if found else []
    proposed = [one for one in newest if one.state == referrals_pb2.REFERRAL_STATE_PROPOSED]
    return tail(proposed[0].name) if proposed else ""


def reached(found: tuple[Any, CallError | None]) -> tuple[Any, CallError | None]:
    """Acting for somebody who can't be reached any more is the portal's matter."""
    problem = found[1]
    if problem is not None and problem.reason == OUT_OF_REACH:
        raise problem
    return found


def shown_state(state: monitoring_pb2.CareState | None, away: CallError | None) -> dict[str, Any]:
    """What now.html and its page need."""
    alerts = list(state.alerts) if state else []
    vitals = [measure(one) for one in state.vitals] if state else []
    return {
        "state": state,
        "away": away,
        "no_elder": bool(away and away.code is grpc.StatusCode.NOT_FOUND),
        "vitals": vitals,
        "alerts": [one for one in alerts if is_open(one)],
        "seen": _seen(state, vitals),
    }


def _seen(state: monitoring_pb2.CareState | None, vitals: list[Measure]) -> str:
    """The same as long as a renewed page would say the same."""
    if state is None:
        return "away"
    alerts = [f"{one.name} {one.version}" for one in state.alerts]
    said = [f"{one.kind} {one.number} {one.verdict} {iso(one.at)}" for one in vitals]
    counts = [str(state.devices), str(state.oxygen_scale)]
    written = "\n".join([state.sentence, *counts, *alerts, *said])
    return hashlib.sha256(written.encode()).hexdigest()[:16]
