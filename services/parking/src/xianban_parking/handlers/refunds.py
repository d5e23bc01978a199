"""Money that goes back: promised in a transaction, given by the provider outside of any.

The refund's row is the to-do list and its id the provider's idempotency key: whoever is killed
between the provider's answer and our commit asks again with the same key.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from xianban_sdk.errors import FailedPrecondition
from xianban_sdk.storage import UnitOfWork

from xianban_parking.domain.ledger import adjustment_posting, refund_posting
from xianban_parking.events import message, payment_refunded, yuan
from xianban_parking.handlers.ledgers import post
from xianban_parking.repository import MACHINE, Payments, Permits, Refunds, Scope, Sessions
from xianban_parking.repository.rows import PaymentRow, RefundRow

__all__ = ["ask_refund", "give_back", "postpone_refund", "refund_payment", "settle_refund"]

TAKEN = ("captured", "partially_refunded")
SHORTEST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(hours=1)


def refund_payment(
    payment_id: str, amount_fen: int, reason: str, *, scope: Scope, uow: UnitOfWork
) -> PaymentRow:
    """An operator gives money back: the fee itself becomes smaller by as much."""
    payments = Payments(uow.conn, scope)
    payment = payments.get(payment_id, field="payment", locked=True)
    refund = ask_refund(payment, amount_fen, reason, scope.actor, uow=uow)
    credit = adjustment_posting(
        f"credit:{refund.id}", payment.payable, -refund.amount_fen, uow.clock.now()
    )
    post(uow, credit, lot=payment.lot, kind="credit", reference=refund.id)
    if payment.payable_kind == "session":
        _lower_fee(payment.payable, refund.amount_fen, uow)
    uow.audit("RefundPayment", payment.resident, basis=f"role:{reason}"[:200])
    return payment


def ask_refund(
    payment: PaymentRow, amount_fen: int, reason: str, by: str, *, uow: UnitOfWork
) -> RefundRow:
    """Notes what is to go back, at most what came and was not promised back before."""
    if payment.state not in TAKEN:
        raise FailedPrecondition("PAYMENT_NOT_CAPTURED", field="payment")
    refunds = Refunds(uow.conn, MACHINE)
    left = payment.amount_fen - refunds.requested(payment.id)
    wanted = amount_fen or left
    if not 0 < wanted <= left:
        raise FailedPrecondition(
            "PAYMENT_REFUND_EXCEEDS_CAPTURE",
            field="amount_fen",
            refundable_fen=left,
            refundable=yuan(left),
        )
    now = uow.clock.now()
    row = RefundRow(
        uow.ids.new(), payment.id, wanted, reason, "requested", by, 0, "", now, now, None
    )
    refunds.add({name: getattr(row, name) for name in row.__dataclass_fields__})
    return row


def give_back(payable: str, amount_fen: int, reason: str, *, uow: UnitOfWork) -> None:
    """Returns what was paid too much, from the newest payment backwards."""
    if amount_fen <= 0:
        return
    left = amount_fen - Refunds(uow.conn, MACHINE).pending(payable)
    for payment in Payments(uow.conn, MACHINE).given_for(payable):
        free = payment.amount_fen - Refunds(uow.conn, MACHINE).requested(payment.id)
        part = min(left, free)
        if part > 0 and payment.state in TAKEN:
            ask_refund(payment, part, reason, "parking", uow=uow)
            left -= part


def settle_refund(refund: RefundRow, *, uow: UnitOfWork) -> None:
    """The provider has given the money back: booked once, whoever reports it."""
    now = uow.clock.now()
    if not Refunds(uow.conn, MACHINE).settle(refund.id, now):
        return
    payments = Payments(uow.conn, MACHINE)
    payment = payments.get(refund.payment, locked=True)
    back = payment.refunded_fen + refund.amount_fen
    state = "refunded" if back >= payment.amount_fen else "partially_refunded"
    payments.change(payment.id, refunded_fen=back, state=state)
    posting = refund_posting(
        f"refund:{payment.id}:{refund.id}", payment.payable, refund.amount_fen, now
    )
    post(uow, posting, lot=payment.lot, kind="refund", reference=refund.id)
    _less_paid(payment, refund.amount_fen, uow)
    event = payment_refunded(replace(payment, refunded_fen=back), refund.amount_fen)
    uow.emit(event, aggregate=f"payments/{payment.id}")
    amount = yuan(refund.amount_fen)
    link = f"/parking/payments/{payment.id}"
    message(uow, payment.resident, "refund", link, refund.id, amount=amount, title=payment.title)


def postpone_refund(refund: RefundRow, error: str, *, uow: UnitOfWork) -> None:
    """The provider could not: tried again, ever later, never given up."""
    pause = min(SHORTEST_PAUSE * 2 ** min(refund.attempts, 12), LONGEST_PAUSE)
    Refunds(uow.conn, MACHINE).postpone(refund.id, error, uow.clock.now() + pause)


def _lower_fee(session_id: str, amount_fen: int, uow: UnitOfWork) -> None:
    sessions = Sessions(uow.conn, MACHINE)
    row = sessions.get(session_id, locked=True)
    if row.charged_fen is not None:
        sessions.change(row.id, charged_fen=max(0, row.charged_fen - amount_fen))


def _less_paid(payment: PaymentRow, amount_fen: int, uow: UnitOfWork) -> None:
    if payment.payable_kind == "session":
        sessions = Sessions(uow.conn, MACHINE)
        row = sessions.get(payment.payable, locked=True)
        sessions.change(row.id, paid_fen=max(0, row.paid_fen - amount_fen))
        return
    permits = Permits(uow.conn, MACHINE)
    permit = permits.get(payment.payable, locked=True)
    permits.change(permit.id, refunded_fen=permit.refunded_fen + amount_fen)
