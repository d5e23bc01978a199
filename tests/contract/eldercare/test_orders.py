"""Orders: what they cost, who may do what, and that places and money are held together."""

from __future__ import annotations

import threading

import grpc
import pytest
from eldercare_names import ELDER, ELSEWHERE, HERE
from eldercare_ordering import (
    BATH,
    STATION,
    accepted,
    books,
    catalogue,
    deed,
    fulfilled,
    later,
    level_of,
    orders,
    placed,
    purse,
    quoted,
    request_id,
    wanted,
    written,
)
from refusals import refused
from sqlalchemy import select
from xianban.common.v1 import messages_pb2, readings_pb2
from xianban.eldercare.v1 import catalogue_pb2, order_events_pb2, subsidies_pb2
from xianban.eldercare.v1 import orders_pb2 as pb
from xianban_sdk.demo import person_id
from xianban_sdk.storage.tables import audit, outbox

MEAL = f"{STATION}/serviceItems/test-meal"
AT_HOME = readings_pb2.Position(latitude=30.9183, longitude=121.4561, accuracy_m=15)
# Of 12,001 fen a care subsidy pays half, and fractions of a fen are the elder's.
SUBSIDY, OWN = 6_000, 6_001


@pytest.fixture
def station(eldercare):
    """The elder, 78 and of moderate need; a station that bathes three a day and cooks."""
    eldercare.world.age("elder", 78.5)
    eldercare.world.member("auditor", "auditor")
    eldercare.world.member("carer", "carer", [HERE])
    level_of(eldercare, 3)
    written(eldercare)
    meal = {"kind": catalogue_pb2.SERVICE_KIND_MEAL, "price_fen": 1_500, "daily_capacity": 50}
    written(eldercare, MEAL, display_name="午餐", display_name_en="Lunch", **meal)
    return eldercare


def told(eldercare, template):
    """Who was told so."""
    with eldercare.db.read() as conn:
        sent = conn.scalars(select(outbox.c.data).where(outbox.c.type.like("%MessageRequested")))
        found = [messages_pb2.MessageRequested.FromString(bytes(one)) for one in sent]
    return {one.recipient for one in found if one.template == template}


class TestUpdateServiceItem:
    def test_not_without_a_token_not_by_families_and_not_from_elsewhere(self, station):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            written(station, person="")
        with refused("PERMISSION_DENIED", "ROLE_MISSING"):
            written(station, person="daughter")
        with refused("NOT_FOUND", "ORGANISATION_NOT_FOUND", "service_item.name"):
            written(station, person="operator")

    def test_a_change_is_a_new_version_and_names_the_one_it_saw(self, station):
        assert written(station, version=1, price_fen=13_000).version == 2
        with refused("ABORTED", "SERVICE_ITEM_CHANGED", "service_item.version"):
            written(station, version=1)

    def test_another_districts_elders_are_not_its_own(self, station):
        with refused("INVALID_ARGUMENT", "AREA_NOT_YOURS", "service_item.area"):
            written(station, area="310115")

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"price_fen": -1}, "service_item.price_fen"),
            ({"daily_capacity": 0}, "service_item.daily_capacity"),
            ({"display_name": ""}, "service_item.display_name"),
            ({"kind": 99}, "service_item.kind"),
        ],
    )
    def test_nonsense_names_its_field(self, station, change, field):
        with refused("INVALID_ARGUMENT", "REQUEST_INVALID", field):
            written(station, **change)


class TestListServiceItems:
    def found(self, station, person="", **how):
        asked = catalogue_pb2.ListServiceItemsRequest(**how)
        return catalogue(station, person).ListServiceItems(asked).service_items

    def test_anybody_sees_what_is_offered_where_somebody_lives(self, station):
        here = {one.name for one in self.found(station, organisation=STATION, area=HERE)}
        assert {BATH, MEAL} <= here
        assert {BATH, MEAL}.isdisjoint(
            one.name for one in self.found(station, area=ELSEWHERE, page_size=200)
        )

    def test_places_that_are_taken_are_not_left(self, station):
        placed(station, quantity=2)
        [one] = [
            one
            for one in self.found(station, organisation=STATION, date="2026-11-24")
            if one.name == BATH
        ]
        assert one.places_left == 1

    def test_what_is_closed_is_not_offered(self, station):
        written(station, active=False)
        assert BATH not in {one.name for one in self.found(station, area=HERE, page_size=200)}
        with refused("FAILED_PRECONDITION", "SERVICE_ITEM_CLOSED", "service_item"):
            placed(station)

    def test_page_by_page_without_gaps(self, station):
        whole = [one.name for one in self.found(station, page_size=200)]
        asked = catalogue_pb2.ListServiceItemsRequest(page_size=1)
        paged = []
        while not paged or asked.page_token:
            page = catalogue(station, "").ListServiceItems(asked)
            paged += [one.name for one in page.service_items]
            asked.page_token = page.next_page_token
        assert paged == whole


