"""Operators: within their areas, and never a person's name."""

from __future__ import annotations

import json
from datetime import timedelta
from threading import Event, Thread

import grpc
import pytest
from google.api import httpbody_pb2
from google.protobuf.struct_pb2 import Struct
from parking_names import OTHER_PLATE, PLATE, RESIDENT, refused
from xianban.common.v1 import audit_pb2
from xianban.parking.v1 import operator_pb2 as op
from xianban.parking.v1 import parking_pb2 as rpc
from xianban.parking.v1 import resources_pb2 as pb
from xianban_parking.handlers.counts import register
from xianban_parking.handlers.feeds import feeds_of, row_of
from xianban_parking.loops import pull_feeds

NOT_FOUND, FORBIDDEN = grpc.StatusCode.NOT_FOUND, grpc.StatusCode.PERMISSION_DENIED
STRONG = "urn:xianban:acr:2"


@pytest.fixture(autouse=True)
def staff(relations):
    relations.member("operator", "parking-operator", ["310120/nanqiao"])
    relations.member("auditor", "auditor", ["310120"])
    return relations


def override(free=0, lot="a"):
    return op.OverrideOccupancyRequest(
        lot=f"lots/{lot}", free=free, minutes=30, reason="fair", request_id="override-1"
    )


class TestOverrideOccupancy:
    def test_it_needs_the_role(self, parking):
        with refused(grpc.StatusCode.UNAUTHENTICATED):
            parking.operators("").OverrideOccupancy(override())
        for person in ("resident", "auditor"):
            with refused(FORBIDDEN):
                parking.operators(person).OverrideOccupancy(override())

    def test_a_lot_of_another_area_is_absent(self, parking):
        parking.add_lot("far", area="310120/fengpu")
        with refused(NOT_FOUND):
            parking.operators("operator").OverrideOccupancy(override(lot="far"))

    def test_it_holds_for_a_while_and_then_the_feed_speaks(self, parking):
        parking.count("a", 40)
        shown = parking.operators("operator").OverrideOccupancy(override(7)).occupancy
        assert (shown.free, shown.source) == (7, "override")
        parking.clock.advance(timedelta(minutes=31))
        parking.fire_timers()
        parking.count("a", 41)
        after = parking.people("").GetLot(rpc.GetLotRequest(name="lots/a")).occupancy
        assert (after.free, after.source) == (41, "feeds/seed")

    def test_more_than_the_capacity_is_refused(self, parking):
        with refused(grpc.StatusCode.INVALID_ARGUMENT):
            parking.operators("operator").OverrideOccupancy(override(101))


class TestClearOverride:
    def test_the_feed_speaks_again_at_once(self, parking):
        parking.count("a", 40)
        parking.operators("operator").OverrideOccupancy(override(7))
        asked = op.ClearOverrideRequest(lot="lots/a", request_id="clear-001")
        assert parking.operators("operator").ClearOverride(asked).occupancy.free == 40

    def test_what_the_feed_told_meanwhile_is_what_it_speaks(self, parking):
        parking.operators("operator").OverrideOccupancy(override(7))
        parking.count("a", 41)
        shown = parking.people("").GetLot(rpc.GetLotRequest(name="lots/a")).occupancy
        assert (shown.free, shown.source) == (7, "override")
        asked = op.ClearOverrideRequest(lot="lots/a", request_id="clear-001")
        assert parking.operators("operator").ClearOverride(asked).occupancy.free == 41


class TestReceiveFeed:
    def push(self, parking, items, secret="feed"):
        body = httpbody_pb2.HttpBody(
            content_type="application/json", data=json.dumps(items).encode()
        )
        asked = op.ReceiveFeedRequest(feed="feeds/fake-push", body=body)
        return parking.machines().ReceiveFeed(asked, metadata=[("x-secret", secret)])

    def test_an_unproved_sender_is_refused(self, parking):
        with refused(FORBIDDEN):
            self.push(parking, [], "wrong")

    def test_a_body_that_is_no_feed_is_the_senders_fault(self, parking):
        with refused(grpc.StatusCode.INVALID_ARGUMENT):
            self.push(parking, {"free": 1})

    def test_items_fare_alone_and_errors_are_kept(self, parking):
        at = parking.clock.now().isoformat()
        items = [{"lot": "a", "at": at, "free": 9}, {"lot": "a"}, {"lot": "x", "at": at, "free": 1}]
        told = self.push(parking, items).results
        assert [one.accepted for one in told] == [True, False, False]
        again = self.push(parking, items).results
        assert again[0].duplicate
        with parking.unit() as uow:
            for found in feeds_of(parking.service.resources.hooks):
                register(uow, row_of(found))
        self.push(parking, items)
        asked = op.ListFeedErrorsRequest(parent="feeds/fake-push")
        errors = parking.operators("operator").ListFeedErrors(asked).errors
        assert {(one.item, one.reason) for one in errors} == {
            ("item 2", "REQUIRED"),
            ("x", "LOT_NOT_FOUND"),
        }
        [feed] = parking.operators("auditor").ListFeeds(op.ListFeedsRequest()).feeds
        assert (feed.items, feed.errors, feed.verdict) == (3, 2, pb.VERDICT_FRESH)


