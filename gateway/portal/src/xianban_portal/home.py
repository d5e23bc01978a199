"""Home: a tile per service, each with its own live line or an honest "not available"."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import grpc
from starlette.requests import Request
from starlette.responses import Response
from xianban_sdk.telemetry import log
from xianban_sdk.web import (
    CallError,
    LogInRequiredError,
    Pages,
    Site,
    TileLine,
    person,
    render,
    text,
)
from xianban_sdk.web.formats import clock

from xianban_portal.health import Monitor

PATIENCE = 0.8
# What a service answers, or leaves unanswered, when it cannot do its work.
_AWAY = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
    }
)


@dataclass(frozen=True)
class ShownTile:
    site: Site
    title: str
    summary: str
    line: TileLine | None
    down: str
    lacks: str


async def home(request: Request) -> Response:
    pages: Pages = request.app.state.pages
    sites = [site for site in pages.sites if site.home]
    tiles = await asyncio.gather(*(_tile(request, site) for site in sites))
    return render(request, "portal/home.html", tiles=tiles)


async def _tile(request: Request, site: Site) -> ShownTile:
    line, down = await _line(request, site)
    title = text(request, site.name, site.title)
    summary = text(request, site.name, site.summary) if site.summary else ""
    return ShownTile(site, title, summary, line, down, _lacks(request, site))


def _lacks(request: Request, site: Site) -> str:
    """That something is missing; the status page says what."""
    monitor: Monitor = request.app.state.monitor
    known = monitor.condition(site.service) if site.service else None
    if known is None or not known.missing:
        return ""
    return text(request, "portal", "tile-lacks", count=len(known.missing))


async def _line(request: Request, site: Site) -> tuple[TileLine | None, str]:
    monitor: Monitor = request.app.state.monitor
    known = monitor.condition(site.service) if site.service else None
    if known is not None and not known.ready:
        return None, text(request, "portal", "tile-down-since", time=clock(known.since))
    if site.tile is None:
        return None, ""
    try:
        return await asyncio.wait_for(site.tile(request), PATIENCE), ""
    except LogInRequiredError:
        return None, ""
    except TimeoutError:
        return None, text(request, "portal", "tile-down")
    except CallError as error:
        log.info("tile_failed", site=site.name, error=str(error))
        return None, text(request, "portal", "tile-down") if error.code in _AWAY else ""
    except Exception as error:  # one domain's fault must not cost the whole page
        log.error("tile_fault", site=site.name, exc_info=error)
        return None, text(request, "portal", "tile-down")


async def me(request: Request) -> Response:
    """My own things: what the sites put under "me"."""
    person(request)
    return render(request, "portal/me.html")


async def about(request: Request) -> Response:
    return render(request, "portal/about.html")