class TestQuoteOrder:
    def test_not_for_strangers(self, station):
        for person in ("vendor", "doctor"):
            with refused("NOT_FOUND", "RESIDENT_NOT_FOUND", "parent"):
                quoted(station, person)

    def test_it_says_line_by_line_who_pays_what(self, station):
        found = quoted(station, "daughter", item=MEAL, quantity=2)
        assert [(one.kind, one.amount_fen) for one in found.lines] == [
            (pb.QUOTE_LINE_KIND_PRICE, 3_000),
            (pb.QUOTE_LINE_KIND_SUBSIDY, -1_500),
            (pb.QUOTE_LINE_KIND_SUBSIDY, -300),
            (pb.QUOTE_LINE_KIND_OWN_SHARE, 1_200),
        ]
        assert (found.price_fen, found.subsidy_fen, found.own_fen) == (3_000, 1_800, 1_200)
        assert "Lunch: ¥15.00 × 2" in found.lines[0].display

    def test_without_a_subsidy_it_says_so(self, station):
        level_of(station, 2)
        found = quoted(station)
        assert [one.kind for one in found.lines][1] == pb.QUOTE_LINE_KIND_UNPAID
        assert found.own_fen == 12_001

    def test_an_order_for_next_month_is_quoted_with_next_months_grant(self, station):
        assert quoted(station, hours=24 * 10).subsidy_fen == SUBSIDY
        assert placed(station, hours=24 * 10).subsidy_fen == SUBSIDY


