"""Feeds: a sender pushes a signed body, or we pull a URL; both read every known format."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from xianban_parking.hookspecs import LotFacts, LotObservation, Rejected
from xianban_sdk.pulling import Puller
from xianban_sdk.signatures import verify

from xianban_plugin_parking_parkapi.reading import read

__all__ = ["FeedFacts", "PullFeed", "PushFeed"]

Told = LotFacts | LotObservation | Rejected
Mode = Literal["pull", "push", "replay"]


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """What a feed is called, how often it promises to speak, and where its lots lie."""

    id: str
    names: Mapping[str, str]
    cadence: timedelta
    area: str = ""


class _Feed:
    def __init__(self, facts: FeedFacts) -> None:
        self.id = facts.id
        self.names = facts.names
        self.cadence = facts.cadence
        self._area = facts.area

    def _told(self, body: bytes) -> Iterator[Told]:
        for item in read(body).items:
            here = isinstance(item, LotFacts) and not item.area
            yield replace(item, area=self._area) if here and isinstance(item, LotFacts) else item


class PushFeed(_Feed):
    """Takes bodies signed with the feed's secret."""

    mode: Mode = "push"

    def __init__(self, facts: FeedFacts, secret: bytes) -> None:
        super().__init__(facts)
        self._secret = secret

    def read(self, now: datetime) -> Iterator[Told]:
        """A push feed has nothing to fetch."""
        return iter(())

    def parse(
        self, body: bytes, content_type: str, headers: Mapping[str, str], now: datetime
    ) -> Iterator[Told]:
        """Reads a pushed body; the signature is checked before anything else."""
        verify(self._secret, headers, body, now)
        return self._told(body)


class PullFeed(_Feed):
    """Fetches a URL, once per cadence, and only when it changed."""

    mode: Mode = "pull"

    def __init__(self, facts: FeedFacts, puller: Puller) -> None:
        super().__init__(facts)
        self._puller = puller
        self._due: datetime | None = None
        self._lock = threading.Lock()

    def read(self, now: datetime) -> Iterator[Told]:
        """What is new; nothing before the cadence is over or when the source did not change."""
        with self._lock:
            if self._due is not None and now < self._due:
                return iter(())
            self._due = now + self.cadence
            body = self._puller.fetch()
        return iter(()) if body is None else self._told(body)

    def parse(
        self, body: bytes, content_type: str, headers: Mapping[str, str], now: datetime
    ) -> Iterator[Told]:
        """Nobody may push here."""
        raise PermissionError(f"feeds/{self.id} takes no pushes")
