"""Log-ins: how strong, how fresh, how long; and the one-time codes behind them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

__all__ = ["ACR_CODE", "ACR_STRONG", "Code", "CodeRules", "Session", "acr_level", "satisfies"]

ACR_CODE = "urn:xianban:acr:1"
ACR_STRONG = "urn:xianban:acr:2"
# Services ask for a level by its number alone.
_LEVELS = {ACR_CODE: 1, ACR_STRONG: 2, "1": 1, "2": 2}
# A strong log-in is a fresh one: after this the second factor must be shown again.
STRONG_FOR = timedelta(minutes=5)


def acr_level(acr: str) -> int:
    """0 for a value nobody here knows."""
    return _LEVELS.get(acr, 0)


@dataclass(frozen=True, slots=True)
class Session:
    """One log-in of one person in one browser or app."""

    id: str
    person: str
    client: str
    device: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    auth_time: datetime
    amr: tuple[str, ...]
    strong_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str = ""

    def stands(self, now: datetime) -> bool:
        """Neither ended nor over."""
        return self.ended_at is None and now < self.expires_at

    def acr(self, now: datetime) -> str:
        """Strong only while the second factor is fresh."""
        fresh = self.strong_at is not None and now < self.strong_at + STRONG_FOR
        return ACR_STRONG if fresh else ACR_CODE

    def end(self, now: datetime, reason: str) -> Session:
        """Dead for refresh at once; access tokens die by their own age."""
        return replace(self, ended_at=now, end_reason=reason)


def satisfies(
    session: Session, acr_values: tuple[str, ...], max_age: int | None, now: datetime
) -> bool:
    """Whether the log-in is as strong and as fresh as the client asks (RFC 9470)."""
    wanted = [acr_level(acr) for acr in acr_values if acr_level(acr)]
    strong_enough = not wanted or acr_level(session.acr(now)) >= min(wanted)
    fresh_enough = max_age is None or now - session.auth_time <= timedelta(seconds=max_age)
    return strong_enough and fresh_enough


@dataclass(frozen=True, slots=True)
class CodeRules:
    """Bounds on one-time codes; per phone and per address."""

    lifetime: timedelta = timedelta(minutes=5)
    tries: int = 5
    resend_after: timedelta = timedelta(seconds=30)
    window: timedelta = timedelta(hours=1)
    per_phone: int = 10
    per_address: int = 60


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was sent, by its keyed hash."""

    id: str
    phone_hash: str
    code_hash: str
    created_at: datetime
    tries: int = 0
    used: bool = False

    def is_open(self, rules: CodeRules, now: datetime) -> bool:
        """Still worth comparing with what was typed."""
        return not self.used and self.tries < rules.tries and now < self.created_at + rules.lifetime
