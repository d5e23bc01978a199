"""Permits: the price explained, in force once paid, refunded by the day."""

from __future__ import annotations

from datetime import timedelta

import grpc
from parking_names import DAUGHTER, OTHER_PLATE, PLATE, RESIDENT, refused
from xianban.parking.v1 import parking_pb2 as rpc
from xianban.parking.v1 import resources_pb2 as pb


def create(parking, plate=PLATE, kind=pb.PERMIT_KIND_RESIDENT, months=1, number=1):
    asked = rpc.CreatePermitRequest(
        parent=RESIDENT,
        kind=kind,
        lot="lots/a",
        plates=[plate],
        months=months,
        request_id=f"permit-{number}-{plate}",
    )
    return parking.people("resident").CreatePermit(asked)


def cancel(parking, made):
    asked = rpc.CancelPermitRequest(name=made.name, request_id="cancel-001")
    return parking.people("resident").CancelPermit(asked)


class TestQuotePermit:
    def test_the_lines_say_days_price_and_ordinal(self, parking):
        asked = rpc.QuotePermitRequest(
            parent=RESIDENT, kind=pb.PERMIT_KIND_RESIDENT, lot="lots/a", months=1
        )
        quote = parking.people("resident").QuotePermit(asked)
        assert quote.total_fen == 30 * 500
        assert "30 days" in quote.lines[0].text
        parking.callback(parking.pay(create(parking).name, 15000))
        assert parking.people("resident").QuotePermit(asked).total_fen == 30 * 800

    def test_not_for_a_stranger(self, parking):
        asked = rpc.QuotePermitRequest(
            parent=RESIDENT, kind=pb.PERMIT_KIND_RESIDENT, lot="lots/a", months=1
        )
        with refused(grpc.StatusCode.NOT_FOUND):
            parking.people("daughter").QuotePermit(asked)


class TestCreatePermit:
    def test_it_waits_for_its_payment(self, parking):
        made = create(parking)
        assert made.state == pb.PERMIT_STATE_PENDING_PAYMENT
        parking.callback(parking.pay(made.name, 15000))
        asked = rpc.ListPermitsRequest(parent=RESIDENT)
        [found] = parking.people("resident").ListPermits(asked).permits
        assert found.state == pb.PERMIT_STATE_ACTIVE

    def test_a_free_one_is_in_force_at_once(self, parking):
        made = create(parking, kind=pb.PERMIT_KIND_DISABLED)
        assert made.state == pb.PERMIT_STATE_ACTIVE

    def test_one_plate_has_one_permit(self, parking):
        create(parking)
        with refused(grpc.StatusCode.FAILED_PRECONDITION):
            create(parking, number=2)
        assert create(parking, OTHER_PLATE, number=2).quote.total_fen == 30 * 800

    def test_unpaid_it_lapses(self, parking):
        create(parking)
        parking.clock.advance(timedelta(hours=25))
        parking.fire_timers()
        asked = rpc.ListPermitsRequest(parent=RESIDENT)
        [found] = parking.people("resident").ListPermits(asked).permits
        assert found.state == pb.PERMIT_STATE_EXPIRED


class TestCancelPermit:
    def test_only_ones_own(self, parking):
        made = create(parking)
        asked = rpc.CancelPermitRequest(
            name=made.name.replace(RESIDENT, DAUGHTER), request_id="cancel-001"
        )
        with refused(grpc.StatusCode.NOT_FOUND):
            parking.people("daughter").CancelPermit(asked)

    def test_unused_days_are_refunded(self, parking, plugin):
        made = create(parking)
        parking.callback(parking.pay(made.name, 15000))
        parking.clock.advance(timedelta(days=9))
        assert cancel(parking, made).state == pb.PERMIT_STATE_CANCELLED
        assert parking.give_refunds() == 1
        assert list(plugin.pay.refunds.values()) == [20 * 500]
        asked = rpc.ListPermitsRequest(parent=RESIDENT)
        [found] = parking.people("resident").ListPermits(asked).permits
        assert found.refunded_fen == 10000

    def test_money_for_a_cancelled_application_goes_back(self, parking, plugin):
        made = create(parking)
        payment = parking.pay(made.name, 15000)
        cancel(parking, made)
        parking.callback(payment)
        assert parking.give_refunds() == 1
        assert list(plugin.pay.refunds.values()) == [15000]