class TestPlaceOrder:
    def test_not_without_a_token_not_for_strangers_nor_by_staff(self, station):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            placed(station, "")
        for person in ("vendor", "doctor"):
            with refused("NOT_FOUND", "RESIDENT_NOT_FOUND", "parent"):
                placed(station, person)
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            placed(station, "carer")

    def test_what_subsidies_pay_is_reserved_with_it(self, station):
        made = placed(station, note="请带防滑垫")
        assert (made.subsidy_fen, made.own_fen) == (SUBSIDY, OWN)
        found = purse(station)
        assert (found.reserved_fen, found.available_fen) == (SUBSIDY, 80_000 + 6_000 - SUBSIDY)
        assert "740.00" in found.sentence or "800.00" in found.sentence
        books(station)

    def test_an_order_keeps_the_price_at_which_it_was_made(self, station):
        made = placed(station)
        written(station, price_fen=99_900, display_name="贵")
        kept = orders(station, "elder").GetOrder(pb.GetOrderRequest(name=made.name))
        assert (kept.price_fen, kept.display_name) == (12_001, "上门助浴")
        assert kept.service_item_version == 1

    def test_what_the_quote_said_is_held_or_refused(self, station):
        placed(station, own_fen=OWN)
        with refused("FAILED_PRECONDITION", "QUOTE_CHANGED", "own_fen"):
            placed(station, own_fen=OWN - 1)

    def test_the_same_request_again_is_one_order(self, station):
        asked = wanted(station)
        stub = orders(station, "elder")
        assert stub.PlaceOrder(asked).name == stub.PlaceOrder(asked).name
        assert purse(station).reserved_fen == SUBSIDY

    @pytest.mark.parametrize(
        ("how", "code", "reason", "field"),
        [
            ({"hours": -1}, "INVALID_ARGUMENT", "ORDER_TIME_PAST", "start_time"),
            ({"hours": 24 * 29}, "INVALID_ARGUMENT", "ORDER_TOO_FAR", "start_time"),
            ({"quantity": 4}, "INVALID_ARGUMENT", "QUANTITY_TOO_LARGE", "quantity"),
            (
                {"item": f"{STATION}/serviceItems/none"},
                "NOT_FOUND",
                "SERVICE_ITEM_NOT_FOUND",
                "service_item",
            ),
        ],
    )
    def test_what_can_not_be_names_its_field(self, station, how, code, reason, field):
        with refused(code, reason, field):
            placed(station, **how)

    def test_a_full_day_is_refused_and_books_nothing(self, station):
        placed(station, quantity=3)
        before = purse(station).reserved_fen
        with refused("FAILED_PRECONDITION", "DAY_FULL", "start_time"):
            placed(station)
        assert purse(station).reserved_fen == before
        placed(station, hours=48)

    def test_of_many_who_want_the_last_places_at_once_just_so_many_get_them(self, station):
        barrier, answers = threading.Barrier(8), []

        def order():
            stub, asked = orders(station, "elder"), wanted(station)
            barrier.wait()
            try:
                answers.append(stub.PlaceOrder(asked).own_fen)
            except grpc.RpcError as error:
                answers.append(error.code().name)

        threads = [threading.Thread(target=order) for _ in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert answers.count(OWN) == 3
        assert answers.count("FAILED_PRECONDITION") == 5
        assert purse(station).reserved_fen == 3 * SUBSIDY
        books(station)

    def test_a_subsidy_is_not_promised_twice(self, station):
        written(station, price_fen=100_000)
        [first, second] = [placed(station, hours=hours) for hours in (24, 48)]
        assert (first.subsidy_fen, second.subsidy_fen) == (50_000, 30_000)
        assert purse(station).available_fen == 6_000
        books(station)

    def test_elder_and_family_hear_of_what_others_do_and_the_station_of_what_is_new(self, station):
        placed(station, "daughter")
        assert told(station, "eldercare-order-placed") == {
            person_id("elder"),
            person_id("carer"),
        }
        assert told(station, "eldercare-order-new") == {person_id("doctor")}

    def test_the_others_are_told_by_an_event(self, station):
        placed(station)
        with station.db.read() as conn:
            query = select(outbox.c.data).where(outbox.c.type.like("%OrderChanged"))
            [data] = conn.scalars(query)
        event = order_events_pb2.OrderChanged.FromString(bytes(data))
        assert (event.before, event.state) == (
            pb.ORDER_STATE_UNSPECIFIED,
            pb.ORDER_STATE_PLACED,
        )
        assert event.price_fen == event.subsidy_fen + event.own_fen


class TestAcceptAndDecline:
    def test_only_by_managers_of_the_organisations_area(self, station):
        made = placed(station)
        asked = deed(pb.AcceptOrderRequest, made)
        with refused("NOT_FOUND", "ORDER_NOT_FOUND", "name"):
            orders(station, "operator").AcceptOrder(asked)
        for person in ("vendor", "daughter", "carer"):
            with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
                orders(station, person).AcceptOrder(asked)

    def test_an_accepted_one_is_told_and_can_not_be_accepted_again(self, station):
        made = accepted(station)
        assert made.state == pb.ORDER_STATE_ACCEPTED
        assert person_id("daughter") in told(station, "eldercare-order-accepted")
        with refused("FAILED_PRECONDITION", "ORDER_ACCEPTED", "name"):
            orders(station, "doctor").AcceptOrder(deed(pb.AcceptOrderRequest, made))

    def test_a_declined_one_frees_places_and_money(self, station):
        made = placed(station, quantity=3)
        asked = deed(pb.DeclineOrderRequest, made, reason="护理员请假")
        orders(station, "doctor").DeclineOrder(asked)
        assert purse(station).reserved_fen == 0
        placed(station, quantity=3)
        books(station)

    def test_what_nobody_answers_lapses_when_it_should_begin(self, station):
        made = placed(station, hours=5)
        later(station, hours=5)
        found = orders(station, "elder").GetOrder(pb.GetOrderRequest(name=made.name))
        assert found.state == pb.ORDER_STATE_LAPSED
        assert purse(station).reserved_fen == 0

    def test_what_was_accepted_and_never_done_lapses_two_days_later(self, station):
        made = accepted(station, hours=5)
        later(station, hours=52)
        asked = pb.GetOrderRequest(name=made.name)
        assert orders(station, "elder").GetOrder(asked).state == pb.ORDER_STATE_ACCEPTED
        later(station, hours=1)
        assert orders(station, "elder").GetOrder(asked).state == pb.ORDER_STATE_LAPSED
        books(station)


class TestCancelOrder:
    def test_not_by_strangers(self, station):
        made = placed(station)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            orders(station, "vendor").CancelOrder(deed(pb.CancelOrderRequest, made))

    def test_in_time_everything_is_as_before(self, station):
        made = accepted(station, quantity=3)
        orders(station, "daughter").CancelOrder(deed(pb.CancelOrderRequest, made))
        found = purse(station)
        assert (found.reserved_fen, found.spent_fen) == (0, 0)
        placed(station, quantity=3)

    def test_too_late_it_is_refused(self, station):
        made = accepted(station, hours=5)
        later(station, hours=1, minutes=1)
        with refused("FAILED_PRECONDITION", "CANCEL_TOO_LATE", "name"):
            orders(station, "elder").CancelOrder(deed(pb.CancelOrderRequest, made))


class TestDoingIt:
    def test_not_by_who_does_not_work_there(self, station):
        made = accepted(station, hours=1)
        station.world.member("teacher", "carer", [HERE])
        for kind, rpc in (
            (pb.CheckInOrderRequest, "CheckInOrder"),
            (pb.CompleteOrderRequest, "CompleteOrder"),
            (pb.ReportNoShowRequest, "ReportNoShow"),
        ):
            with refused("NOT_FOUND", "ORDER_NOT_FOUND", "name"):
                getattr(orders(station, "teacher"), rpc)(deed(kind, made))
            with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
                getattr(orders(station, "daughter"), rpc)(deed(kind, made))

    def test_a_carer_of_the_organisation_checks_in_where_and_when(self, station):
        made = accepted(station, hours=1)
        asked = deed(pb.CheckInOrderRequest, made, position=AT_HOME)
        found = orders(station, "carer").CheckInOrder(asked)
        assert (found.state, found.distance_metres) == (pb.ORDER_STATE_CHECKED_IN, 0)
        assert found.check_in_time.seconds == int(station.clock.now().timestamp())
        assert found.address == "南桥镇示例路 88 弄 6 号 302 室"

    def test_done_the_subsidy_is_the_organisations_and_the_own_share_is_asked_for(self, station):
        fulfilled(station)
        found = purse(station)
        assert (found.spent_fen, found.reserved_fen, found.own_due_fen) == (SUBSIDY, 0, OWN)
        accounts = books(station)
        assert accounts[subsidies_pb2.LEDGER_ACCOUNT_SUBSIDY_DUE] == SUBSIDY
        assert accounts[subsidies_pb2.LEDGER_ACCOUNT_OWN_DUE] == OWN

    def test_paid_on_the_spot_with_a_receipt_nothing_is_due(self, station):
        made = fulfilled(station, receipt="R-1")
        assert purse(station).own_due_fen == 0
        assert books(station)[subsidies_pb2.LEDGER_ACCOUNT_OWN_PAID] == OWN
        with refused("FAILED_PRECONDITION", "ORDER_PAID", "name"):
            orders(station, "doctor").RecordOwnPayment(
                deed(pb.RecordOwnPaymentRequest, made, receipt="R-2")
            )

    def test_or_afterwards(self, station):
        made = fulfilled(station)
        asked = deed(pb.RecordOwnPaymentRequest, made, receipt="R-3")
        assert orders(station, "carer").RecordOwnPayment(asked).receipt == "R-3"
        assert purse(station).own_due_fen == 0

    def test_a_meal_is_handed_over_with_one_press(self, station):
        made = accepted(station, hours=1, item=MEAL)
        done = orders(station, "carer").CompleteOrder(deed(pb.CompleteOrderRequest, made))
        assert done.state == pb.ORDER_STATE_FULFILLED
        assert done.HasField("check_in_time")

    def test_who_was_not_there_keeps_the_subsidy_and_owes_half_of_the_own_share(self, station):
        made = accepted(station, hours=1)
        later(station, hours=2)
        found = orders(station, "doctor").ReportNoShow(deed(pb.ReportNoShowRequest, made))
        assert (found.state, found.own_fen) == (pb.ORDER_STATE_NO_SHOW, OWN // 2)
        mine = purse(station)
        assert (mine.spent_fen, mine.reserved_fen, mine.own_due_fen) == (0, 0, OWN // 2)
        books(station)

    def test_the_day_is_listed_for_its_organisation_and_each_is_a_look(self, station):
        made = placed(station)
        asked = pb.ListOrganisationOrdersRequest(parent=STATION, date="2026-11-24")
        for person in ("doctor", "carer"):
            [one] = orders(station, person).ListOrganisationOrders(asked).orders
            assert (one.name, one.elder_display) == (made.name, "张桂芳")
        with refused("NOT_FOUND", "ORGANISATION_NOT_FOUND", "parent"):
            orders(station, "operator").ListOrganisationOrders(asked)
        with refused("PERMISSION_DENIED", "ROLE_MISSING"):
            orders(station, "daughter").ListOrganisationOrders(asked)
        with station.db.read() as conn:
            query = select(audit.c.subject).where(audit.c.action == "ListOrganisationOrders")
            assert person_id("elder") in set(conn.scalars(query))


class TestRefundOrder:
    def test_not_by_carers_or_families(self, station):
        made = fulfilled(station)
        for person in ("daughter", "carer"):
            with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
                orders(station, person).RefundOrder(deed(pb.RefundOrderRequest, made, reason="x"))

    def test_it_takes_the_booking_back_by_new_entries(self, station):
        made = fulfilled(station, receipt="R-1")
        stub = orders(station, "doctor")
        asked = deed(pb.RefundOrderRequest, made, reason="服务不满意")
        assert stub.RefundOrder(asked) == stub.RefundOrder(asked)
        found = purse(station)
        assert (found.spent_fen, found.reserved_fen, found.own_due_fen) == (0, 0, 0)
        assert found.available_fen == 86_000
        accounts = books(station)
        assert not any(
            accounts[one]
            for one in (
                subsidies_pb2.LEDGER_ACCOUNT_SUBSIDY_DUE,
                subsidies_pb2.LEDGER_ACCOUNT_OWN_PAID,
                subsidies_pb2.LEDGER_ACCOUNT_OWN_SHARE,
            )
        )

    def test_of_a_month_that_is_over_the_subsidy_goes_back_to_the_district(self, station):
        made = fulfilled(station)
        later(station, days=10)
        asked = deed(pb.RefundOrderRequest, made, reason="x")
        orders(station, "doctor").RefundOrder(asked)
        found = purse(station)
        assert (found.available_fen, found.reserved_fen, found.expired_fen) == (0, 0, 86_000)
        books(station)

    def test_not_after_its_days(self, station):
        made = fulfilled(station)
        later(station, days=31)
        with refused("FAILED_PRECONDITION", "REFUND_TOO_LATE", "name"):
            orders(station, "doctor").RefundOrder(deed(pb.RefundOrderRequest, made, reason="x"))


class TestRateOrder:
    def test_once_and_only_by_the_elders_side(self, station):
        made = fulfilled(station)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            orders(station, "doctor").RateOrder(deed(pb.RateOrderRequest, made, stars=5))
        orders(station, "daughter").RateOrder(
            deed(pb.RateOrderRequest, made, stars=5, comment="很细心")
        )
        seen = orders(station, "doctor").GetOrder(pb.GetOrderRequest(name=made.name))
        assert (seen.stars, seen.comment) == (5, "很细心")
        with refused("FAILED_PRECONDITION", "ORDER_RATED", "name"):
            orders(station, "elder").RateOrder(deed(pb.RateOrderRequest, made, stars=4))
        with refused("INVALID_ARGUMENT", "REQUEST_INVALID", "stars"):
            orders(station, "elder").RateOrder(deed(pb.RateOrderRequest, made, stars=6))


class TestListOrders:
    def test_a_stranger_hears_what_an_absent_elder_answers(self, station):
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            orders(station, "vendor").ListOrders(pb.ListOrdersRequest(parent=ELDER))

    def test_newest_first_page_by_page_and_open_ones_alone(self, station):
        made = [placed(station, hours=hours).name for hours in (24, 48, 72)]
        orders(station, "elder").CancelOrder(
            pb.CancelOrderRequest(name=made[1], request_id=request_id())
        )
        asked = pb.ListOrdersRequest(parent=ELDER, page_size=2)
        found = []
        while not found or asked.page_token:
            page = orders(station, "daughter").ListOrders(asked)
            found += page.orders
            asked.page_token = page.next_page_token
        assert [one.name for one in found if one.service_item == BATH] == made[::-1]
        assert len({one.name for one in found}) == len(found)
        open_ = orders(station, "elder").ListOrders(pb.ListOrdersRequest(parent=ELDER, open=True))
        baths = [one.name for one in open_.orders if one.service_item == BATH]
        assert baths == [made[2], made[0]]
