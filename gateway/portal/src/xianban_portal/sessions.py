"""Log-in sessions in the portal's own SQLite file: they survive a restart, a stolen file does not
open them. A row is found by the hash of the cookie and sealed with a key drawn from the cookie.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sqlite3
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

IDLE_SECONDS = 2 * 3600
LIFE_SECONDS = 12 * 3600
# The time of last use is written at most this often: reading a page is no database write.
TOUCH_SECONDS = 60

_SCHEMA = """
CREATE TABLE IF NOT EXISTS session (
  id BLOB PRIMARY KEY, sealed BLOB NOT NULL, created REAL NOT NULL, seen REAL NOT NULL
) WITHOUT ROWID
"""


@dataclass(frozen=True)
class Session:
    """What the portal remembers of a log-in; no part of it reaches the browser."""

    cookie: str
    person: str
    name: str
    roles: tuple[str, ...] = ()
    acr: str = ""
    refresh_token: str = ""
    id_token: str = ""
    acting_for: str = ""
    acting_name: str = ""

    @property
    def key(self) -> str:
        """The session's name inside the process; not the cookie."""
        return _digest(self.cookie).hex()

    @property
    def csrf(self) -> str:
        return hmac.digest(self.cookie.encode(), b"form token", "sha256").hex()


class Sessions:
    """The store. Calls take microseconds, so they stay on the event loop."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._now = now
        # Opened before the event loop has a thread of its own; used by that one alone.
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        path.chmod(0o600)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=2000"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute(_SCHEMA)

    def open(self, session: Session) -> Session:
        """Stores a new session under a fresh cookie."""
        fresh = replace(session, cookie=secrets.token_urlsafe(32))
        now = self._now()
        row = (_digest(fresh.cookie), _seal(fresh), now, now)
        self._db.execute("INSERT INTO session VALUES (?, ?, ?, ?)", row)
        self._sweep(now)
        return fresh

    def find(self, cookie: str) -> Session | None:
        """The session of a cookie; None when there is none, or its time is over."""
        if not cookie or len(cookie) > 100:
            return None
        query = "SELECT sealed, created, seen FROM session WHERE id = ?"
        row = self._db.execute(query, (_digest(cookie),)).fetchone()
        if row is None:
            return None
        sealed, created, seen = row
        now = self._now()
        if now - created > LIFE_SECONDS or now - seen > IDLE_SECONDS:
            self.close(cookie)
            return None
        if now - seen > TOUCH_SECONDS:
            self._db.execute("UPDATE session SET seen = ? WHERE id = ?", (now, _digest(cookie)))
        return _unseal(sealed, cookie)

    def change(self, cookie: str, **changes: Any) -> Session | None:
        """Changes the stored session, never a copy that is older than the last token rotation.

        One that was ended meanwhile stays ended.
        """
        current = self.find(cookie)
        if current is None:
            return None
        changed = replace(current, **changes)
        update = "UPDATE session SET sealed = ? WHERE id = ?"
        self._db.execute(update, (_seal(changed), _digest(cookie)))
        return changed

    def close(self, cookie: str) -> None:
        self._db.execute("DELETE FROM session WHERE id = ?", (_digest(cookie),))

    def shut(self) -> None:
        self._db.close()

    def _sweep(self, now: float) -> None:
        bounds = (now - LIFE_SECONDS, now - IDLE_SECONDS)
        self._db.execute("DELETE FROM session WHERE created < ? OR seen < ?", bounds)


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()


def _key(cookie: str) -> AESGCM:
    derived = HKDF(SHA256(), 32, None, b"xianban portal session").derive(cookie.encode())
    return AESGCM(derived)


def _seal(session: Session) -> bytes:
    nonce = secrets.token_bytes(12)
    content = {key: value for key, value in asdict(session).items() if key != "cookie"}
    return nonce + _key(session.cookie).encrypt(nonce, json.dumps(content).encode(), None)


def _unseal(sealed: bytes, cookie: str) -> Session | None:
    try:
        content = json.loads(_key(cookie).decrypt(sealed[:12], sealed[12:], None))
    except InvalidTag:
        return None
    return Session(cookie=cookie, **content | {"roles": tuple(content["roles"])})
