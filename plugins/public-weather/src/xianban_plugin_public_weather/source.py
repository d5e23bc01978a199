"""One weather service over HTTP: a list of CAP messages, and forecasts beside it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import httpx
from xianban_sdk.public.warnings import Forecast, Unread, WeatherWarning
from xianban_sdk.pulling import Puller, SourceUnreachable

from xianban_plugin_public_weather.cap import read_alert
from xianban_plugin_public_weather.listing import Entry, entries, same_host
from xianban_plugin_public_weather.open_meteo import read_forecast
from xianban_plugin_public_weather.xml_safely import MAX_BYTES, Unreadable

__all__ = ["CapSource", "SourceFacts"]

# One answer may be slow; all together must leave the service time to keep what was read.
_TIMEOUT: Final = httpx.Timeout(5.0)
_PATIENCE: Final = 12.0
_AHEAD: Final = timedelta(hours=48)
_HOUR: Final = timedelta(hours=1)

Told = WeatherWarning | Forecast | Unread


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What the operator says of a source."""

    id: str
    names: Mapping[str, str]
    url: str
    cadence: timedelta
    places: Mapping[str, str] = field(default_factory=dict[str, str])
    """The sender's codes of places → the suite's areas."""
    forecasts: Mapping[str, str] = field(default_factory=dict[str, str])
    """The suite's area → address."""


@dataclass(slots=True)
class _Kept:
    """What was read at one address."""

    puller: Puller
    stamp: str | None = None
    told: list[Told] = field(default_factory=list[Told])


class CapSource:
    """Reads the list every time, and each message once, as long as its stamp stays."""

    def __init__(self, facts: SourceFacts, client: httpx.Client | None = None) -> None:
        self.id = facts.id
        self.names = facts.names
        self.cadence = facts.cadence
        self._facts = facts
        # No redirects: the manifest names the hosts.
        self._client = client or httpx.Client(timeout=_TIMEOUT, follow_redirects=False)
        self._list = self._puller(facts.url)
        self._entries: list[Entry] = []
        self._alone: list[Told] | None = None
        self._kept: dict[str, _Kept] = {}
        self._forecasts = {area: _Kept(self._puller(url)) for area, url in facts.forecasts.items()}
        self._lock = threading.Lock()

    def read(self, now: datetime) -> Iterator[Told]:
        """All that stands on the list now; raises when the list could not be read."""
        with self._lock:
            until = time.monotonic() + _PATIENCE
            self._read_list()
            told = [*(self._alone or ()), *self._messages(until), *self._foreseen(now, until)]
        return iter(told)

    def _read_list(self) -> None:
        body = self._list.fetch()
        if body is None:
            return
        try:
            found = entries(body, self._facts.url)
            self._alone = [*read_alert(body, self._facts.places)] if found is None else None
        except Unreadable as error:
            # Its ETag is forgotten: an unchanged list that nobody can read is no known list.
            self._list = self._puller(self._facts.url)
            raise SourceUnreachable(str(error)) from None
        self._entries = found or []
        listed = {one.url for one in self._entries}
        self._kept = {url: kept for url, kept in self._kept.items() if url in listed}

    def _messages(self, until: float) -> Iterator[Told]:
        for entry in self._entries:
            if not same_host(entry.url, self._facts.url):
                yield Unread(entry.url[:200], "HOST_NOT_CONFIGURED")
                continue
            kept = self._kept.setdefault(entry.url, _Kept(self._puller(entry.url)))
            if not kept.stamp or kept.stamp != entry.stamp:
                yield from self._fetched(kept, entry, until)
            yield from kept.told

    def _fetched(self, kept: _Kept, entry: Entry, until: float) -> Iterator[Told]:
        """Reads a message anew; what is wrong with it."""
        if time.monotonic() > until:
            yield Unread(entry.url[:200], "TIME_WAS_UP")
            return
        try:
            body = kept.puller.fetch()
            if body is not None:
                kept.told = [*read_alert(body, self._facts.places)]
            kept.stamp = entry.stamp
        except SourceUnreachable as error:
            yield Unread(entry.url[:200], "UNREACHABLE", str(error)[:200])
        except Unreadable as error:
            kept.told, kept.stamp = [], None
            kept.puller = self._puller(entry.url)
            yield Unread(entry.url[:200], error.reason, error.detail)

    def _foreseen(self, now: datetime, until: float) -> Iterator[Told]:
        for area, kept in self._forecasts.items():
            try:
                body = kept.puller.fetch() if time.monotonic() < until else None
                if body is not None:
                    kept.told = [*read_forecast(body, area)]
            except SourceUnreachable as error:
                yield Unread(f"forecast {area}", "UNREACHABLE", str(error)[:200])
            except Unreadable as error:
                kept.puller = self._puller(self._facts.forecasts[area])
                yield Unread(f"forecast {area}", error.reason, error.detail)
            for one in kept.told:
                if isinstance(one, Forecast) and now - _HOUR < one.at <= now + _AHEAD:
                    yield one

    def _puller(self, url: str) -> Puller:
        return Puller(url, self._client, largest=MAX_BYTES)
