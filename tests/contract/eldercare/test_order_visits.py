"""What is ordered to the home is done by a visit on the roster."""

from __future__ import annotations

from datetime import timedelta

import pytest
from eldercare_names import ELDER, HERE
from eldercare_ordering import (
    STATION,
    accepted,
    books,
    deed,
    later,
    level_of,
    orders,
    placed,
    purse,
    written,
)
from refusals import refused
from xianban.eldercare.v1 import catalogue_pb2, orders_pb2, subsidies_pb2
from xianban.eldercare.v1 import visits_pb2 as visits
from xianban.eldercare.v1.visits_pb2_grpc import VisitServiceStub
from xianban_sdk.demo import person_id

# Hours from now, at five in the morning, when the carer has no other visits.
SOON, LATER = 20.0, 44.0


@pytest.fixture
def station(eldercare):
    """09:00 on 23 November; the elder is 78 and of moderate need."""
    eldercare.world.age("elder", 78.5)
    eldercare.world.member("auditor", "auditor")
    eldercare.world.member("carer", "carer", [HERE])
    level_of(eldercare, 3)
    written(eldercare, at_home=True)
    return eldercare


def send(station, order, person="doctor", carer="carer", **more):
    asked = deed(orders_pb2.PlanOrderVisitRequest, order, carer=person_id(carer), **more)
    return orders(station, person).PlanOrderVisit(asked)


def order_of(station, order):
    return orders(station, "elder").GetOrder(orders_pb2.GetOrderRequest(name=order.name))


def visit_of(station, name):
    stub = station.as_("elder", VisitServiceStub)
    return stub.GetVisit(visits.GetVisitRequest(name=name))


def check_in(station, name, person="carer"):
    asked = visits.CheckInVisitRequest(name=name, away_reason="x", request_id=f"in-{name[-20:]}")
    station.as_(person, VisitServiceStub).CheckInVisit(asked)


def check_out(station, name, person="carer"):
    asked = visits.CheckOutVisitRequest(name=name, done=[0], request_id=f"out-{name[-20:]}")
    station.as_(person, VisitServiceStub).CheckOutVisit(asked)


def sent(station, hours=SOON):
    return send(station, accepted(station, hours=hours), travel_minutes=5)


class TestPlanOrderVisit:
    def test_not_by_the_elders_side_nor_elsewhere(self, station):
        order = accepted(station, hours=LATER)
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            send(station, order, "")
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            send(station, order, "elder")
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            send(station, order, "daughter")
        with refused("NOT_FOUND", "ORDER_NOT_FOUND"):
            send(station, order, "operator")

    def test_the_visit_is_on_the_roster_for_as_long_as_it_takes(self, station):
        order = send(station, accepted(station, hours=LATER), minutes=40, travel_minutes=10)
        assert order.visit_carer_display == "刘芳"
        visit = visit_of(station, order.visit)
        assert visit.start_time == order.start_time
        assert visit.end_time.seconds - visit.start_time.seconds == 40 * 60
        assert visit.kind == visits.VISIT_KIND_BATHING
        assert [one.text for one in visit.tasks] == [order.display_name]

    def test_only_of_an_order_that_was_accepted_and_of_each_once(self, station):
        with refused("FAILED_PRECONDITION", "ORDER_PLACED", "name"):
            send(station, placed(station, hours=LATER))
        order = sent(station, hours=LATER)
        with refused("FAILED_PRECONDITION", "ORDER_HAS_VISIT", "name"):
            send(station, order)

    def test_not_of_what_is_done_at_the_station(self, station):
        name = f"{STATION}/serviceItems/day-place"
        day_care = catalogue_pb2.SERVICE_KIND_DAY_CARE
        written(station, name, kind=day_care, at_home=False)
        with refused("FAILED_PRECONDITION", "ORDER_NOT_AT_HOME", "name"):
            send(station, accepted(station, hours=LATER, item=name))

    def test_the_carer_must_be_free_and_work_there(self, station):
        sent(station, hours=LATER)
        with refused("FAILED_PRECONDITION", "CARER_BUSY"):
            sent(station, hours=LATER + 0.2)
        with refused("NOT_FOUND", "CARER_NOT_FOUND"):
            send(station, accepted(station, hours=LATER + 24), carer="vendor")


