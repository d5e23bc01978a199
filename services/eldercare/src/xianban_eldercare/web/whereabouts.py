"""Where the elder's locator was last, and the search when they are lost: the family's pages."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Any

import grpc
from starlette.requests import Request
from starlette.responses import Response
from xianban.common.v1 import readings_pb2
from xianban.eldercare.v1 import whereabouts_pb2 as pb
from xianban_sdk.web import (
    CallError,
    Form,
    attempt,
    call,
    if_there,
    must_hold,
    person,
    read_form,
    render,
    see_other,
    status,
)
from xianban_sdk.web.formats import iso

from xianban_eldercare.web.board import ROLES
from xianban_eldercare.web.clients import locating
from xianban_eldercare.web.home import reached
from xianban_eldercare.web.shown import VERDICTS, number, tail
from xianban_eldercare.web.whose import Whose, may_set, whose

HERE = "/eldercare/whereabouts"
RESPONDERS = (*ROLES, "neighbourhood-worker")
# Hours that a form offers; the service allows any from 1 to 24.
HOURS = (1, 2, 4, 8, 12, 24)
USUAL = 4
STATES = {
    pb.SEARCH_STATE_RUNNING: ("running", "danger"),
    pb.SEARCH_STATE_ENDED: ("ended", "ok"),
    pb.SEARCH_STATE_EXPIRED: ("expired", "plain"),
}
_STALE = 900


@dataclass(frozen=True)
class Spot:
    """A sighting as a page says it: never without verdict and age."""

    latitude: float
    longitude: float
    accuracy: int
    verdict: str
    at: Any
    clock_wrong: bool

    @property
    def tone(self) -> str:
        return "ok" if self.verdict == "fresh" else "warn"

    @property
    def stale_after(self) -> int:
        return _STALE


def here_of(request: Request) -> Whose:
    """Places and searches of others are the duty desk's and the station's."""
    return whose(request, "whereabouts", *ROLES)


def spot(last: pb.Sighting | None) -> Spot | None:
    if last is None:
        return None
    return Spot(
        latitude=round(last.position.latitude, 5),
        longitude=round(last.position.longitude, 5),
        accuracy=round(last.position.accuracy_m),
        verdict=VERDICTS.get(last.verdict, "silent"),
        at=last.observe_time,
        clock_wrong=last.clock_wrong,
    )


def battery(reading: readings_pb2.JudgedReading) -> str:
    """Per cent; empty: not known now."""
    return number(reading.value) if reading.HasField("value") else ""


async def _whereabouts(
    request: Request, resident: str
) -> tuple[pb.Whereabouts | None, CallError | None]:
    asked = pb.GetWhereaboutsRequest(name=f"{resident}/whereabouts")
    return reached(await if_there(call(request, locating.GetWhereabouts, asked)))


async def fences_of(request: Request, resident: str) -> list[pb.Fence]:
    found, _ = await if_there(
        call(request, locating.ListFences, pb.ListFencesRequest(parent=resident))
    )
    return list(found.fences) if found else []


async def whereabouts(request: Request) -> Response:
    return await _page(request, here_of(request))


async def _page(request: Request, here: Whose, refused: CallError | None = None) -> Response:
    shown, past = await asyncio.gather(_shown(request, here), _past(request, here))
    return render(
        request,
        "eldercare/whereabouts.html",
        status(refused),
        **shown,
        past=past,
        states=STATES,
        hours=HOURS,
        problem=refused,
    )


async def now(request: Request) -> Response:
    """The part that the page asks for again and again."""
    shown = await _shown(request, here_of(request))
    if request.query_params.get("seen") == shown["seen"]:
        return Response(status_code=204)
    return render(request, "eldercare/whereabouts_now.html", **shown)


async def _shown(request: Request, here: Whose) -> dict[str, Any]:
    (found, away), fences = await asyncio.gather(
        _whereabouts(request, here.resident), fences_of(request, here.resident)
    )
    last = found.last if found and found.HasField("last") else None
    search = found.search if found and found.HasField("search") else None
    if found is None:
        # Without consent nothing is shown of any day; a search that runs can be seen and ended.
        search, last = await _running(request, here.resident)
    return {
        "here": here,
        "may_set": may_set(request, here),
        "found": found,
        "away": away,
        "no_elder": bool(away and away.code is grpc.StatusCode.NOT_FOUND),
        "last": spot(last),
        "battery": battery(found.battery) if found else "",
        "search": search,
        "fences": fences,
        "seen": _seen(found, last, search, fences),
    }


async def _running(request: Request, resident: str) -> tuple[pb.Search | None, pb.Sighting | None]:
    asked = pb.ListResidentSearchesRequest(parent=resident, page_size=1)
    listed, _ = await if_there(call(request, locating.ListResidentSearches, asked))
    running = (
        [one for one in listed.searches if one.state == pb.SEARCH_STATE_RUNNING] if listed else []
    )
    if not running:
        return None, None
    named = pb.GetSearchRequest(name=running[0].name)
    search, _ = await if_there(call(request, locating.GetSearch, named))
    return search, search.last if search and search.HasField("last") else None


async def _past(request: Request, here: Whose) -> list[pb.Search]:
    asked = pb.ListResidentSearchesRequest(parent=here.resident, page_size=20)
    found, _ = await if_there(call(request, locating.ListResidentSearches, asked))
    return [one for one in found.searches if one.HasField("end_time")] if found else []


def _seen(
    found: pb.Whereabouts | None,
    last: pb.Sighting | None,
    search: pb.Search | None,
    fences: list[pb.Fence],
) -> str:
    """The same as long as a renewed page would say the same."""
    said = [
        found.sentence if found else "",
        iso(last.observe_time) if last else "",
        f"{search.name} {iso(search.expire_time)}" if search else "",
        *(f"{one.name} {one.version} {one.away}" for one in fences),
    ]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


async def report(request: Request) -> Response:
    """The first step: what will happen, and why it is reported."""
    return _report(request, here_of(request), Form({}, {}))


def _report(
    request: Request, here: Whose, form: Form, refused: CallError | None = None
) -> Response:
    return render(
        request,
        "eldercare/lost.html",
        status(refused),
        here=here,
        typed=form,
        hours=HOURS,
        usual=USUAL,
        problem=refused,
    )


async def start(request: Request) -> Response:
    """The second step; what is refused is said on the form, with 120 and 110 beside it."""
    here, form = here_of(request), await read_form(request)
    asked = pb.StartSearchRequest(
        parent=here.resident,
        reason=form.text("reason"),
        hours=form.number("hours", USUAL),
        request_id=form.request_id,
    )
    _, failed = await if_there(call(request, locating.StartSearch, asked))
    if failed is not None:  # Whatever the reason: whoever reports must hear that nobody was told.
        answer = _report(request, here, form, failed)
        answer.status_code = 400 if failed.code is grpc.StatusCode.INVALID_ARGUMENT else 503
        return answer
    return see_other(request, "/eldercare/searches" if here.staff else f"{HERE}?done=lost")


async def extend(request: Request) -> Response:
    form = await read_form(request)
    asked = pb.ExtendSearchRequest(
        name=_named(request),
        hours=form.number("hours", USUAL),
        request_id=form.request_id,
    )
    return await _after(request, attempt(call(request, locating.ExtendSearch, asked)), "extended")


async def end(request: Request) -> Response:
    form = await read_form(request)
    asked = pb.EndSearchRequest(
        name=_named(request), note=form.text("note"), request_id=form.request_id
    )
    return await _after(request, attempt(call(request, locating.EndSearch, asked)), "found")


def _named(request: Request) -> str:
    return f"{here_of(request).resident}/searches/{request.path_params['search']}"


async def _after(request: Request, tried: Any, done: str) -> Response:
    here = here_of(request)
    _, refused = await tried
    if here.staff:
        outcome = "refused" if refused is not None else done
        return see_other(request, f"/eldercare/searches?done={outcome}")
    if refused is not None:
        return await _page(request, here, refused)
    return see_other(request, f"{HERE}?done={done}")


async def searches(request: Request) -> Response:
    """For the responders of an area: who is looked for, and where their locator is."""
    return render(request, "eldercare/searches.html", **await _searches(request))


async def searches_now(request: Request) -> Response:
    """The part that the page asks for again and again."""
    return render(request, "eldercare/searches_now.html", **await _searches(request))


async def _searches(request: Request) -> dict[str, Any]:
    """Each position is asked for by itself: each look is noted for its person."""
    must_hold(request, *RESPONDERS)
    asked = pb.ListSearchesRequest(page_token=request.query_params.get("page_token", ""))
    listed = await call(request, locating.ListSearches, asked)
    looks = await asyncio.gather(*(_look(request, one) for one in listed.searches))
    return {
        "searches": [one for one in looks if one is not None],
        "may_end": not person(request).roles.isdisjoint(ROLES),
        "next": listed.next_page_token,
        "hours": HOURS,
    }


async def _look(request: Request, listed: pb.Search) -> dict[str, Any] | None:
    """None: it ended meanwhile."""
    found, away = await if_there(
        call(request, locating.GetSearch, pb.GetSearchRequest(name=listed.name))
    )
    if away is not None and away.code is grpc.StatusCode.NOT_FOUND:
        return None
    shown = found or listed
    return {
        "search": shown,
        "id": tail(shown.name),
        "resident": shown.name.split("/")[1],
        "last": spot(shown.last if shown.HasField("last") else None),
        "battery": battery(shown.battery),
        "away": away,
    }
