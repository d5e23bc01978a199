"""Pages of orders, catalogues and statements: who sees them, and what is asked for a deed."""

from __future__ import annotations

import csv
import re
from typing import Any

import grpc
import pytest
from eldercare_people import CARER, DAUGHTER, DISPATCHER, ELDER, MANAGER
from eldercare_samples import ID
from order_samples import order
from visit_samples import STATION
from xianban.eldercare.v1 import catalogue_pb2 as items
from xianban.eldercare.v1 import orders_pb2 as pb
from xianban_sdk.testing.pages import away
from xianban_sdk.web import Person

CLERK = Person("01KDVHX800C1ERK00000000000", "民政", frozenset({"civil-affairs"}))
HERE = f"/eldercare/{STATION}"
NEW = "/eldercare/orders/new/nanqiao/lunch"
OWN = (
    "/eldercare",
    "/eldercare/orders",
    "/eldercare/orders?page_token=x",
    f"/eldercare/orders/{ID}",
    "/eldercare/orders/subsidies",
    NEW,
)
MANAGERS = (
    f"{HERE}/orders",
    f"{HERE}/orders?day=2026-11-25",
    f"{HERE}/orders?day=nonsense",
    f"{HERE}/catalogue",
    f"{HERE}/statement",
    f"{HERE}/statement?month=nonsense",
)
INVALID = grpc.StatusCode.INVALID_ARGUMENT
CONFLICT = grpc.StatusCode.FAILED_PRECONDITION
INLINE = re.compile(r"<[^>]+\s(style|on[a-z]+)=|<style|<script(?![^>]*src=)")


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize(
    ("who", "path"),
    [
        *((ELDER, path) for path in OWN),
        *((MANAGER, path) for path in MANAGERS),
        (CARER, f"{HERE}/orders"),
        (CLERK, f"{HERE}/statement"),
        (CLERK, "/eldercare/organisations"),
    ],
)
def test_who_may_see_a_page_sees_it_in_both_languages(
    web: Any, who: Any, path: str, locale: str
) -> None:
    for profile in ("standard", "elder"):
        answer = web.as_(who, locale=locale, profile=profile).get(path)
        assert answer.status_code == 200
        assert not INLINE.search(answer.text)


@pytest.mark.parametrize("path", [*MANAGERS, f"{HERE}/statement.csv"])
def test_nobody_else_does(web: Any, path: str) -> None:
    assert web.as_(DAUGHTER).get(path).status_code == 403
    assert web.as_(DISPATCHER).get(path).status_code == 403


@pytest.mark.parametrize("state", range(1, 10))
def test_an_order_in_any_state_has_its_page(web: Any, state: int) -> None:
    web.caller.replies["GetOrder"] = order(state)
    page = web.as_(ELDER).get(f"/eldercare/orders/{ID}").text
    assert ("/cancel" in page) == (state in (1, 2))
    assert ("/rate" in page) == (state == 5)


def test_todays_meals_come_first_and_are_those_of_the_elders_area(web: Any) -> None:
    page = web.as_(ELDER, profile="elder").get("/eldercare/orders").text
    near = page.split('id="near"')[1]
    assert near.index("new/nanqiao/lunch") < near.index("new/nanqiao/day")
    assert web.caller.last("ListServiceItems").area == "310120/nanqiao"
    assert "本月还可用补贴 42.00 元" in page


def test_the_page_stands_without_subsidies_and_without_a_catalogue(web: Any) -> None:
    web.caller.replies["GetSubsidyAccount"] = away()
    web.caller.replies["ListServiceItems"] = away()
    assert web.as_(ELDER).get("/eldercare/orders").status_code == 200


def test_before_anything_is_ordered_the_cost_is_told_line_by_line(web: Any) -> None:
    page = web.as_(DAUGHTER, acting_for=ELDER).get(f"{NEW}?quantity=2").text
    assert "助餐补贴" in page
    assert "-¥18.00" in page
    assert "确认下单，自付 ¥12.00" in page
    assert web.caller.last("QuoteOrder").quantity == 2


