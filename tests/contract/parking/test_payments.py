"""Money: nobody pays twice, whoever is killed when; the ledger always balances."""

from __future__ import annotations

from datetime import timedelta

import grpc
import pytest
from google.api import httpbody_pb2
from parking_names import DAUGHTER, RESIDENT, refused
from xianban.parking.v1 import operator_pb2 as op
from xianban.parking.v1 import parking_pb2 as rpc
from xianban.parking.v1 import resources_pb2 as pb
from xianban_parking.handlers import payments
from xianban_parking.repository import MACHINE, Ledger

NOT_FOUND = grpc.StatusCode.NOT_FOUND
HOUR = timedelta(hours=1)
STRONG = "urn:xianban:acr:2"


@pytest.fixture(autouse=True)
def the_ledger_balances(parking):
    yield
    with parking.db.read() as conn:
        ledger = Ledger(conn, MACHINE)
        assert ledger.unbalanced() == []
        assert ledger.balance() == 0


@pytest.fixture
def stay(parking):
    parking.own()
    return parking.stay(hours=2)


class TestCreatePayment:
    def test_nobody_without_a_token_and_nobody_elses(self, parking, stay):
        asked = rpc.CreatePaymentRequest(
            parent=RESIDENT, payable=stay.name, expected_fen=1000, request_id="pay-0001"
        )
        with refused(grpc.StatusCode.UNAUTHENTICATED):
            parking.people("").CreatePayment(asked)
        with refused(NOT_FOUND):
            parking.people("daughter").CreatePayment(asked)
        asked.parent = DAUGHTER
        with refused(NOT_FOUND):
            parking.people("daughter").CreatePayment(asked)
        asked.payable = stay.name.replace(RESIDENT, DAUGHTER)
        with refused(NOT_FOUND):
            parking.people("daughter").CreatePayment(asked)

    def test_another_amount_than_shown_is_refused(self, parking, stay):
        with refused(grpc.StatusCode.FAILED_PRECONDITION, "10.00"):
            parking.pay(stay.name, 900)

    def test_the_person_is_sent_to_the_provider(self, parking, stay):
        made = parking.pay(stay.name, 1000)
        assert made.state == pb.PAYMENT_STATE_PENDING
        assert made.pay_url.startswith("https://pay.test/")

    def test_one_open_payment_per_stay(self, parking, plugin, stay):
        first = parking.pay(stay.name, 1000, "pay-0001")
        second = parking.pay(stay.name, 1000, "pay-0002")
        assert first.name == second.name
        assert len(plugin.pay.orders) == 1

    def test_a_provider_that_is_away_costs_nothing_and_the_next_try_goes_on(
        self, parking, plugin, stay
    ):
        plugin.pay.away = True
        with refused(grpc.StatusCode.UNAVAILABLE):
            parking.pay(stay.name, 1000)
        plugin.pay.away = False
        made = parking.pay(stay.name, 1000)
        assert len(plugin.pay.orders) == 1
        assert made.pay_url

    @pytest.mark.parametrize("step", ["open_order", "keep_start"])
    def test_killed_between_any_two_steps_there_is_one_order(
        self, parking, plugin, stay, step, monkeypatch
    ):
        """The process dies before this step: what was committed before is all that is left."""

        class Killed(BaseException):
            pass

        def die(*_args, **_more):
            raise Killed

        with monkeypatch.context() as patched:
            patched.setattr(payments, step, die)
            with pytest.raises(grpc.RpcError):
                parking.pay(stay.name, 1000, "pay-0001")
        first = parking.pay(stay.name, 1000, "pay-0001")
        assert len(plugin.pay.orders) == 1
        assert list(plugin.pay.orders) == [first.name.rsplit("/", 1)[1]]
        parking.callback(first)
        assert parking.sessions()[0].paid_fen == 1000

    def test_an_unpaid_one_expires_and_frees_the_stay(self, parking, stay):
        first = parking.pay(stay.name, 1000)
        parking.clock.advance(timedelta(minutes=16))
        parking.fire_timers()
        assert parking.payment(first.name).state == pb.PAYMENT_STATE_EXPIRED
        assert parking.pay(stay.name, 1000, "pay-0002").name != first.name


