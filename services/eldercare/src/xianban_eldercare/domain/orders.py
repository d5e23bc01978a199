"""An order from its placing to its rating: who may do what with it, and until when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from xianban_eldercare.domain.catalogue import ServiceKind
from xianban_eldercare.domain.errors import Refused

__all__ = ["AHEAD", "LAPSES_AFTER", "OPEN", "Order", "OrderState"]

# Within the next month, of which a grant can be foreseen.
AHEAD: Final = timedelta(days=28)
# Nobody begins, or says that nobody was there, longer than this before or after its time.
EARLIEST: Final = timedelta(hours=1)
LATEST: Final = timedelta(hours=24)
# Neither done nor said to be in vain this long after its time: it never was.
LAPSES_AFTER: Final = timedelta(hours=48)


class OrderState(StrEnum):
    """Where an order stands; the first three are still to come."""

    PLACED = "placed"
    ACCEPTED = "accepted"
    CHECKED_IN = "checked-in"
    FULFILLED = "fulfilled"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    NO_SHOW = "no-show"
    LAPSED = "lapsed"
    REFUNDED = "refunded"


OPEN: Final = (OrderState.PLACED, OrderState.ACCEPTED, OrderState.CHECKED_IN)


@dataclass(frozen=True, slots=True)
class Order:
    """The part of an order that its rules are about."""

    kind: ServiceKind
    start_at: datetime
    state: OrderState = OrderState.PLACED
    reason: str = ""
    checked_in_at: datetime | None = None
    fulfilled_at: datetime | None = None
    own_fen: int = 0
    receipt: str = ""
    paid_at: datetime | None = None
    stars: int = 0
    comment: str = ""

    def placed(self, now: datetime) -> Order:
        """Itself, if it can still be done."""
        if self.start_at <= now:
            raise Refused("ORDER_TIME_PAST", "start_time")
        if self.start_at > now + AHEAD:
            raise Refused("ORDER_TOO_FAR", "start_time", days=AHEAD.days)
        return self

    # -- the organisation's answer --------------------------------------------------------------

    def accepted(self, now: datetime) -> Order:
        self._must_be(OrderState.PLACED)
        if now >= self.start_at:
            raise Refused("ORDER_TIME_PAST")
        return replace(self, state=OrderState.ACCEPTED)

    def declined(self, reason: str) -> Order:
        """Also what was accepted: whoever can't come says so."""
        self._must_be(OrderState.PLACED, OrderState.ACCEPTED)
        return replace(self, state=OrderState.DECLINED, reason=reason)

    # -- the elder's side -----------------------------------------------------------------------

    def cancelled(self, now: datetime, until: datetime, reason: str) -> Order:
        """What nobody has accepted can be called off until it begins."""
        self._must_be(OrderState.PLACED, OrderState.ACCEPTED)
        limit = until if self.state is OrderState.ACCEPTED else self.start_at
        if now > limit:
            raise Refused("CANCEL_TOO_LATE")
        return replace(self, state=OrderState.CANCELLED, reason=reason)

    def rated(self, stars: int, comment: str) -> Order:
        self._must_be(OrderState.FULFILLED)
        if self.stars:
            raise Refused("ORDER_RATED")
        return replace(self, stars=stars, comment=comment)

    # -- doing it -------------------------------------------------------------------------------

    def checked_in(self, now: datetime) -> Order:
        self._must_be(OrderState.ACCEPTED)
        self._about_now(now)
        return replace(self, state=OrderState.CHECKED_IN, checked_in_at=now)

    def fulfilled(self, now: datetime, receipt: str) -> Order:
        """A meal is begun and done with one press."""
        if self.kind is ServiceKind.MEAL and self.state is OrderState.ACCEPTED:
            return self.checked_in(now).fulfilled(now, receipt)
        self._must_be(OrderState.CHECKED_IN)
        done = replace(self, state=OrderState.FULFILLED, fulfilled_at=now)
        return done.paid(now, receipt) if receipt else done

    def not_there(self, now: datetime, percent: int) -> Order:
        """Of the own share a part is asked for."""
        self._must_be(OrderState.ACCEPTED)
        if now < self.start_at:
            raise Refused("ORDER_TOO_EARLY")
        self._about_now(now)
        return replace(self, state=OrderState.NO_SHOW, own_fen=self.own_fen * percent // 100)

    def paid(self, now: datetime, receipt: str) -> Order:
        """Against a receipt, once."""
        self._must_be(OrderState.FULFILLED, OrderState.NO_SHOW)
        if not self.own_fen:
            raise Refused("NOTHING_TO_PAY", "receipt")
        if self.receipt:
            raise Refused("ORDER_PAID")
        return replace(self, receipt=receipt, paid_at=now)

    def refunded(self, now: datetime, days: int, reason: str) -> Order:
        self._must_be(OrderState.FULFILLED)
        if self.fulfilled_at is None or now > self.fulfilled_at + timedelta(days=days):
            raise Refused("REFUND_TOO_LATE", days=days)
        return replace(self, state=OrderState.REFUNDED, reason=reason)

    def lapsed(self, now: datetime) -> Order | None:
        """Nobody answered until it should have begun, or nobody came. The clock's alone."""
        unanswered = self.state is OrderState.PLACED and now >= self.start_at
        undone = self.state in OPEN and now >= self.start_at + LAPSES_AFTER
        return replace(self, state=OrderState.LAPSED) if unanswered or undone else None

    def _about_now(self, now: datetime) -> None:
        if now < self.start_at - EARLIEST:
            raise Refused("ORDER_TOO_EARLY")
        if now >= self.start_at + LATEST:
            raise Refused("ORDER_TIME_PAST")

    def _must_be(self, *states: OrderState) -> None:
        if self.state not in states:
            raise Refused(f"ORDER_{self.state.name}")
