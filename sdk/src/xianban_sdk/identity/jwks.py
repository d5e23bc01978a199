"""Identity's public keys: asked for lazily, kept in memory and in a file, refreshed on a new kid.

A service needs identity neither to start nor to check tokens it has seen keys for.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from xianban_sdk.errors import Unavailable
from xianban_sdk.telemetry import log

__all__ = ["JwksCache", "JwksSource", "StaticKeys"]

# A stranger can invent kids at will; identity is asked at most this often.
_MIN_INTERVAL: Final = 1.0
# Retired keys are forgotten after this long, if identity can be asked.
_MAX_AGE: Final = 300.0
_MAX_KEYS: Final = 32


class JwksSource(Protocol):
    """Where a verifier finds keys."""

    def key(self, kid: str) -> ECKey | None:
        """The key, or None when identity does not know it; Unavailable when nobody can tell."""
        ...


class StaticKeys:
    """Keys known beforehand: tests, and identity itself."""

    def __init__(self, keys: Callable[[], dict[str, Any]]) -> None:
        self._keys = keys

    def key(self, kid: str) -> ECKey | None:
        """The key of this id among the current ones."""
        return _parse(self._keys()).get(kid)


class JwksCache:
    """Keys fetched from identity, remembered across restarts."""

    def __init__(
        self,
        fetch: Callable[[], dict[str, Any]],
        file: Path | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._file = file
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._keys: dict[str, ECKey] = self._read_file()
        self._fetched: float | None = None
        self._tried: float | None = None

    def key(self, kid: str) -> ECKey | None:
        """Finds a key; asks identity when the kid is new or the keys are old."""
        found = self._keys.get(kid)
        if found is not None and not self._old():
            return found
        with self._lock:
            self._refresh()
        found = self._keys.get(kid)
        if found is None and (self._fetched is None or self._fetched != self._tried):
            raise Unavailable("KEYS_UNAVAILABLE")
        return found

    def _old(self) -> bool:
        return self._fetched is None or self._monotonic() - self._fetched > _MAX_AGE

    def _refresh(self) -> None:
        now = self._monotonic()
        if self._tried is not None and now - self._tried < _MIN_INTERVAL:
            return
        self._tried = now
        try:
            jwks = self._fetch()
            self._keys = _parse(jwks)
        except Exception as error:
            # Old keys go on serving; a kid that is not among them answers KEYS_UNAVAILABLE.
            log.warning("jwks_refresh_failed", error=repr(error))
            return
        self._fetched = now
        self._write_file(jwks)

    def _read_file(self) -> dict[str, ECKey]:
        if self._file is None or not self._file.is_file():
            return {}
        try:
            return _parse(json.loads(self._file.read_bytes()))
        except (ValueError, JoseError) as error:
            log.warning("jwks_file_unreadable", file=str(self._file), error=repr(error))
            return {}

    def _write_file(self, jwks: dict[str, Any]) -> None:
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(f".{os.getpid()}.tmp")
        draft.write_text(json.dumps(jwks))
        draft.replace(self._file)


def _parse(jwks: dict[str, Any]) -> dict[str, ECKey]:
    """ES256 signing keys only; anything else in the set is not ours to use."""
    keys: dict[str, ECKey] = {}
    entries: list[dict[str, Any]] = jwks["keys"][:_MAX_KEYS]
    for entry in entries:
        if entry.get("kty") == "EC" and entry.get("crv") == "P-256" and "kid" in entry:
            public: dict[str, Any] = {name: entry[name] for name in ("kty", "crv", "x", "y")}
            keys[str(entry["kid"])] = ECKey.import_key(public)
    return keys