class TestReceivePaymentCallback:
    def test_an_unsigned_one_is_refused(self, parking):
        asked = op.ReceivePaymentCallbackRequest(
            provider="fake-pay", body=httpbody_pb2.HttpBody(data=b"{}")
        )
        with refused(grpc.StatusCode.PERMISSION_DENIED):
            parking.machines().ReceivePaymentCallback(asked)

    def test_money_settles_the_stay_and_issues_one_receipt(self, parking, stay):
        made = parking.pay(stay.name, 1000)
        for _ in range(3):
            assert parking.callback(made).accepted
        parking.callback(made, callback_id="another-id")
        paid = parking.payment(made.name)
        assert paid.state == pb.PAYMENT_STATE_CAPTURED
        after = parking.sessions()[0]
        assert (after.paid_fen, after.due_fen) == (1000, 0)
        asked = rpc.ListReceiptsRequest(parent=RESIDENT)
        [receipt] = parking.people("resident").ListReceipts(asked).receipts
        assert receipt.number == "NQ-2026-00000001"
        assert sum(line.amount_fen for line in receipt.lines) == receipt.total_fen == 1000
        found = parking.people("resident").GetReceipt(rpc.GetReceiptRequest(name=paid.receipt))
        assert found == receipt

    def test_another_amount_is_refused_whole(self, parking, stay):
        made = parking.pay(stay.name, 1000)
        with refused(grpc.StatusCode.FAILED_PRECONDITION):
            parking.callback(made, amount_fen=1)
        assert parking.payment(made.name).state == pb.PAYMENT_STATE_PENDING

    def test_a_failure_is_told_and_can_be_tried_again(self, parking, stay):
        made = parking.pay(stay.name, 1000)
        parking.callback(made, "failed", failure="INSUFFICIENT_FUNDS")
        failed = parking.payment(made.name)
        assert (failed.state, "money" in failed.failure) == (pb.PAYMENT_STATE_FAILED, True)
        assert parking.pay(stay.name, 1000, "pay-0002").name != made.name

    def test_money_for_an_expired_payment_counts_and_the_surplus_goes_back(
        self, parking, plugin, stay
    ):
        first = parking.pay(stay.name, 1000)
        parking.clock.advance(timedelta(minutes=16))
        parking.fire_timers()
        parking.callback(parking.pay(stay.name, 1000, "pay-0002"))
        parking.callback(first)
        assert parking.give_refunds() == 1
        assert sum(plugin.pay.refunds.values()) == 1000
        assert parking.sessions()[0].paid_fen == 1000

    def test_numbers_count_up_without_gaps(self, parking):
        parking.own()
        for number in range(3):
            stay = parking.stay(hours=2)
            parking.callback(parking.pay(stay.name, 1000, f"pay-000{number}"))
            parking.clock.advance(HOUR)
        asked = rpc.ListReceiptsRequest(parent=RESIDENT)
        found = parking.people("resident").ListReceipts(asked).receipts
        assert [one.number[-3:] for one in found] == ["003", "002", "001"]


class TestPayingAhead:
    def ahead(self, parking):
        parking.own()
        parking.gate("in")
        parking.clock.advance(2 * HOUR)
        stay = parking.sessions()[0]
        parking.callback(parking.pay(stay.name, 1000))
        return stay

    def test_the_gate_opens_within_the_grace(self, parking):
        self.ahead(parking)
        parking.clock.advance(timedelta(minutes=14))
        assert parking.gate("out").command == "open"
        assert parking.sessions()[0].due_fen == 0

    def test_after_the_grace_only_the_rest_is_due(self, parking):
        self.ahead(parking)
        parking.clock.advance(timedelta(minutes=40))
        assert parking.gate("out").command == "pay"
        assert parking.sessions()[0].due_fen == 500

    def test_a_late_exit_event_gives_back_what_was_too_much(self, parking, plugin):
        parking.own()
        now = parking.clock.now()
        parking.gate("in")
        parking.clock.advance(5 * HOUR)
        parking.gate("out")
        parking.callback(parking.pay(parking.sessions()[0].name, 2500))
        parking.gate("out", at=now + 2 * HOUR)
        stay = next(one for one in parking.sessions() if one.paid_fen)
        assert stay.quote.total_fen == sum(line.amount_fen for line in stay.quote.lines) == 1000
        assert parking.give_refunds() == 1
        assert sum(plugin.pay.refunds.values()) == 1500


