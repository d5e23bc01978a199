"""One traffic control centre over HTTP: readings, and closures beside them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import httpx
from xianban_sdk.public.traffic import (
    TrafficClosures,
    TrafficReading,
    TrafficStretch,
    TrafficUnread,
)
from xianban_sdk.pulling import Puller, SourceUnreachable

from xianban_plugin_public_traffic import elaborated, situations
from xianban_plugin_public_traffic.documents import MAX_BYTES, Publication, Unreadable, opened

__all__ = ["DatexSource", "SourceFacts", "Told"]

_TIMEOUT: Final = httpx.Timeout(5.0)
# What the service is told of at most; a district's feed may name all its country's roads.
_MOST_UNREAD: Final = 200

Told = TrafficStretch | TrafficReading | TrafficClosures | TrafficUnread


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What the operator says of a source."""

    id: str
    names: Mapping[str, str]
    url: str
    """Where the ElaboratedDataPublication lies."""
    cadence: timedelta
    stretches: tuple[TrafficStretch, ...]
    situations_url: str = ""
    """Where the SituationPublication lies; empty: closures are not asked for."""


@dataclass(slots=True)
class _Feed:
    """One address, and the publication that was read there last."""

    url: str
    kind: str
    client: httpx.Client
    puller: Puller = field(init=False)
    known: Publication | None = None

    def __post_init__(self) -> None:
        self.puller = Puller(self.url, self.client, largest=MAX_BYTES)

    def read(self, now: datetime) -> Iterator[TrafficUnread]:
        """Fetches what is new; raises SourceUnreachable, and then asks for all of it again."""
        try:
            body = self.puller.fetch()
            if body is None:
                return
            fresh = opened(body, self.kind, now)
        except Unreadable as error:
            # Its ETag is forgotten: an unchanged document that nobody can read is not known.
            self.__post_init__()
            raise SourceUnreachable(str(error)) from None
        if self.known is not None and fresh.published_at < self.known.published_at:
            # Caches and several servers answer out of order: the newer one stands.
            yield TrafficUnread(self.kind, "publicationTime", "OLDER_THAN_KNOWN")
            return
        self.known = fresh


class DatexSource:
    """Reads both documents every time; an unchanged one is not sent again."""

    def __init__(self, facts: SourceFacts, client: httpx.Client | None = None) -> None:
        self.id = facts.id
        self.names = facts.names
        self.cadence = facts.cadence
        self._facts = facts
        self._known = [one.id for one in facts.stretches]
        # No redirects: the manifest names the hosts.
        client = client or httpx.Client(timeout=_TIMEOUT, follow_redirects=False)
        self._readings = _Feed(facts.url, elaborated.KIND, client)
        self._situations = (
            _Feed(facts.situations_url, situations.KIND, client) if facts.situations_url else None
        )
        self._lock = threading.Lock()

    def read(self, now: datetime) -> Iterator[Told]:
        """Raises when readings could not be had; closures that could not are only not told."""
        with self._lock:
            told = [*self._facts.stretches, *self._moving(now), *self._closed(now)]
        return iter(_bounded(told))

    def _moving(self, now: datetime) -> Iterator[Told]:
        yield from self._readings.read(now)
        if self._readings.known is not None:
            yield from elaborated.read_readings(self._readings.known, self._known, now)

    def _closed(self, now: datetime) -> Iterator[Told]:
        feed = self._situations
        if feed is None:
            return
        try:
            yield from feed.read(now)
        except SourceUnreachable as error:
            yield TrafficUnread(f"{feed.kind}: {error}"[:128], "", "UNREACHABLE")
            return
        if feed.known is not None:
            closures, unread = situations.read_closures(feed.known, self._known)
            yield closures
            yield from unread


def _bounded(told: list[Told]) -> Iterator[Told]:
    unread = 0
    for one in told:
        unread += isinstance(one, TrafficUnread)
        if not isinstance(one, TrafficUnread) or unread <= _MOST_UNREAD:
            yield one