def test_what_is_ordered_is_what_was_shown(web: Any) -> None:
    web.as_(DAUGHTER, acting_for=ELDER)
    typed = {"start": "2026-12-01T11:30", "quantity": "2", "note": "少盐", "own_fen": "1200"}
    answer = web.post(NEW, typed)
    asked = web.caller.last("PlaceOrder")
    assert (asked.parent, asked.quantity, asked.own_fen) == (f"residents/{ELDER.id}", 2, 1200)
    assert asked.start_time.ToJsonString() == "2026-12-01T03:30:00Z"
    assert "已下单" in web.get(answer.headers["location"]).text


def test_working_it_out_again_orders_nothing(web: Any) -> None:
    web.as_(ELDER)
    page = web.post(NEW, {"start": "2026-12-01T11:30", "quantity": "3", "deed": "quote"}).text
    assert web.caller.last("QuoteOrder").quantity == 3
    assert 'value="3"' in page


def test_a_refused_order_keeps_what_was_typed_and_names_the_field(web: Any) -> None:
    web.caller.replies["PlaceOrder"] = away(CONFLICT, "DAY_FULL", start_time="已经约满")
    typed = {"start": "2026-12-01T11:30", "quantity": "2", "note": "少盐", "own_fen": "1200"}
    answer = web.as_(ELDER).post(NEW, typed)
    assert answer.status_code == 409 or answer.status_code == 400
    assert 'value="少盐"' in answer.text
    assert 'href="#f-start"' in answer.text


def test_an_order_is_called_off_and_rated(web: Any) -> None:
    web.as_(ELDER)
    web.post(f"/eldercare/orders/{ID}/cancel", {"reason": "住院"})
    assert web.caller.last("CancelOrder").reason == "住院"
    web.post(f"/eldercare/orders/{ID}/rate", {"stars": "4", "comment": "好"})
    assert (web.caller.last("RateOrder").stars, web.caller.last("RateOrder").comment) == (4, "好")


@pytest.mark.parametrize(
    ("deed", "rpc", "typed", "field"),
    [
        ("accept", "AcceptOrder", {}, ""),
        ("send", "PlanOrderVisit", {"carer": CARER.id}, "carer"),
        ("decline", "DeclineOrder", {"reason": "请假"}, "reason"),
        ("check-in", "CheckInOrder", {}, ""),
        ("complete", "CompleteOrder", {"receipt": "R-1"}, "receipt"),
        ("no-show", "ReportNoShow", {}, ""),
        ("pay", "RecordOwnPayment", {"receipt": "R-2"}, "receipt"),
        ("refund", "RefundOrder", {"reason": "不满意"}, "reason"),
    ],
)
def test_a_deed_of_the_day_comes_back_to_the_day(
    web: Any, deed: str, rpc: str, typed: dict[str, str], field: str
) -> None:
    path = f"{HERE}/orders/{ELDER.id}/{ID}/{deed}?day=2026-11-25"
    answer = web.as_(MANAGER).post(path, typed)
    asked = web.caller.last(rpc)
    assert asked.name == f"residents/{ELDER.id}/orders/{ID}"
    assert not field or getattr(asked, field) == typed[field]
    assert answer.headers["location"] == f"{HERE}/orders?day=2026-11-25&done=order-{deed}"
    web.caller.replies[rpc] = away(CONFLICT, "ORDER_LAPSED", name="订单已失效")
    assert "订单已失效" in web.post(path, typed).text


def test_a_check_in_at_the_home_says_where_as_far_as_the_phone_knows(web: Any) -> None:
    path = f"{HERE}/orders/{ELDER.id}/{ID}/check-in"
    web.as_(CARER).post(path, {"latitude": "30.9183", "longitude": "121.4561", "accuracy": "9"})
    assert web.caller.last("CheckInOrder").position.latitude == 30.9183
    web.post(path, {"latitude": ""})
    assert not web.caller.last("CheckInOrder").HasField("position")