class TestListFeeds:
    def test_what_a_plugins_next_version_promises_holds_while_the_service_runs(
        self, parking, eventually
    ):
        def is_promised(seconds: int) -> None:
            feeds = parking.operators("auditor").ListFeeds(op.ListFeedsRequest()).feeds
            # None yet, until the loop has come to it.
            assert [feed.cadence_seconds for feed in feeds] == [seconds]

        [found] = feeds_of(parking.service.resources.hooks)
        stop = Event()
        loop = Thread(target=pull_feeds, args=(parking.service.resources, stop))
        loop.start()
        try:
            eventually(lambda: is_promised(300))
            found.feed.cadence = timedelta(minutes=1)
            eventually(lambda: is_promised(60))
        finally:
            stop.set()
            loop.join()


class TestGetRevenue:
    def test_the_ledger_by_day(self, parking):
        parking.own()
        parking.callback(parking.pay(parking.stay(2).name, 1000))
        day = "2026-11-23"
        asked = op.GetRevenueRequest(lot="lots/a", start_date=day, end_date=day)
        found = parking.operators("auditor").GetRevenue(asked)
        assert [(d.charged_fen, d.collected_fen, d.stays) for d in found.days] == [(1000, 1000, 1)]
        assert found.arrears_fen == 0

    def test_dates_that_are_none_name_their_field(self, parking):
        asked = op.GetRevenueRequest(lot="lots/a", start_date="2026-02-30", end_date="2026-03-01")
        with refused(grpc.StatusCode.INVALID_ARGUMENT):
            parking.operators("operator").GetRevenue(asked)

    @pytest.mark.parametrize(
        ("first", "last"),
        [("2026-03-02", "2026-03-01"), ("9999-12-31", "9999-12-31"), ("2025-01-01", "2026-12-31")],
    )
    def test_a_period_that_is_none_or_too_long_is_refused(self, parking, first, last):
        asked = op.GetRevenueRequest(lot="lots/a", start_date=first, end_date=last)
        with refused(grpc.StatusCode.INVALID_ARGUMENT, "366 days"):
            parking.operators("operator").GetRevenue(asked)


class TestListArrears:
    def test_plates_are_masked(self, parking):
        parking.own()
        parking.stay(2)
        asked = op.ListArrearsRequest(lot="lots/a")
        [arrear] = parking.operators("operator").ListArrears(asked).arrears
        assert (arrear.plate_masked, arrear.due_fen) == ("沪A·1***5", 1000)


class TestListLotPayments:
    def test_no_person_is_in_it(self, parking):
        parking.own()
        made = parking.pay(parking.stay(2).name, 1000)
        parking.callback(made)
        asked = op.ListLotPaymentsRequest(lot="lots/a")
        [found] = parking.operators("operator").ListLotPayments(asked).payments
        assert found.receipt_number == "NQ-2026-00000001"
        assert RESIDENT not in str(found)
        assert PLATE not in str(found)


class TestUpdateTariff:
    def asked(self, parking, rules):
        struct = Struct()
        struct.update(rules)
        request = op.UpdateTariffRequest(lot="lots/a", rules=struct, request_id="tariff-01")
        request.effective_time.FromDatetime(parking.clock.now() + timedelta(hours=1))
        return request

    def test_a_new_version_holds_for_stays_that_begin_later(self, parking):
        parking.own()
        parking.gate("in")
        rules = {"bands": [{"name": "all", "units": [{"minutes": 60, "amount_fen": 900}]}]}
        made = parking.operators("operator", acr=STRONG).UpdateTariff(self.asked(parking, rules))
        assert made.version == 2
        parking.clock.advance(timedelta(hours=2))
        assert parking.sessions()[0].due_fen == 1000
        tariff = parking.people("").GetTariff(rpc.GetTariffRequest(name="lots/a/tariff"))
        assert tariff.version == 2

    def test_contradictions_name_their_path(self, parking):
        rules = {"bands": [{"name": "half", "ends_at": "12:00"}]}
        with refused(grpc.StatusCode.INVALID_ARGUMENT, "bands[0]"):
            parking.operators("operator", acr=STRONG).UpdateTariff(self.asked(parking, rules))


