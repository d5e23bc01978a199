"""A context broker over HTTP: `GET /ngsi-ld/v1/entities?type=…`, page by page."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast
from urllib.parse import urlencode

import httpx
import orjson
from xianban_sdk.public.responders import Responder, ResponderUnread
from xianban_sdk.pulling import Puller, SourceUnreachable

from xianban_plugin_public_responders.entities import read_one

__all__ = ["BrokerSource", "SourceFacts"]

_TIMEOUT: Final = httpx.Timeout(3.0)
_MAX_BYTES: Final = 1024 * 1024
_PAGE: Final = 100
_MOST_PAGES: Final = 5
# Normalised entities with short names, not JSON-LD with a context in the body.
_ACCEPT: Final = {"Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What the operator says of a source."""

    id: str
    names: Mapping[str, str]
    url: str
    cadence: timedelta
    type: str = "Responder"


@dataclass(slots=True)
class _Page:
    """One page as it was fetched last."""

    puller: Puller
    entities: list[Any] | None = None


class BrokerSource:
    """Asks for all pages every time; an unchanged one is not sent again."""

    def __init__(self, facts: SourceFacts, client: httpx.Client | None = None) -> None:
        self.id = facts.id
        self.names = facts.names
        self.cadence = facts.cadence
        self._facts = facts
        # No redirects: the manifest names the hosts.
        self._client = client or httpx.Client(
            timeout=_TIMEOUT, follow_redirects=False, headers=_ACCEPT
        )
        self._pages = [self._page(number) for number in range(_MOST_PAGES)]
        self._lock = threading.Lock()

    def read(self, now: datetime) -> Iterator[Responder | ResponderUnread]:
        """Raises when a page could not be read: half a list would hide who is near."""
        with self._lock:
            entities = self._entities()
        return iter([read_one(one, self._facts.type, now) for one in entities])

    def _entities(self) -> list[Any]:
        found: list[Any] = []
        for number in range(_MOST_PAGES):
            page = self._fetched(number)
            found += page
            if len(page) < _PAGE:
                return found
        raise SourceUnreachable(f"lists more than {_PAGE * _MOST_PAGES} entities")

    def _fetched(self, number: int) -> list[Any]:
        page = self._pages[number]
        body = page.puller.fetch()
        if body is not None:
            page.entities = _listed(body)
        if page.entities is None:
            # Its ETag is forgotten: an unchanged page that nobody can read is no known page.
            self._pages[number] = self._page(number)
            raise SourceUnreachable("answered no list of entities")
        return page.entities

    def _page(self, number: int) -> _Page:
        asked = {"type": self._facts.type, "limit": _PAGE, "offset": number * _PAGE}
        url = f"{self._facts.url}?{urlencode(asked)}"
        return _Page(Puller(url, self._client, largest=_MAX_BYTES))


def _listed(body: bytes) -> list[Any] | None:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return cast("list[Any]", told) if isinstance(told, list) else None
