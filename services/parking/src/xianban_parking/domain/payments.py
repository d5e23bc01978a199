"""One payment through a provider: states, callbacks that may come twice or late, refunds.

The provider's word that money moved always wins: a capture after `failed` or `expired` counts, a
`failed` after a capture does not. A callback with another amount than asked is refused whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from xianban_parking.domain.calendar import as_utc
from xianban_parking.domain.errors import PaymentError
from xianban_parking.domain.ledger import Posting, capture_posting, refund_posting

__all__ = [
    "Callback",
    "CallbackKind",
    "Payment",
    "PaymentStatus",
    "Refund",
    "RefundStatus",
    "apply_callback",
    "expire",
    "quote_payment",
    "request_refund",
]


class PaymentStatus(StrEnum):
    """Where the payment stands; refund states follow from the refunds."""

    QUOTED = "quoted"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    FAILED = "failed"
    EXPIRED = "expired"


class RefundStatus(StrEnum):
    """A refund is pending until the provider says how it ended."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class CallbackKind(StrEnum):
    """What providers report."""

    AUTHORISED = "authorised"
    CAPTURED = "captured"
    FAILED = "failed"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"


TAKEN = frozenset(
    {PaymentStatus.CAPTURED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED}
)


@dataclass(frozen=True, slots=True)
class Callback:
    """One message of the provider; `id` is the provider's own, the key to repeat-safety."""

    id: str
    payment_id: str
    kind: CallbackKind
    amount_fen: int
    at: datetime
    refund_id: str | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """Money on its way back; a pending one already counts against what was captured."""

    id: str
    amount_fen: int
    status: RefundStatus = RefundStatus.PENDING


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment of a fixed amount for one session (`owner`)."""

    id: str
    owner: str
    amount_fen: int
    expires_at: datetime
    status: PaymentStatus = PaymentStatus.QUOTED
    refunds: Mapping[str, Refund] = field(default_factory=dict[str, Refund])
    callbacks: Mapping[str, Callback] = field(default_factory=dict[str, Callback])

    @property
    def taken(self) -> bool:
        """Whether the provider holds or held the money."""
        return self.status in TAKEN

    @property
    def refunded_fen(self) -> int:
        """What the resident got back."""
        return sum(
            one.amount_fen for one in self.refunds.values() if one.status is RefundStatus.DONE
        )

    @property
    def refundable_fen(self) -> int:
        """What can still be refunded; pending refunds are already taken off."""
        claimed = (
            one.amount_fen for one in self.refunds.values() if one.status is not RefundStatus.FAILED
        )
        return self.amount_fen - sum(claimed) if self.taken else 0


def quote_payment(
    payment_id: str, owner: str, amount_fen: int, now: datetime, valid_for: timedelta
) -> Payment:
    """A payment offered to the resident; nothing to pay is no payment."""
    if amount_fen <= 0:
        raise PaymentError("NOTHING_TO_PAY", "amount_fen", {"value": amount_fen})
    return Payment(payment_id, owner, amount_fen, as_utc(now, "now") + valid_for)


def expire(payment: Payment, now: datetime) -> Payment:
    """The clock ends an offer nobody paid; idempotent."""
    waiting = payment.status in (PaymentStatus.QUOTED, PaymentStatus.AUTHORISED)
    if waiting and as_utc(now, "now") >= payment.expires_at:
        return replace(payment, status=PaymentStatus.EXPIRED)
    return payment


def request_refund(payment: Payment, refund_id: str, amount_fen: int) -> Payment:
    """Ask the provider to give back at most what it took; the same request twice is one."""
    before = payment.refunds.get(refund_id)
    if before is not None:
        if before.amount_fen != amount_fen:
            raise PaymentError("REFUND_CONFLICT", "refund_id", {"refund": refund_id})
        return payment
    if not payment.taken:
        raise PaymentError("NOT_CAPTURED", "status", {"status": str(payment.status)})
    if not 0 < amount_fen <= payment.refundable_fen:
        params: dict[str, str | int] = {"asked_fen": amount_fen}
        params["refundable_fen"] = payment.refundable_fen
        raise PaymentError("REFUND_EXCEEDS_CAPTURE", "amount_fen", params)
    return replace(payment, refunds={**payment.refunds, refund_id: Refund(refund_id, amount_fen)})


def apply_callback(payment: Payment, callback: Callback) -> tuple[Payment, tuple[Posting, ...]]:
    """What a provider's message changes; repeated, late and contradicting ones are harmless."""
    if callback.payment_id != payment.id:
        raise PaymentError("OTHER_PAYMENT", "payment_id", {"payment": payment.id})
    before = payment.callbacks.get(callback.id)
    if before is not None:
        if before != callback:
            raise PaymentError("CALLBACK_CONFLICT", "id", {"callback": callback.id})
        return payment, ()
    seen = replace(payment, callbacks={**payment.callbacks, callback.id: callback})
    if callback.kind in (CallbackKind.REFUNDED, CallbackKind.REFUND_FAILED):
        return _refund_answer(seen, callback)
    return _payment_answer(seen, callback)


def _payment_answer(payment: Payment, callback: Callback) -> tuple[Payment, tuple[Posting, ...]]:
    if callback.kind is CallbackKind.FAILED:
        # Too late once the money was taken: the capture stands.
        failed = replace(payment, status=PaymentStatus.FAILED)
        return (payment if payment.taken else failed), ()
    _same_amount(callback, payment.amount_fen)
    if callback.kind is CallbackKind.AUTHORISED:
        waiting = payment.status is PaymentStatus.QUOTED
        authorised = replace(payment, status=PaymentStatus.AUTHORISED)
        return (authorised if waiting else payment), ()
    if payment.taken:
        return payment, ()
    posting = capture_posting(
        f"capture:{payment.id}", payment.owner, payment.amount_fen, callback.at
    )
    return replace(payment, status=PaymentStatus.CAPTURED), (posting,)


def _refund_answer(payment: Payment, callback: Callback) -> tuple[Payment, tuple[Posting, ...]]:
    refund = payment.refunds.get(callback.refund_id or "")
    if refund is None:
        refund_id = callback.refund_id or "none"
        raise PaymentError("REFUND_UNKNOWN", "refund_id", {"refund": refund_id})
    _same_amount(callback, refund.amount_fen)
    if refund.status is RefundStatus.DONE:
        return payment, ()
    done = callback.kind is CallbackKind.REFUNDED
    if done and refund.status is RefundStatus.FAILED and payment.refundable_fen < refund.amount_fen:
        # Another refund took its place meanwhile; a person must sort this out with the provider.
        raise PaymentError("REFUND_EXCEEDS_CAPTURE", "refund_id", {"refund": refund.id})
    ended = replace(refund, status=RefundStatus.DONE if done else RefundStatus.FAILED)
    after = replace(payment, refunds={**payment.refunds, refund.id: ended})
    if not done:
        return after, ()
    posting = refund_posting(
        f"refund:{payment.id}:{refund.id}", payment.owner, refund.amount_fen, callback.at
    )
    whole = after.refunded_fen == after.amount_fen
    status = PaymentStatus.REFUNDED if whole else PaymentStatus.PARTIALLY_REFUNDED
    return replace(after, status=status), (posting,)


def _same_amount(callback: Callback, expected_fen: int) -> None:
    if callback.amount_fen != expected_fen:
        params: dict[str, str | int] = {"expected_fen": expected_fen}
        params["got_fen"] = callback.amount_fen
        raise PaymentError("AMOUNT_MISMATCH", "amount_fen", params)
