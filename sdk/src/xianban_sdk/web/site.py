"""What a domain gives the portal: routes, navigation, a tile, templates, texts and static files."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Literal

from starlette.requests import Request
from starlette.routing import BaseRoute

GROUP = "xianban.portal"

_log = logging.getLogger(__name__)

Place = Literal["main", "bottom", "me"]
Tone = Literal["info", "ok", "warn", "danger"]


@dataclass(frozen=True)
class NavEntry:
    """One link in the shell. `label` is a message key of the site.

    `main`: the header on wide screens; `bottom`: also the bar on phones; `me`: the "my" page.
    `roles`: shown only to staff who hold one of these; empty: to everyone.
    `badge`: a live stream (see `live`) whose frames for part "badge" stand beside the label.
    """

    path: str
    label: str
    icon: str
    place: Place = "main"
    roles: tuple[str, ...] = ()
    badge: str = ""


@dataclass(frozen=True)
class TileLine:
    """The live line on a home tile: finished text in the viewer's language."""

    text: str
    tone: Tone = "info"


TileProvider = Callable[[Request], Awaitable[TileLine | None]]


@dataclass(frozen=True)
class Site:
    """A domain's pages, found by entry point `xianban.portal`.

    `package` holds `templates/` and `static/` (the domain's `web` package);
    `texts` holds `locale/{zh-CN,en}.ftl` (the domain's root package).
    `title` and `summary` are message keys, `icon` a symbol of the kit's icons.svg, `home` where
    the tile leads (empty: no tile). `service` is the gRPC service the tile depends on.
    `machine_paths` are prefixes called by programs without cookies: no form token is asked there.
    `lifespan` is entered when the portal starts and left when it stops, for work beside requests.
    """

    name: str
    package: str
    texts: str
    routes: Sequence[BaseRoute] = ()
    title: str = ""
    summary: str = ""
    icon: str = "service"
    home: str = ""
    nav: Sequence[NavEntry] = ()
    tile: TileProvider | None = None
    service: str = ""
    order: int = 100
    machine_paths: tuple[str, ...] = ()
    lifespan: Callable[[], AbstractAsyncContextManager[None]] | None = None


def find_sites() -> list[Site]:
    """Loads every installed site, in the order of their tiles.

    A site that cannot be loaded is logged and left out: one domain must not cost the others.
    """
    sites = [site for point in entry_points(group=GROUP) if (site := _load(point)) is not None]
    return sorted(sites, key=lambda site: (site.order, site.name))


def _load(point: EntryPoint) -> Site | None:
    try:
        return point.load()
    except Exception:
        _log.exception("site %s (%s) cannot be loaded", point.name, point.value)
        return None