class TestLookUpPlate:
    def look(self, parking, plate=PLATE, person="operator", lot="a"):
        asked = op.LookUpPlateRequest(
            lot=f"lots/{lot}", plate=plate, reason="patrol", request_id=f"look-{plate}"
        )
        return parking.operators(person).LookUpPlate(asked)

    def test_only_staff_of_the_area(self, parking):
        parking.add_lot("far", area="310120/fengpu")
        with refused(FORBIDDEN):
            self.look(parking, person="auditor")
        with refused(NOT_FOUND):
            self.look(parking, lot="far")

    def test_what_holds_at_this_place_and_the_holder_sees_the_look(self, parking):
        parking.own()
        parking.gate("in")
        assert self.look(parking).inside
        assert not self.look(parking, OTHER_PLATE).inside
        asked = audit_pb2.ListAccessesRequest(parent=RESIDENT)
        looks = parking.people("resident").ListAccesses(asked).accesses
        assert any(
            one.action == "LookUpPlate" and one.basis == "role:parking-operator: patrol"
            for one in looks
        )


class TestResolveDispute:
    def contested(self, parking):
        parking.own()
        stay = parking.stay(5)
        asked = rpc.DisputeSessionRequest(name=stay.name, reason="no", request_id="dispute-1")
        parking.people("resident").DisputeSession(asked)
        return stay

    def decide(self, parking, stay, **more):
        asked = op.ResolveDisputeRequest(
            session=stay.name.rsplit("/", 1)[1], reason="seen", request_id="resolve-1", **more
        )
        return parking.operators("operator").ResolveDispute(asked)

    def test_the_operator_sees_it_without_the_person(self, parking):
        self.contested(parking)
        asked = op.ListDisputesRequest(lot="lots/a")
        [found] = parking.operators("operator").ListDisputes(asked).disputes
        assert found.plate_masked == "沪A·1***5"

    def test_waived_nothing_is_due(self, parking):
        stay = self.contested(parking)
        decided = self.decide(parking, stay, waive=True)
        assert (decided.due_fen, decided.name.split("/")[1]) == (0, "-")

    def test_another_exit_is_another_fee(self, parking):
        stay = self.contested(parking)
        asked = op.ResolveDisputeRequest(
            session=stay.name.rsplit("/", 1)[1], reason="seen", request_id="resolve-1"
        )
        exit_at = stay.enter_time.ToDatetime() + timedelta(hours=2)
        asked.exit_time.FromDatetime(exit_at)
        assert parking.operators("operator").ResolveDispute(asked).due_fen == 1000

    def test_dismissed_it_stands(self, parking):
        stay = self.contested(parking)
        assert self.decide(parking, stay).due_fen == 2500
        with refused(grpc.StatusCode.ALREADY_EXISTS):
            self.decide(parking, stay, waive=True)


class TestRetention:
    def test_plates_of_settled_stays_become_hashes_on_the_clock(self, parking):
        from xianban_parking.handlers.retention import age_plates

        parking.own()
        parking.callback(parking.pay(parking.stay(2).name, 1000))
        parking.clock.advance(timedelta(days=29))
        with parking.unit() as uow:
            assert age_plates(uow) == 0
        parking.clock.advance(timedelta(days=2))
        with parking.unit() as uow:
            assert age_plates(uow) > 0
        with parking.unit() as uow:
            assert age_plates(uow) == 0
        [stay] = parking.sessions()
        assert stay.plate == ""
        assert stay.paid_fen == 1000

    def test_arrears_keep_the_plate_readable(self, parking):
        from xianban_parking.handlers.retention import age_plates

        parking.own()
        parking.stay(2)
        parking.clock.advance(timedelta(days=60))
        with parking.unit() as uow:
            age_plates(uow)
        assert parking.sessions()[0].plate == PLATE
