"""Finds every page of the running portal: the registered routes, filled in by following links."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from html import unescape

import httpx
from people import People
from starlette.routing import Route
from xianban_sdk.web import find_sites

# Whoever is the first to be let in shows the page; nobody in particular comes first.
PEOPLE = ("", "resident", "daughter", "operator", "auditor", "admin")
PEOPLE += ("elder", "dispatcher", "station-manager", "assessor", "carer")
# Of pages about one thing two are looked at: it may stand differently with each.
SAMPLES = 2
# A page that no link leads to must not have calendars walked to their ends in search of it.
MOST = 12
# But these are empty for whoever comes first: they are looked at as the one they are about.
ABOUT = {"elder": ("/eldercare", "/eldercare/orders")}
_LINK = re.compile(r"""(?:href|hx-get)="(/[^"#]*)""")
# A page is a whole document; streams, data, files and parts of pages are none.
_DOCUMENT = "<html"
_SHUT = frozenset({401, 403, 404})


class Atlas:
    """What each person is asked to look at: every registered page, with and without a query."""

    def __init__(self, people: People) -> None:
        self.routes = list(_registered())
        self.paths: dict[str, list[str]] = {person: [] for person in PEOPLE}
        self._known: Counter[tuple[str, bool]] = Counter()
        for person in PEOPLE:
            with _visitor(people, person) as http:
                self._explore(http, person)
            own = ABOUT.get(person, ())
            self.paths[person] += [path for path in own if path not in self.paths[person]]

    def unreached(self) -> list[str]:
        """Routes to which no link leads, or which let nobody in."""
        reached = {path for path, _ in self._known}
        return sorted({route.path for route in self.routes} - reached)

    def _explore(self, http: httpx.Client, person: str) -> None:
        """From the pages without braces along their links."""
        waiting = deque(route.path for route in self.routes if "{" not in route.path)
        seen: set[str] = set()
        while waiting:
            path = waiting.popleft()
            key = self._key(path)
            if path in seen or key is None or self._enough(key):
                continue
            seen.add(path)
            html = self._open(http, path)
            if html is None:
                continue
            new = self._known[key] < _samples(key[0])
            self._known[key] += 1
            if _DOCUMENT in html:
                self.paths[person] += [path] if new else []
                waiting += _links(html, str(http.base_url))

    def _enough(self, key: tuple[str, bool]) -> bool:
        """A list that was empty for one may lead on for the next, while pages miss."""
        known = self._known[key]
        full = known >= _samples(key[0])
        return full and (key[0].endswith("}") or known >= MOST or not self.unreached())

    def _key(self, path: str) -> tuple[str, bool] | None:
        """The first route that matches, as the portal chooses, and whether a query is asked."""
        bare, _, query = path.partition("?")
        for route in self.routes:
            if route.path_regex.match(bare):
                return route.path, bool(query)
        return None

    @staticmethod
    def _open(http: httpx.Client, path: str) -> str | None:
        """The document, nothing for what is none, None where the person is not let in."""
        with http.stream("GET", path) as answer:
            leads_to = answer.headers.get("location", "")
            if answer.status_code in _SHUT or leads_to.startswith("/login"):
                return None
            assert answer.status_code < 500, f"{path}: {answer.status_code}"
            page = answer.headers.get("content-type", "").startswith("text/html")
            return answer.read().decode() if page else ""


def _samples(pattern: str) -> int:
    return SAMPLES if pattern.endswith("}") else 1


def _registered() -> Iterator[Route]:
    """What a browser may ask for; paths for programs are no pages."""
    for site in find_sites():
        for route in site.routes:
            mine = isinstance(route, Route) and "GET" in (route.methods or ())
            if mine and not any(route.path.startswith(path) for path in site.machine_paths):
                yield route


def _links(html: str, base: str) -> list[str]:
    here = html.replace(f'"{base.rstrip("/")}/', '"/')
    return [unescape(link) for link in _LINK.findall(here)]


def _visitor(people: People, person: str) -> httpx.Client:
    kept = people.state(person) or {"cookies": []}
    cookies = {cookie["name"]: cookie["value"] for cookie in kept["cookies"]}
    return httpx.Client(base_url=people.suite.url, cookies=cookies, timeout=20)
