"""The duty desk's page of an alarm: who is on duty and near, and sending them."""

from __future__ import annotations

from typing import Any

import grpc
from eldercare_people import DISPATCHER
from eldercare_samples import ID, stamp
from responder_samples import NEAR, listed
from xianban.common.v1 import alerts_pb2
from xianban.eldercare.v1 import responders_pb2 as pb
from xianban_sdk.testing.pages import away

PAGE = f"/eldercare/board/alerts/{ID}"


def part(web: Any, locale: str = "zh-CN") -> str:
    page = web.as_(DISPATCHER, locale=locale).get(PAGE).text
    return page.partition('id="responders"')[2].partition('id="playbooks"')[0]


def test_each_stands_with_distance_age_and_what_the_position_is_worth(web: Any) -> None:
    shown = part(web)
    assert shown.index("李强") < shown.index("王医生")
    assert "610 米" in shown
    assert "2.3 公里" in shown
    assert "位置新" in shown
    assert "位置已旧" in shown
    assert "急救" in shown


def test_who_is_sent_elsewhere_is_shown_and_cannot_be_sent(web: Any) -> None:
    shown = part(web)
    assert "已派往另一条告警" in shown
    assert 'value="responders/elsewhere"' not in shown
    assert shown.count(f'action="{PAGE}/dispatch"') == 2


def test_a_press_sends_the_one_who_was_chosen(web: Any) -> None:
    answer = web.as_(DISPATCHER).post(f"{PAGE}/dispatch", {"to": NEAR})
    assert answer.headers["location"] == f"{PAGE}?done=dispatch"
    assert web.caller.last("DispatchAlert").to == NEAR


def test_what_is_refused_is_said_on_the_page(web: Any) -> None:
    web.caller.replies["DispatchAlert"] = away(
        grpc.StatusCode.FAILED_PRECONDITION, "RESPONDER_SENT_ELSEWHERE", to="已被派往别处"
    )
    answer = web.as_(DISPATCHER).post(f"{PAGE}/dispatch", {"to": NEAR})
    assert "已被派往别处" in answer.text


def test_a_silent_source_says_since_when(web: Any) -> None:
    silent = pb.ResponderSource(
        display_name="区应急指挥中心", read_time=stamp(-30), silent=True, unread_count=2
    )
    web.caller.replies["ListResponders"] = listed(sources=[silent], responders=[], placed=False)
    shown = part(web)
    assert "谁在岗并不清楚" in shown
    assert "有 2 条无法读取" in shown
    assert "无法计算距离" in shown
    assert "没有具备所需技能" in shown


def test_without_a_source_the_page_says_so_in_both_languages(web: Any) -> None:
    web.caller.replies["ListResponders"] = pb.ListRespondersResponse()
    assert "没有接入力量分布" in part(web)
    assert "No source of responders" in part(web, "en")


def test_a_service_that_is_away_costs_this_part_alone(web: Any) -> None:
    web.caller.replies["ListResponders"] = away(grpc.StatusCode.UNAVAILABLE, "AWAY")
    assert web.as_(DISPATCHER).get(PAGE).status_code == 200


def test_of_an_alarm_that_is_dealt_with_nobody_is_listed(web: Any) -> None:
    web.caller.replies["GetAlert"] = alerts_pb2.Alert(
        name=f"alerts/{ID}", state=alerts_pb2.ALERT_STATE_RESOLVED
    )
    assert part(web) == ""


def test_the_part_is_sent_again_only_when_something_changed_and_ends_with_the_alarm(
    web: Any,
) -> None:
    asked = part(web).partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")
    assert web.get(asked).status_code == 204
    web.caller.replies["ListResponders"] = listed(responders=[])
    assert "现在没有具备所需技能" in web.get(asked).text
    web.caller.replies["GetAlert"] = alerts_pb2.Alert(
        name=f"alerts/{ID}", state=alerts_pb2.ALERT_STATE_RESOLVED
    )
    assert web.get(asked).status_code == 286
    assert web.get("/eldercare/board/responders").status_code == 204
