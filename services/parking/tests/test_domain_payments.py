"""Payments: callbacks that repeat, lie or come late, and a ledger that always balances."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from xianban_parking.domain.errors import PaymentError
from xianban_parking.domain.ledger import (
    Account,
    Entry,
    Ledger,
    Posting,
    adjustment_posting,
    charge_posting,
)
from xianban_parking.domain.payments import (
    Callback,
    CallbackKind,
    Payment,
    PaymentStatus,
    RefundStatus,
    apply_callback,
    expire,
    quote_payment,
    request_refund,
)

T0 = datetime(2026, 3, 3, tzinfo=UTC)
K = CallbackKind


def quoted(amount: int = 1_000) -> Payment:
    return quote_payment("p", "ses_1", amount, T0, timedelta(minutes=10))


def said(kind: CallbackKind, amount: int = 1_000, callback_id: str = "", refund: str | None = None):
    return Callback(callback_id or f"cb-{kind}-{refund}", "p", kind, amount, T0, refund)


def captured() -> Payment:
    return apply_callback(quoted(), said(K.CAPTURED))[0]


def test_a_payment_is_authorised_captured_and_posted_once() -> None:
    authorised, none = apply_callback(quoted(), said(K.AUTHORISED))
    payment, postings = apply_callback(authorised, said(K.CAPTURED))
    assert (authorised.status, none) == (PaymentStatus.AUTHORISED, ())
    assert payment.status is PaymentStatus.CAPTURED
    assert [posting.id for posting in postings] == ["capture:p"]
    assert apply_callback(payment, said(K.CAPTURED)) == (payment, ())
    again, nothing = apply_callback(payment, said(K.CAPTURED, callback_id="other"))
    assert (again.status, nothing) == (PaymentStatus.CAPTURED, ())


def test_a_late_failed_does_not_undo_a_capture() -> None:
    payment, postings = apply_callback(captured(), said(K.FAILED))
    assert (payment.status, postings) == (PaymentStatus.CAPTURED, ())


def test_a_capture_after_failed_or_expired_counts_because_the_money_moved() -> None:
    failed, _ = apply_callback(quoted(), said(K.FAILED))
    expired = expire(quoted(), T0 + timedelta(minutes=10))
    assert (failed.status, expired.status) == (PaymentStatus.FAILED, PaymentStatus.EXPIRED)
    for payment in (failed, expired):
        after, postings = apply_callback(payment, said(K.CAPTURED))
        assert after.taken
        assert len(postings) == 1


def test_a_paid_offer_does_not_expire() -> None:
    assert expire(captured(), T0 + timedelta(days=1)) == captured()
    assert expire(quoted(), T0) == quoted()


@pytest.mark.parametrize(
    ("payment", "callback", "reason"),
    [
        (quoted(), said(K.CAPTURED, 999), "AMOUNT_MISMATCH"),
        (quoted(), said(K.AUTHORISED, 1_001), "AMOUNT_MISMATCH"),
        (quoted(), replace(said(K.CAPTURED), payment_id="q"), "OTHER_PAYMENT"),
        (captured(), replace(said(K.CAPTURED), amount_fen=5), "CALLBACK_CONFLICT"),
        (captured(), said(K.REFUNDED, 5, refund="r"), "REFUND_UNKNOWN"),
        (request_refund(captured(), "r", 10), said(K.REFUNDED, 11, refund="r"), "AMOUNT_MISMATCH"),
    ],
)
def test_a_message_that_does_not_fit_is_refused_whole(
    payment: Payment, callback: Callback, reason: str
) -> None:
    with pytest.raises(PaymentError) as refusal:
        apply_callback(payment, callback)
    assert refusal.value.reason == reason


def test_refunds_pending_or_done_never_exceed_the_capture() -> None:
    payment = request_refund(captured(), "r1", 600)
    assert request_refund(payment, "r1", 600) == payment
    with pytest.raises(PaymentError, match="REFUND_EXCEEDS_CAPTURE"):
        request_refund(payment, "r2", 401)
    with pytest.raises(PaymentError, match="REFUND_CONFLICT"):
        request_refund(payment, "r1", 5)
    with pytest.raises(PaymentError, match="NOT_CAPTURED"):
        request_refund(quoted(), "r1", 5)
    partly, _ = apply_callback(payment, said(K.REFUNDED, 600, refund="r1"))
    assert partly.status is PaymentStatus.PARTIALLY_REFUNDED
    rest = request_refund(partly, "r2", 400)
    whole, postings = apply_callback(rest, said(K.REFUNDED, 400, refund="r2"))
    assert (whole.status, len(postings)) == (PaymentStatus.REFUNDED, 1)


def test_a_failed_refund_can_be_asked_again() -> None:
    payment = request_refund(captured(), "r1", 1_000)
    failed, _ = apply_callback(payment, said(K.REFUND_FAILED, refund="r1"))
    assert failed.refunds["r1"].status is RefundStatus.FAILED
    retried = request_refund(failed, "r2", 1_000)
    with pytest.raises(PaymentError, match="REFUND_EXCEEDS_CAPTURE"):
        apply_callback(retried, said(K.REFUNDED, refund="r1"))


def test_a_posting_that_does_not_balance_cannot_exist() -> None:
    with pytest.raises(PaymentError, match="POSTING_UNBALANCED"):
        Posting("x", T0, (Entry(Account.REVENUE, "s", 1),))
    with pytest.raises(PaymentError, match="NOTHING_TO_PAY"):
        quoted(0)


def test_concessions_and_corrections_show_on_their_own_accounts() -> None:
    ledger = Ledger().post([charge_posting("c", "s", 700, 300, T0)])
    assert ledger.balance(Account.REVENUE) == -1_000
    assert ledger.balance(Account.CONCESSIONS) == 300
    ledger = ledger.post([adjustment_posting("a", "s", -200, T0)])
    assert (ledger.arrears("s"), ledger.balance(Account.REFUNDS)) == (500, 200)
    with pytest.raises(PaymentError, match="POSTING_CONFLICT"):
        ledger.post([adjustment_posting("a", "s", -201, T0)])


class PaymentLife(RuleBasedStateMachine):
    """Random charges, corrections, callbacks and refunds against plain sums."""

    def __init__(self) -> None:
        super().__init__()
        self.payment = quoted()
        self.ledger = Ledger()
        self.count = 0
        self.owed = self.got = self.returned = 0

    def next_id(self) -> str:
        self.count += 1
        return str(self.count)

    @rule(fen=st.integers(0, 2_000), off=st.integers(0, 500))
    def charge(self, fen: int, off: int) -> None:
        self.ledger = self.ledger.post([charge_posting(self.next_id(), "ses_1", fen, off, T0)])
        self.owed += fen

    @rule(fen=st.integers(-500, 500))
    def correct(self, fen: int) -> None:
        self.ledger = self.ledger.post([adjustment_posting(self.next_id(), "ses_1", fen, T0)])
        self.owed += fen

    @rule(
        kind=st.sampled_from([K.AUTHORISED, K.CAPTURED, K.FAILED]),
        callback_id=st.sampled_from("abcdef"),
        amount=st.sampled_from([1_000, 1_000, 7]),
    )
    def callback(self, kind: CallbackKind, callback_id: str, amount: int) -> None:
        self.deliver(said(kind, amount, callback_id))

    @rule(refund=st.sampled_from("rs"), fen=st.integers(1, 1_200))
    def refund(self, refund: str, fen: int) -> None:
        try:
            self.payment = request_refund(self.payment, refund, fen)
        except PaymentError:
            return

    @rule(
        kind=st.sampled_from([K.REFUNDED, K.REFUND_FAILED]),
        refund=st.sampled_from("rs"),
        callback_id=st.sampled_from("uvwxyz"),
    )
    def refund_answer(self, kind: CallbackKind, refund: str, callback_id: str) -> None:
        known = self.payment.refunds.get(refund)
        self.deliver(said(kind, known.amount_fen if known else 1, callback_id, refund))

    @rule()
    def clock(self) -> None:
        self.payment = expire(self.payment, T0 + timedelta(hours=1))

    def deliver(self, callback: Callback) -> None:
        try:
            self.payment, postings = apply_callback(self.payment, callback)
        except PaymentError:
            return
        assert apply_callback(self.payment, callback) == (self.payment, ()), "repeat is harmless"
        self.ledger = self.ledger.post(postings).post(postings)
        if postings:
            amount = callback.amount_fen
            if callback.kind is K.CAPTURED:
                self.got += amount
            else:
                self.returned += amount

    @invariant()
    def the_ledger_balances(self) -> None:
        assert sum(self.ledger.balance(account) for account in Account) == 0

    @invariant()
    def it_agrees_with_plain_sums(self) -> None:
        receivable = self.owed - self.got + self.returned
        assert self.ledger.balance(Account.RECEIVABLE, "ses_1") == receivable
        assert self.ledger.arrears("ses_1") - self.ledger.credit("ses_1") == receivable
        assert self.ledger.balance(Account.CLEARING) == self.got - self.returned

    @invariant()
    def money_is_taken_once_and_returned_at_most_once(self) -> None:
        assert self.got in (0, self.payment.amount_fen)
        assert 0 <= self.returned == self.payment.refunded_fen <= self.got
        assert self.payment.taken == (self.got > 0)


TestPaymentLife = PaymentLife.TestCase
TestPaymentLife.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
