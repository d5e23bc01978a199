"""For operators of the suite: all services' plugins, how they do, and their switch."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from xianban.common.v1 import plugins_pb2 as pb
from xianban.common.v1.plugins_pb2_grpc import PluginServiceStub
from xianban_sdk.web import (
    CallError,
    api,
    attempt,
    call,
    if_there,
    read_form,
    render,
    roles_only,
    see_other,
    status,
)

from xianban_portal.problems import service_name

ROLE = "suite-operator"
HOME = "/operations/plugins"
PATIENCE = 3.0
# A process that ends or starts takes its time.
SWITCHING = 30.0
_STATES = {
    pb.PLUGIN_STATE_RUNNING: ("running", "ok"),
    pb.PLUGIN_STATE_DISABLED: ("disabled", "plain"),
    pb.PLUGIN_STATE_QUARANTINED: ("quarantined", "danger"),
    pb.PLUGIN_STATE_PAUSED: ("paused", "warn"),
    pb.PLUGIN_STATE_STOPPED: ("stopped", "danger"),
}
_STANDINGS = {"core": "ok", "signed": "ok", "unsigned": "warn"}


@dataclass(frozen=True)
class Shown:
    """One plugin as the pages show it."""

    plugin: pb.Plugin
    id: str
    service: str
    path: str
    state: str
    tone: str
    trust: str
    # Means of confinement that are not in force.
    loose: list[tuple[str, str]]
    calls_a_minute: str
    errors: int
    # Calls that told it something of a person, in thirty days.
    disclosures: int

    @property
    def is_off(self) -> bool:
        return self.state == "disabled"


@cache
def services() -> dict[str, PluginServiceStub]:
    """Every installed service has the same RPCs."""
    names = sorted(point.name for point in entry_points(group="xianban.services"))
    return {name: api(PluginServiceStub, served_by=name) for name in names}


@roles_only(ROLE)
async def plugins(request: Request) -> Response:
    answers = await asyncio.gather(*(_listed(request, name) for name in services()))
    away = [
        service_name(request, name)
        for name, answer in zip(services(), answers, strict=True)
        if answer is None
    ]
    found = [one for answer in answers for one in answer or ()]
    shown = [_shown(request, one) for one in sorted(found, key=lambda one: one.name)]
    return render(request, "portal/plugins.html", shown=shown, away=away)


async def _listed(request: Request, name: str) -> list[pb.Plugin] | None:
    asked = pb.ListServicePluginsRequest()
    answer, _ = await if_there(
        call(request, services()[name].ListServicePlugins, asked, timeout=PATIENCE)
    )
    return None if answer is None else list(answer.plugins)


@roles_only(ROLE)
async def plugin(request: Request) -> Response:
    return await _page(request, None)


@roles_only(ROLE)
async def disable(request: Request) -> Response:
    form = await read_form(request)
    asked = pb.DisablePluginRequest(
        name=_name(request), reason=form.text("reason"), request_id=form.request_id
    )
    stub = _stub(request)
    _, refused = await attempt(call(request, stub.DisablePlugin, asked, timeout=SWITCHING))
    return await _page(request, refused) if refused else _back(request)


@roles_only(ROLE)
async def enable(request: Request) -> Response:
    form = await read_form(request)
    asked = pb.EnablePluginRequest(name=_name(request), request_id=form.request_id)
    stub = _stub(request)
    _, refused = await attempt(call(request, stub.EnablePlugin, asked, timeout=SWITCHING))
    return await _page(request, refused) if refused else _back(request)


async def _page(request: Request, problem: CallError | None) -> Response:
    asked = pb.GetPluginRequest(name=_name(request))
    found = await call(request, _stub(request).GetPlugin, asked, timeout=PATIENCE)
    return render(
        request,
        "portal/plugin.html",
        status(problem),
        shown=_shown(request, found),
        problem=problem,
        home=HOME,
    )


def _back(request: Request) -> Response:
    service, plugin = request.path_params["service"], request.path_params["plugin"]
    return see_other(request, f"{HOME}/{service}/{plugin}")


def _stub(request: Request) -> PluginServiceStub:
    stub = services().get(request.path_params["service"])
    if stub is None:
        raise HTTPException(404)
    return stub


def _name(request: Request) -> str:
    return f"plugins/{request.path_params['plugin']}"


def _shown(request: Request, one: pb.Plugin) -> Shown:
    state, tone = _STATES.get(one.state, ("stopped", "danger"))
    own = one.name.removeprefix("plugins/")
    calls = one.total.calls * 60 / one.window_seconds if one.window_seconds else 0.0
    return Shown(
        plugin=one,
        id=own,
        service=service_name(request, one.domain),
        path=f"{HOME}/{one.domain}/{own}",
        state=state,
        tone=tone,
        trust=_STANDINGS.get(one.standing, "danger"),
        loose=sorted((name, why) for name, why in one.confinement.items() if why),
        calls_a_minute=f"{calls:.1f}" if calls else "0",
        errors=sum(one.total.errors.values()),
        disclosures=sum(each.calls for each in one.disclosures),
    )
