"""Conditional, bounded HTTP GET of something that is fetched again and again."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import httpx

__all__ = ["Puller", "SourceUnreachable"]

_TIMEOUT: Final = httpx.Timeout(20.0, connect=5.0)
_LARGEST: Final = 32 * 1024 * 1024
_OK: Final = 200
_UNCHANGED: Final = 304


class SourceUnreachable(RuntimeError):
    """The source did not answer with a body; what was known of it grows old."""


class Puller:
    """Fetches one URL; remembers its ETag so that an unchanged body is not sent again."""

    def __init__(
        self, url: str, client: httpx.Client | None = None, *, largest: int = _LARGEST
    ) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"a feed or source is pulled over http or https, not {url[:100]!r}")
        self._url = url
        # No redirects: the manifest names the hosts, a source must not name others.
        self._client = client or httpx.Client(timeout=_TIMEOUT, follow_redirects=False)
        self._largest = largest
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
            if len(body) > self._largest:
                raise SourceUnreachable(f"answered more than {self._largest} bytes")
        self._remember(answer)
        return bytes(body)

    def _remember(self, answer: httpx.Response) -> None:
        pairs = (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified"))
        self._validators = {
            ask: answer.headers[told] for ask, told in pairs if told in answer.headers
        }
