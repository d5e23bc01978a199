"""Jinja2 pages: one environment, a folder per site, the kit's shell and components for all.

    return render(request, "parking/lots.html", lots=lots)

In a template: `{% extends "page.html" %}`, `t(key, **args)`, the components as `ui.…`
(components.html), `viewer`, `static(path)` and the filters of `formats`.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
)
from markupsafe import Markup
from starlette.datastructures import QueryParams
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse
from ulid import ULID

from xianban_sdk.web import formats
from xianban_sdk.web.site import NavEntry, Place, Site
from xianban_sdk.web.texts import KIT, MissingTextError, Texts
from xianban_sdk.web.viewer import TEXT_SIZES, Viewer, viewer_of

_log = logging.getLogger(__name__)


class Pages:
    """Renders every site's templates; needs no web framework, so identity's log-in uses it too."""

    def __init__(self, sites: Sequence[Site], *, strict: bool = False, map_tiles: str = "") -> None:
        self.sites = list(sites)
        self._packages = {"kit": KIT} | {site.name: site.package for site in sites}
        self._texts = {"kit": Texts([])} | {site.name: Texts([site.texts]) for site in sites}
        self._strict = strict
        self._map_tiles = map_tiles
        self._environment = _environment(sites)

    def text(self, site: str, locale: str, key: str, **args: object) -> str:
        """One text of a site. A missing key shows itself (and raises in tests: `strict`)."""
        try:
            return self._texts.get(site, self._texts["kit"]).format(locale, key, **args)
        except MissingTextError:
            if self._strict:
                raise
            _log.error("missing text %s in %s (%s)", key, site, locale)
            return key

    def has_text(self, site: str, locale: str, key: str) -> bool:
        return site in self._texts and self._texts[site].has(locale, key)

    def render(self, template: str, viewer: Viewer, **context: Any) -> str:
        """A page as text. The template's folder names the site whose texts it uses."""
        site = template.partition("/")[0] if "/" in template else "kit"
        values = self._context(site, viewer) | context
        values["ui"] = self._environment.get_template("components.html").make_module(values)
        return self._environment.get_template(template).render(values)

    def nav(self, viewer: Viewer, *places: Place) -> list[dict[str, str]]:
        """The entries of all sites for these places that this viewer may see."""
        shown = [
            (site, entry)
            for site in self.sites
            for entry in site.nav
            if entry.place in places and _visible(entry, viewer)
        ]
        here = _nearest(viewer.path, [entry for _, entry in shown])
        return [self._entry(site, entry, viewer, entry is here) for site, entry in shown]

    def static(self, path: str) -> str:
        """URL of a static file: `static("parking/lots.js")`, with its content's mark."""
        site, _, name = path.partition("/")
        return f"/static/{path}?v={_mark(self._packages[site], name)}"

    def _entry(self, site: Site, entry: NavEntry, viewer: Viewer, here: bool) -> dict[str, str]:
        label = self.text(site.name, viewer.locale, entry.label)
        shown = {"path": entry.path, "label": label, "icon": entry.icon}
        return shown | {
            "current": "page" if here else "",
            "badge": entry.badge if viewer.person else "",
        }

    def _context(self, site: str, viewer: Viewer) -> dict[str, Any]:
        def t(key: str, **args: object) -> str:
            return self.text(site, viewer.locale, key, **args)

        def ago(value: formats.Instant | None) -> str:
            key, count = formats.age(value, datetime.now(UTC))
            return t(key, count=count)

        def nav(*places: Place) -> list[dict[str, str]]:
            return self.nav(viewer, *places)

        return {
            "t": t,
            "ago": ago,
            "now": datetime.now(UTC),
            "viewer": viewer,
            "map_tiles": self._map_tiles,
            "static": self.static,
            "nav": nav,
            "sizes": TEXT_SIZES,
            "freshness": freshness,
            "joined": joined,
            "new_id": lambda: str(ULID()),
        }


def _nearest(path: str, entries: Sequence[NavEntry]) -> NavEntry | None:
    """The one entry under which a page stands; "/messages" does not stand under "/me"."""
    above = [e for e in entries if path == e.path or path.startswith(e.path.rstrip("/") + "/")]
    return max(above, key=lambda entry: len(entry.path), default=None)


def _visible(entry: NavEntry, viewer: Viewer) -> bool:
    held = viewer.person.roles if viewer.person else frozenset[str]()
    return not entry.roles or not held.isdisjoint(entry.roles)


def _environment(sites: Sequence[Site]) -> Environment:
    folders: dict[str, BaseLoader] = {
        site.name: PackageLoader(site.package)
        for site in sites
        if files(site.package).joinpath("templates").is_dir()
    }
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(KIT), PrefixLoader(folders)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(formats.FILTERS)
    return environment


def freshness(value: formats.Instant | None, now: datetime, stale_after: int) -> str:
    """ "fresh", "stale" or "unknown": a reading is never shown without its age and verdict."""
    at = formats.moment(value)
    if at is None:
        return "unknown"
    return "stale" if (now - at).total_seconds() > stale_after else "fresh"


def joined(attributes: dict[str, Any]) -> Markup:
    """HTML attributes from a dict; True gives a bare one, None and False none."""
    parts = [
        Markup(" {}").format(name) if value is True else Markup(' {}="{}"').format(name, value)
        for name, value in attributes.items()
        if value is not None and value is not False
    ]
    return Markup("").join(parts)


@lru_cache(maxsize=512)
def _mark(package: str, name: str) -> str:
    content = files(package).joinpath("static", name).read_bytes()
    return hashlib.sha256(content).hexdigest()[:12]


def render(
    request: HTTPConnection, template: str, status_code: int = 200, **context: Any
) -> HTMLResponse:
    """A page as a response."""
    return HTMLResponse(fragment(request, template, **context), status_code=status_code)


def fragment(request: HTTPConnection, template: str, **context: Any) -> str:
    """A page or part of one as text, for HTMX answers and live events."""
    pages: Pages = request.app.state.pages
    shell = {"unread": getattr(request.state, "unread", 0), "problem": None}
    # What a redirect after a form says: "done" to the page itself, "again" after a step-up.
    query = QueryParams(request.scope.get("query_string", b""))
    shell |= {name: query.get(name, "")[:32] for name in ("done", "again")}
    return pages.render(template, viewer_of(request), **(shell | context))


def text(request: HTTPConnection, site: str, key: str, **args: object) -> str:
    """One text of a site in the viewer's language."""
    pages: Pages = request.app.state.pages
    return pages.text(site, viewer_of(request).locale, key, **args)
