"""The composition root: sites, sessions, identity's client, callers and the monitor as one app."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.resources import files
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp
from xianban_sdk import telemetry
from xianban_sdk.inside import certificates
from xianban_sdk.settings import Settings
from xianban_sdk.web import (
    Caller,
    CallError,
    Hub,
    LogInRequiredError,
    Pages,
    Site,
    find_sites,
    text,
)

from xianban_portal import problems
from xianban_portal.calls import PortalCaller
from xianban_portal.health import Monitor
from xianban_portal.oidc import IdentityAwayError, Oidc
from xianban_portal.probe import probed
from xianban_portal.sessions import Sessions
from xianban_portal.tokens import SessionTokens
from xianban_portal.visit import Visit

DRAIN_SECONDS = 3
WEEK = 7 * 24 * 3600


@dataclass
class Parts:
    """What the portal is made of; tests bring their own."""

    settings: Settings
    sites: Sequence[Site]
    sessions: Sessions
    oidc: Oidc
    tokens: SessionTokens
    caller: Caller
    monitor: Monitor
    hub: Hub
    strict: bool = False


def assemble(settings: Settings) -> Parts:
    """The real parts."""
    oidc = Oidc(settings)
    sessions = Sessions(settings.data / "portal" / "sessions.sqlite3")
    tokens = SessionTokens(oidc, sessions)
    caller = PortalCaller(settings, tokens)
    services = sorted(point.name for point in entry_points(group="xianban.services"))
    workers = [point.name for point in entry_points(group="xianban.workers")]
    monitor = Monitor(caller, oidc, services, workers if settings.broker else [])
    return Parts(settings, find_sites(), sessions, oidc, tokens, caller, monitor, Hub())


def create_app(parts: Parts) -> Starlette:
    """The ASGI application."""
    tiles = os.environ.get("XIANBAN_MAP_TILES", "")
    visit = Middleware(
        Visit,
        sessions=parts.sessions,
        issuer=parts.settings.issuer,
        machine_paths=tuple(path for site in parts.sites for path in site.machine_paths),
        refuse=_refuse,
        tiles=tiles,
        sites=[site.name for site in parts.sites],
    )
    app = Starlette(
        routes=_routes(parts),
        middleware=[visit],
        exception_handlers=_handlers(),
        lifespan=_lifespan(parts),
    )
    for name in ("settings", "sessions", "oidc", "tokens", "caller", "monitor", "hub"):
        setattr(app.state, name, getattr(parts, name))
    app.state.pages = Pages(parts.sites, strict=parts.strict, map_tiles=tiles)
    return app


def _routes(parts: Parts) -> list[BaseRoute]:
    own = [route for site in parts.sites for route in site.routes]
    return [*own, *_static(parts.sites)]


def _static(sites: Sequence[Site]) -> list[BaseRoute]:
    packages = {"kit": "xianban_sdk.web"} | {site.name: site.package for site in sites}
    return [
        Mount(f"/static/{name}", _Files(packages=[(package, "static")]))
        for name, package in packages.items()
        if files(package).joinpath("static").is_dir()
    ]


class _Files(StaticFiles):
    """Files whose addresses carry their content's mark: they may be kept."""

    def file_response(self, *args: Any, **kwargs: Any) -> Any:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = f"public, max-age={WEEK}"
        return response


def _handlers() -> dict[Any, Any]:
    return {
        CallError: problems.on_call_error,
        LogInRequiredError: problems.on_log_in_required,
        IdentityAwayError: problems.on_identity_away,
        HTTPException: problems.on_http_error,
        Exception: problems.on_fault,
    }


async def _refuse(request: Request, status: int, key: str) -> ASGIApp:
    return problems.problem(request, status, f"{key}-title", text(request, "kit", key))


def _lifespan(parts: Parts) -> Any:
    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        watching = asyncio.create_task(parts.monitor.run())
        try:
            async with contextlib.AsyncExitStack() as beside:
                await beside.enter_async_context(probed(parts.settings))
                for site in parts.sites:
                    if site.lifespan is not None:
                        await beside.enter_async_context(site.lifespan())
                yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await parts.hub.close()
            await parts.oidc.close()
            if isinstance(parts.caller, PortalCaller):
                await parts.caller.close()
            parts.sessions.shut()

    return lifespan


def run(settings: Settings | None = None) -> None:
    """Serves the portal on its Unix socket, or on XIANBAN_PORTAL_LISTEN (host:port)."""
    settings = settings or Settings.load()
    telemetry.configure(settings, "portal")
    app = create_app(assemble(settings))
    try:
        uvicorn.Server(_configuration(app, settings)).run()
    finally:
        telemetry.flush()


def _configuration(app: Starlette, settings: Settings) -> uvicorn.Config:
    options: dict[str, Any] = {
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": DRAIN_SECONDS,
        "timeout_keep_alive": 75,
    }
    address = settings.listen("portal")
    if address.startswith("unix:"):
        path = settings.socket("portal")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)
        return uvicorn.Config(app, uds=str(path), **options)
    host, _, port = address.rpartition(":")
    known = certificates(address, settings)
    made = uvicorn.Config(app, host=host.strip("[]"), port=int(port), **options)
    if known is not None:
        # uvicorn makes its context of files that it reads once; ours follows replaced ones.
        made.load()
        made.ssl = known.http_server()
    return made