class TestDoingIt:
    def test_the_order_begins_and_is_done_with_its_visit(self, station):
        order = sent(station)
        later(station, hours=SOON)
        check_in(station, order.visit)
        begun = order_of(station, order)
        assert begun.state == orders_pb2.ORDER_STATE_CHECKED_IN
        assert begun.HasField("check_in_time")
        check_out(station, order.visit)
        assert order_of(station, order).state == orders_pb2.ORDER_STATE_FULFILLED
        assert books(station)[subsidies_pb2.LEDGER_ACCOUNT_SUBSIDY_DUE] == order.subsidy_fen > 0

    def test_past_the_visit_it_is_not_begun_and_not_done(self, station):
        order = sent(station)
        later(station, hours=SOON)
        with refused("FAILED_PRECONDITION", "ORDER_GOES_BY_VISIT", "name"):
            orders(station, "doctor").CheckInOrder(deed(orders_pb2.CheckInOrderRequest, order))

    def test_who_forgets_to_check_out_keeps_nobodys_money(self, station):
        order = sent(station)
        later(station, hours=SOON)
        check_in(station, order.visit)
        complete = deed(orders_pb2.CompleteOrderRequest, order)
        with refused("FAILED_PRECONDITION", "ORDER_GOES_BY_VISIT", "name"):
            orders(station, "doctor").CompleteOrder(complete)
        later(station, hours=26)
        done = orders(station, "doctor").CompleteOrder(complete)
        assert done.state == orders_pb2.ORDER_STATE_FULFILLED
        assert books(station)[subsidies_pb2.LEDGER_ACCOUNT_SUBSIDY_DUE] == order.subsidy_fen > 0

    def test_when_the_visit_is_called_off_another_carer_may_be_sent(self, station):
        order = sent(station, hours=LATER)
        asked = visits.CancelVisitRequest(
            name=order.visit, reason="请假", request_id="order-visit-off"
        )
        station.as_("doctor", VisitServiceStub).CancelVisit(asked)
        left = order_of(station, order)
        assert (left.state, left.visit) == (orders_pb2.ORDER_STATE_ACCEPTED, "")
        assert send(station, order).visit not in ("", order.visit)

    def test_who_calls_the_order_off_sends_nobody(self, station):
        order = sent(station, hours=LATER)
        before = purse(station).reserved_fen
        orders(station, "elder").CancelOrder(deed(orders_pb2.CancelOrderRequest, order))
        assert visit_of(station, order.visit).state == visits.VISIT_STATE_CANCELLED
        assert purse(station).reserved_fen == before - order.subsidy_fen

    def test_who_is_not_there_ends_the_visit_too(self, station):
        order = sent(station)
        later(station, hours=SOON)
        orders(station, "carer").ReportNoShow(deed(orders_pb2.ReportNoShowRequest, order))
        assert visit_of(station, order.visit).state == visits.VISIT_STATE_CANCELLED

    def test_a_visit_without_an_order_goes_its_own_way(self, station):
        order = sent(station, hours=LATER)
        every = visits.ListVisitsRequest(parent=ELDER, page_size=200)
        every.start_time.FromDatetime(station.clock.now())
        every.end_time.FromDatetime(station.clock.now() + timedelta(hours=12))
        found = station.as_("elder", VisitServiceStub).ListVisits(every).visits
        planned = [one for one in found if one.state == visits.VISIT_STATE_PLANNED]
        later(station, seconds=planned[0].start_time.seconds - station.clock.now().timestamp())
        check_in(station, planned[0].name)
        assert order_of(station, order).state == orders_pb2.ORDER_STATE_ACCEPTED
