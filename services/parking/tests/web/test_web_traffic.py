"""What a page says of the way to a car park, and what an operator sees of those who tell it."""

from __future__ import annotations

from typing import Any

import pytest
from parking_people import AUDITOR, OPERATOR
from parking_samples import lots, way
from xianban.parking.v1 import parking_pb2 as pb
from xianban.parking.v1 import resources_pb2 as rs
from xianban.parking.v1 import traffic_pb2


def said(web: Any, approach: rs.Approach | None, locale: str = "zh-CN") -> str:
    lot = lots()[0]
    lot.ClearField("approach")
    if approach is not None:
        lot.approach.CopyFrom(approach)
    web.caller.replies["GetLot"] = lot
    return web.as_(None, locale=locale).get("/parking/lots/fengpu-metro-pr").text


@pytest.mark.parametrize("profile", ["standard", "elder"])
@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("zh-CN", ("去的路上", "缓行", "环城东路", "约 6 分钟（畅通时 4 分钟）", "拥堵", "望园路")),
        ("en", ("On the way there", "Slow", "about 6 min (4 min when free)", "Congested")),
    ],
)
@pytest.mark.parametrize("path", ["/parking", "/parking/find?q=奉浦"])
def test_each_car_park_says_how_the_way_there_flows(
    web: Any, path: str, locale: str, words: tuple[str, ...], profile: str
) -> None:
    page = web.as_(None, locale=locale, profile=profile).get(path).text
    plain = page.replace("\u2068", "").replace("\u2069", "")
    for word in words:
        assert word in plain


def test_what_flows_is_said_with_its_age(web: Any) -> None:
    page = said(web, way(rs.TRAFFIC_FLOW_FREE))
    assert "畅通" in page
    assert "data-age" in page.split("去的路上")[1].split("</div>")[0]


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (rs.VERDICT_STALE, "路况数据过旧，不予显示"),
        (rs.VERDICT_IMPLAUSIBLE, "路况数据不可信，不予显示"),
        (rs.VERDICT_SILENT, "没有可用的路况数据"),
        (rs.VERDICT_FRESH, "路况不明"),
    ],
)
def test_what_is_not_known_is_said_in_words(web: Any, verdict: Any, words: str) -> None:
    page = said(web, way(verdict=verdict)).split("去的路上")[1].split("</div>")[0]
    assert words in page
    assert "畅通" not in page


def test_a_closed_road_says_until_when_or_that_nobody_knows(web: Any) -> None:
    closed = way(rs.TRAFFIC_FLOW_CLOSED)
    assert "恢复时间未知" in said(web, closed)
    closed.reopen_time.FromJsonString("2026-11-30T04:00:00Z")
    assert "预计恢复通行" in said(web, closed)


def test_where_no_road_is_known_nothing_is_said(web: Any) -> None:
    assert "去的路上" not in said(web, None)


def test_a_proposal_without_a_known_road_says_so(web: Any) -> None:
    lot = lots()[5]
    answer = pb.FindParkingResponse(
        options=[pb.ParkingOption(lot=lot, walk_m=100)], traffic_connected=True
    )
    web.caller.replies["FindParking"] = answer
    assert "没有接入这里的路况" in web.as_(None).get("/parking/find?q=奉浦").text


def test_a_car_park_that_cannot_be_reached_is_left_out_and_it_is_said_why(web: Any) -> None:
    page = web.as_(None).get("/parking/find?q=奉浦").text
    assert "的道路已封闭，暂不推荐" in page


def test_a_reason_that_the_pages_do_not_know_is_passed_over(web: Any) -> None:
    other = pb.LeftOut(lot=lots()[1], reason="flood")
    web.caller.replies["FindParking"] = pb.FindParkingResponse(left_out=[other])
    assert web.as_(None).get("/parking/find?q=奉浦").status_code == 200


@pytest.mark.parametrize("connected", [True, False])
def test_without_a_traffic_source_the_page_says_what_is_missing(web: Any, connected: bool) -> None:
    web.caller.replies["FindParking"] = pb.FindParkingResponse(traffic_connected=connected)
    page = web.as_(None).get("/parking/find?q=奉浦").text
    assert ("没有接入交通实况" in page) is not connected


@pytest.mark.parametrize("person", [OPERATOR, AUDITOR])
def test_an_operator_sees_who_tells_and_which_locations_are_unknown(web: Any, person: Any) -> None:
    page = web.as_(person).get("/parking/operator").text
    assert "演示交通信息中心" in page
    assert "FX-77" in page
    assert "配置里没有这个路段" in page
    assert "HTTP 503" in page


def test_an_operator_without_sources_is_told_so(web: Any) -> None:
    web.caller.replies["ListTrafficSources"] = traffic_pb2.ListTrafficSourcesResponse()
    assert "没有接入交通实况" in web.as_(OPERATOR).get("/parking/operator").text
