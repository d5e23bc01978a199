"""Access tokens of the logged-in sessions, per audience, in memory only."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from xianban_portal.oidc import (
    GrantEndedError,
    IdentityAwayError,
    IdentityRefusedError,
    Oidc,
    Tokens,
)
from xianban_portal.sessions import Session, Sessions

RENEW_BEFORE = 30
RETRY_AFTER = 1.0
# Beyond this many sessions the longest unused one's tokens are fetched anew when needed.
HELD = 20_000


@dataclass
class _Held:
    own: Tokens | None = None
    audiences: dict[str, Tokens] = field(default_factory=dict[str, Tokens])
    # Refresh tokens rotate and reuse ends the session: never two refreshes at once.
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class SessionTokens:
    """Exchanges, caches and renews."""

    def __init__(self, oidc: Oidc, sessions: Sessions) -> None:
        self._oidc = oidc
        self._sessions = sessions
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._workload = _Held()
        self._inward: OrderedDict[tuple[bytes, str], Tokens] = OrderedDict()
        self._asked = -RETRY_AFTER

    def keep(self, session: Session, tokens: Tokens) -> None:
        """Starts a session with the tokens of its log-in."""
        self._of(session.key).own = tokens

    def forget(self, session: Session) -> None:
        self._held.pop(session.key, None)

    async def token(self, session: Session, audience: str) -> str:
        """A token for the audience; `GrantEndedError` when the person must log in again."""
        held = self._of(session.key)
        found = held.audiences.get(audience)
        if _fresh(found):
            return found.access
        async with held.lock:
            return await self._exchanged(held, session, audience)

    async def inward(self, token: str, facade: str, audience: str) -> str:
        """A program's token for a façade, as one for a service; `GrantEndedError` where it is none.

        Identity judges the token; who it is for is read here only to refuse others' early.
        """
        if _audience(token) != facade:
            raise GrantEndedError(f"not a token for {facade}")
        key = (hashlib.sha256(token.encode()).digest(), audience)
        found = self._inward.get(key)
        if not _fresh(found):
            found = await self._passed(token, audience)
            self._inward[key] = found
            while len(self._inward) > HELD:
                self._inward.popitem(last=False)
        return found.access

    async def _passed(self, token: str, audience: str) -> Tokens:
        try:
            return await self._oidc.exchange(token, audience)
        except IdentityRefusedError as error:
            raise GrantEndedError(str(error)) from error

    async def workload(self, audience: str) -> str:
        """The portal's own token."""
        found = self._workload.audiences.get(audience)
        if _fresh(found):
            return found.access
        async with self._workload.lock:
            return await self._own_workload(audience)

    async def _own_workload(self, audience: str) -> str:
        found = self._workload.audiences.get(audience)
        if _fresh(found):
            return found.access
        # While identity is away, it is not asked for every single call.
        if time.monotonic() - self._asked < RETRY_AFTER:
            raise IdentityAwayError("asked a moment ago")
        try:
            found = await self._oidc.workload(audience)
        except (IdentityAwayError, GrantEndedError):
            self._asked = time.monotonic()
            raise
        self._workload.audiences[audience] = found
        return found.access

    async def _exchanged(self, held: _Held, session: Session, audience: str) -> str:
        found = held.audiences.get(audience)
        if not _fresh(found):
            found = await self._oidc.exchange(await self._own(held, session), audience)
            held.audiences[audience] = found
        return found.access

    async def _own(self, held: _Held, session: Session) -> str:
        if not _fresh(held.own):
            held.own = await self._refreshed(session)
        return held.own.access

    async def _refreshed(self, session: Session) -> Tokens:
        # The request's copy may be older than the last rotation.
        current = self._sessions.find(session.cookie)
        if current is None or not current.refresh_token:
            raise GrantEndedError("the session is over")
        tokens = await self._oidc.refresh(current.refresh_token)
        rotated = tokens.refresh or current.refresh_token
        self._sessions.change(current.cookie, refresh_token=rotated)
        return tokens

    def _of(self, key: str) -> _Held:
        held = self._held.setdefault(key, _Held())
        self._held.move_to_end(key)
        while len(self._held) > HELD:
            self._held.popitem(last=False)
        return held


def _fresh(tokens: Tokens | None) -> TypeGuard[Tokens]:
    return tokens is not None and tokens.expires - RENEW_BEFORE > time.time()


def _audience(token: str) -> str:
    """Unverified; "" where it is no token."""
    try:
        body = token.split(".")[1]
        claims: Any = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return str(claims["aud"])
    except (IndexError, KeyError, TypeError, ValueError, RecursionError):
        return ""