class TestRefunds:
    def refund(self, parking, made, fen=0, request_id="refund-01", **claims):
        asked = op.RefundPaymentRequest(
            payment=made.name.rsplit("/", 1)[1], amount_fen=fen, reason="ok", request_id=request_id
        )
        return parking.operators("operator", **claims).RefundPayment(asked)

    @pytest.fixture
    def paid(self, parking, stay, relations):
        relations.member("operator", "parking-operator", ["310120/nanqiao"])
        made = parking.pay(stay.name, 1000)
        parking.callback(made)
        return made

    def test_it_needs_the_role_and_a_stronger_log_in(self, parking, paid):
        asked = op.RefundPaymentRequest(
            payment=paid.name.rsplit("/", 1)[1], reason="ok", request_id="refund-01"
        )
        with refused(grpc.StatusCode.PERMISSION_DENIED):
            parking.operators("resident", acr=STRONG).RefundPayment(asked)
        with refused(grpc.StatusCode.UNAUTHENTICATED):
            self.refund(parking, paid)

    def test_only_in_ones_own_area(self, parking, paid, relations):
        relations.member("operator", "parking-operator", ["310120/fengpu"])
        with refused(NOT_FOUND):
            self.refund(parking, paid, acr=STRONG)

    def test_part_then_the_rest_then_no_more(self, parking, plugin, paid):
        self.refund(parking, paid, 300, "refund-01", acr=STRONG)
        assert parking.give_refunds() == 1
        assert parking.payment(paid.name).state == pb.PAYMENT_STATE_PARTLY_REFUNDED
        self.refund(parking, paid, 0, "refund-02", acr=STRONG)
        with refused(grpc.StatusCode.FAILED_PRECONDITION):
            self.refund(parking, paid, 1, "refund-03", acr=STRONG)
        assert parking.give_refunds() == 1
        after = parking.payment(paid.name)
        assert (after.state, after.refunded_fen) == (pb.PAYMENT_STATE_REFUNDED, 1000)
        assert sorted(plugin.pay.refunds.values()) == [300, 700]
        assert parking.sessions()[0].due_fen == 0

    def test_a_provider_that_is_away_is_asked_again_with_the_same_key(self, parking, plugin, paid):
        self.refund(parking, paid, 0, acr=STRONG)
        plugin.pay.away = True
        assert parking.give_refunds() == 0
        plugin.pay.away = False
        assert parking.give_refunds() == 0  # not before its pause is over
        parking.clock.advance(timedelta(seconds=3))
        assert parking.give_refunds() == 1
        assert parking.give_refunds() == 0

    def test_killed_after_the_provider_gave_back_it_is_booked_once(
        self, parking, plugin, paid, monkeypatch
    ):
        from xianban_parking import loops

        class Killed(BaseException):
            pass

        def die(*_args, **_more):
            raise Killed

        self.refund(parking, paid, 0, acr=STRONG)
        with monkeypatch.context() as patched:
            patched.setattr(loops, "settle_refund", die)
            with pytest.raises(Killed):
                parking.give_refunds()
        assert parking.give_refunds() == 1
        assert list(plugin.pay.refunds.values()) == [1000]
        assert parking.payment(paid.name).refunded_fen == 1000


class TestGetPayment:
    def test_someone_elses_answers_as_an_absent_one(self, parking, stay):
        made = parking.pay(stay.name, 1000)
        for name in (made.name, made.name.replace(RESIDENT, DAUGHTER)):
            with refused(NOT_FOUND):
                parking.people("daughter").GetPayment(rpc.GetPaymentRequest(name=name))


class TestListPayments:
    def test_newest_first(self, parking, stay):
        made = parking.pay(stay.name, 1000)
        asked = rpc.ListPaymentsRequest(parent=RESIDENT)
        found = parking.people("resident").ListPayments(asked).payments
        assert [one.name for one in found] == [made.name]
