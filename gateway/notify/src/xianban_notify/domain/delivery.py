"""One message on its way to one address: a state machine that only moves forward. Pure."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from xianban_notify.hookspecs import Verdict


class State(StrEnum):
    """Where a delivery stands."""

    # Waits for its turn, or for the end of the quiet hours.
    PENDING = "pending"
    SENDING = "sending"
    # The channel has taken it; some tell later whether it arrived.
    SENT = "sent"
    DELIVERED = "delivered"
    # Failed for now.
    RETRYING = "retrying"
    GIVEN_UP = "given-up"
    # The channel refuses this message for good.
    FAILED = "failed"
    # The address is no more.
    BOUNCED = "bounced"
    # Read before it was sent, or no longer wanted.
    CANCELLED = "cancelled"


WAITING: Final = frozenset({State.PENDING, State.RETRYING})
# A success that comes late is true all the same; these know better already.
_SETTLED: Final = frozenset({State.DELIVERED, State.BOUNCED})
_FOR_GOOD: Final = {Verdict.REFUSED: State.FAILED, Verdict.BOUNCED: State.BOUNCED}

_FIRST: Final = timedelta(seconds=30)
_FIRST_URGENT: Final = timedelta(seconds=5)
_LONGEST: Final = timedelta(hours=1)
_LONGEST_URGENT: Final = timedelta(minutes=5)
MOST_TRIES: Final = 8
MOST_TRIES_URGENT: Final = 12
# Waiting for a worker that is away uses up no tries, but has an end.
OLDEST: Final = timedelta(days=2)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message, one channel, one address."""

    id: str
    message: str
    recipient: str
    channel: str
    address: str
    urgent: bool
    created_at: datetime
    state: State = State.PENDING
    # Numbers attempts; only those that reached the channel count as tries.
    attempts: int = 0
    tries: int = 0
    # How often the channel took it and told later that it failed: a new matter for the provider.
    rounds: int = 0
    next_at: datetime | None = None
    reason: str = ""
    # The channel's own id of it.
    reference: str = ""
    # How often it may have reached the person twice: the crash window of channels without keys.
    maybe_twice: int = 0
    wanted: bool = True
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    changed_at: datetime | None = None

    @property
    def key(self) -> str:
        """The same for every attempt until a receipt says it failed: what channels dedupe by."""
        return f"{self.id}.{self.rounds}" if self.rounds else self.id

    def begin(self, now: datetime) -> Delivery:
        """The next attempt is under way."""
        if self.state not in WAITING:
            return self
        return self._to(State.SENDING, now, attempts=self.attempts + 1, next_at=None, reason="")

    def settle(
        self,
        number: int,
        verdict: Verdict,
        now: datetime,
        *,
        reason: str = "",
        reference: str = "",
        twice: bool = False,
    ) -> Delivery:
        """What became of an attempt. Of earlier attempts only a success counts, and once.

        `twice`: the attempt was begun before by a worker that died, and the channel takes no key.
        """
        counted = replace(self, maybe_twice=self.maybe_twice + 1) if twice else self
        current = self.state is State.SENDING and number == self.attempts
        tried = replace(counted, tries=counted.tries + 1) if current else counted
        if verdict in (Verdict.SENT, Verdict.DELIVERED):
            return tried._succeeded(verdict, now, reason, reference)
        if not current:
            return counted
        if verdict in _FOR_GOOD:
            return tried._to(_FOR_GOOD[verdict], now, reason=reason)
        return tried._again(now, reason)

    def too_late(self, number: int, now: datetime, reason: str = "worker-away") -> Delivery:
        """No worker took the attempt in its time: the channel was not called."""
        if self.state is not State.SENDING or number != self.attempts:
            return self
        return self._again(now, reason)

    def unanswered(self, number: int, now: datetime, *, takes_key: bool) -> Delivery:
        """Nothing came back in time; it may have been sent."""
        if self.state is not State.SENDING or number != self.attempts:
            return self
        doubt = 0 if takes_key else 1
        return replace(self, maybe_twice=self.maybe_twice + doubt)._again(now, "no-outcome")

    def receipt(self, verdict: Verdict, now: datetime, reason: str = "") -> Delivery:
        """The channel tells later what became of what it took."""
        if self.state is not State.SENT:
            return self
        if verdict is Verdict.DELIVERED:
            return self._succeeded(verdict, now, reason, "")
        if verdict in _FOR_GOOD:
            return self._to(_FOR_GOOD[verdict], now, reason=reason)
        if verdict is not Verdict.FAILED:
            return self
        return replace(self, rounds=self.rounds + 1)._again(now, reason)

    def read(self, now: datetime) -> Delivery:
        """The person has read the message: what was not sent need not be."""
        if self.state in WAITING:
            return self._to(State.CANCELLED, now, next_at=None, wanted=False, reason="read-first")
        return replace(self, wanted=False)

    def withdraw(self, now: datetime, reason: str) -> Delivery:
        """Nobody wants it any more, or may be told of it: it is not tried again."""
        if self.state is not State.SENDING and self.state not in WAITING:
            return self
        return self._to(State.CANCELLED, now, next_at=None, wanted=False, reason=reason)

    def not_before(self, instant: datetime) -> Delivery:
        """Waits for the end of the quiet hours; never moves forward in time."""
        if self.state not in WAITING or (self.next_at is not None and self.next_at >= instant):
            return self
        return replace(self, next_at=instant)

    def _succeeded(self, verdict: Verdict, now: datetime, reason: str, reference: str) -> Delivery:
        if self.state in _SETTLED or (self.state is State.SENT and verdict is Verdict.SENT):
            return self
        state = State.DELIVERED if verdict is Verdict.DELIVERED else State.SENT
        return self._to(
            state,
            now,
            next_at=None,
            reason=reason,
            reference=reference or self.reference,
            sent_at=self.sent_at or now,
            delivered_at=now if state is State.DELIVERED else self.delivered_at,
        )

    def _again(self, now: datetime, reason: str) -> Delivery:
        if not self.wanted:
            return self._to(State.CANCELLED, now, next_at=None, reason="read-first")
        most = MOST_TRIES_URGENT if self.urgent else MOST_TRIES
        if self.tries >= most or now - self.created_at > OLDEST:
            return self._to(State.GIVEN_UP, now, next_at=None, reason=reason)
        return self._to(State.RETRYING, now, next_at=now + self.pause(), reason=reason)

    def pause(self) -> timedelta:
        """Doubles with each try, up to a bound, give or take a fifth.

        The fifth comes from the id: what failed together does not come back together, and the
        same delivery always waits the same.
        """
        first, longest = (_FIRST_URGENT, _LONGEST_URGENT) if self.urgent else (_FIRST, _LONGEST)
        doubled = first * 2 ** min(max(self.tries - 1, 0), 20)
        spread = zlib.crc32(f"{self.id}/{self.attempts}".encode()) / 2**32
        return min(doubled, longest) * (0.8 + 0.4 * spread)

    def _to(self, state: State, now: datetime, **changes: object) -> Delivery:
        return replace(self, state=state, changed_at=now, **changes)  # type: ignore[arg-type]
