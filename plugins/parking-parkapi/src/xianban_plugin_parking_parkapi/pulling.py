"""Conditional, bounded HTTP GET."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import httpx

from xianban_plugin_parking_parkapi.document import MAX_BYTES

__all__ = ["Puller", "SourceUnreachable"]

TIMEOUT: Final = httpx.Timeout(20.0, connect=5.0)
_VALIDATORS: Final = {"If-None-Match": "etag", "If-Modified-Since": "last-modified"}
_OK: Final = 200
_UNCHANGED: Final = 304


class SourceUnreachable(RuntimeError):
    """The source did not answer with a body; parking shows the feed's last error."""


class Puller:
    """Fetches one URL; remembers its ETag so that an unchanged body is not sent again."""

    def __init__(self, url: str, client: httpx.Client | None = None) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"a feed is pulled over http or https, not {url[:100]!r}")
        self._url = url
        # No redirects: the manifest names the hosts, a source must not name others.
        self._client = client or httpx.Client(timeout=TIMEOUT, follow_redirects=False)
        self._validators: dict[str, str] = {}

    def fetch(self) -> bytes | None:
        """The body, or None when it is the one fetched last."""
        try:
            with self._client.stream("GET", self._url, headers=self._validators) as answer:
                return self._body(answer)
        except httpx.HTTPError as error:
            raise SourceUnreachable(f"{type(error).__name__}: {error}") from error

    def _body(self, answer: httpx.Response) -> bytes | None:
        if answer.status_code == _UNCHANGED:
            return None
        if answer.status_code != _OK:
            raise SourceUnreachable(f"answered HTTP {answer.status_code}")
        body = bytearray()
        # Decoded bytes are counted: a small compressed answer may unpack without end.
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > MAX_BYTES:
                raise SourceUnreachable(f"answered more than {MAX_BYTES} bytes")
        self._remember(answer)
        return bytes(body)

    def _remember(self, answer: httpx.Response) -> None:
        pairs = (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified"))
        self._validators = {
            ask: answer.headers[told] for ask, told in pairs if told in answer.headers
        }