def test_what_a_carer_forgot_to_end_is_ended_on_the_days_page(web: Any) -> None:
    begun = order(pb.ORDER_STATE_CHECKED_IN, visit=f"residents/{ELDER.id}/visits/{ID}")
    only = pb.ListOrganisationOrdersResponse(orders=[begun])
    web.as_(MANAGER).caller.replies["ListOrganisationOrders"] = only
    assert "/complete" not in web.get(f"{HERE}/orders").text
    assert "/complete" in web.get(f"{HERE}/orders?day=2020-11-01").text


def test_a_carer_neither_answers_for_the_organisation_nor_refunds(web: Any) -> None:
    page = web.as_(CARER).get(f"{HERE}/orders").text
    assert "/accept" not in page
    assert "/refund" not in page
    assert "/check-in" in page
    assert web.as_(CARER).get(f"{HERE}/catalogue").status_code == 403


def test_a_line_of_the_catalogue_is_written_in_yuan_without_floats(web: Any) -> None:
    web.as_(MANAGER)
    typed = {
        "id": "lunch", "kind": "1", "unit": "1", "display_name": "午餐", "display_name_en": "Lunch",
        "price": "12.5", "daily_capacity": "80", "area": "310120/nanqiao", "active": "1",
    }  # fmt: skip
    web.post(f"{HERE}/catalogue", typed)
    item = web.caller.last("UpdateServiceItem").service_item
    assert (item.price_fen, item.kind) == (1250, items.SERVICE_KIND_MEAL)
    for wrong in ("", "1.234", "-3", "十", "٣"):
        web.post(f"{HERE}/catalogue", typed | {"price": wrong})
        assert web.caller.last("UpdateServiceItem").service_item.price_fen == -1
    web.caller.replies["UpdateServiceItem"] = away(
        INVALID, "REQUEST_INVALID", **{"service_item.price_fen": "单价不对"}
    )
    refused = web.post(f"{HERE}/catalogue", typed)
    assert 'href="#f-price"' in refused.text


def test_the_statement_is_a_file_that_a_spreadsheet_reads_and_does_not_run(web: Any) -> None:
    answer = web.as_(CLERK).get(f"{HERE}/statement.csv?month=2026-11")
    assert 'filename="statement-2026-11.csv"' in answer.headers["content-disposition"]
    rows = list(csv.reader(answer.text.removeprefix("\ufeff").splitlines()))
    assert rows[0][0] == "账目编号"
    assert len(rows) == 1 + 9 * 2
    assert sum(round(float(row[-1]) * 100) for row in rows[1:]) == 0
    assert {row[4] for row in rows[1:]} == {"'=cmd()"}


def test_states_and_kinds_of_the_service_all_have_words() -> None:
    from xianban_eldercare.web.orders import ACCOUNTS, ENTRIES, KINDS, STATES, UNITS

    for known, values in (
        (STATES, pb.OrderState.values()),
        (KINDS, items.ServiceKind.values()),
        (UNITS, items.ServiceUnit.values()),
    ):
        assert set(known) == {value for value in values if value}
    assert len(ACCOUNTS) == 8
    assert len(ENTRIES) == 9


def test_civil_affairs_record_what_was_paid(web: Any) -> None:
    assert "payouts" in web.as_(CLERK).get(f"{HERE}/statement").text
    answer = web.post(f"{HERE}/payouts", {"amount": "120.50", "reference": "财-1"})
    asked = web.caller.last("RecordPayout")
    assert (asked.amount_fen, asked.reference) == (12050, "财-1")
    assert "已登记" in web.get(answer.headers["location"]).text
    assert "payouts" not in web.as_(MANAGER).get(f"{HERE}/statement").text
    assert web.post(f"{HERE}/payouts", {"amount": "1"}).status_code == 403


@pytest.mark.parametrize(
    "typed", ["", "abc", "1.005", "-3", "0", "NaN", "1e99", "9e999999", "9" * 20]
)
def test_a_sum_that_is_none_is_not_booked(web: Any, typed: str) -> None:
    web.as_(CLERK)
    answer = web.post(f"{HERE}/payouts", {"amount": typed, "reference": "财-1"})
    assert answer.status_code == 400
    assert "120.50" in answer.text
