"""An emergency system that tells its playbooks over HTTP.

`GET <url>` answers `{"playbooks": [document, …]}` with an ETag; asked with `If-None-Match` it may
answer 304. No other protocol for plans is documented in public, so it is the plainest one: the
document of `xianban_sdk.public.playbooks`, fetched conditionally (RFC 9110).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast
from urllib.parse import urlsplit

import httpx
import orjson
from xianban_eldercare.hookspecs import Playbook, PlaybookUnread

from xianban_plugin_public_playbooks.files import read_all

__all__ = ["EmergencySystem", "SystemAway"]

_TIMEOUT: Final = httpx.Timeout(5.0, connect=3.0)
_MAX_BYTES: Final = 2 * 1024 * 1024
_OK: Final = 200
_UNCHANGED: Final = 304


class SystemAway(RuntimeError):
    """The system did not answer with playbooks; what it told before stays."""


class EmergencySystem:
    """Its playbooks; an unchanged answer is not sent again."""

    id = "emergency"
    names: Mapping[str, str] = {"zh-CN": "应急指挥系统", "en": "Emergency system"}

    def __init__(self, url: str, client: httpx.Client | None = None) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"an emergency system is asked over http or https, not {url[:100]!r}")
        self._url = url
        # No redirects: the manifest names the host, the system must not name another.
        self._client = client or httpx.Client(timeout=_TIMEOUT, follow_redirects=False)
        self._etag = ""
        self._told: list[Playbook | PlaybookUnread] = []

    def read(self, now: datetime) -> list[Playbook | PlaybookUnread]:
        """Raises SystemAway."""
        asked = {"If-None-Match": self._etag} if self._etag else {}
        try:
            with self._client.stream("GET", self._url, headers=asked) as answer:
                if answer.status_code == _UNCHANGED and self._etag:
                    return self._told
                self._told = list(read_all(_documents(_body(answer))))
                self._etag = answer.headers.get("etag", "")
        except httpx.HTTPError as error:
            raise SystemAway(f"{type(error).__name__}: {error}") from error
        return self._told


def _body(answer: httpx.Response) -> bytes:
    if answer.status_code != _OK:
        raise SystemAway(f"answered HTTP {answer.status_code}")
    body = bytearray()
    # Decoded bytes are counted: a small compressed answer may unpack without end.
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > _MAX_BYTES:
            raise SystemAway(f"answered more than {_MAX_BYTES} bytes")
    return bytes(body)


def _documents(body: bytes) -> list[object]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise SystemAway("answered what is no JSON") from None
    found = cast("dict[str, Any]", told).get("playbooks") if isinstance(told, dict) else None
    if not isinstance(found, list):
        raise SystemAway("answered no list of playbooks")
    return cast("list[object]", found)
