"""The weather on the elder's and the family's page, and the station's list of whom to see."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from eldercare_people import CARER, DAUGHTER, DISPATCHER, ELDER, MANAGER
from eldercare_samples import ID
from weather_samples import proposal, warning, weather
from xianban.eldercare.v1 import weather_pb2 as pb
from xianban_sdk.testing.pages import away

HERE = "/eldercare/organisations/nanqiao/rounds"
NAME = f"organisations/nanqiao/roundProposals/{ID}"


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("profile", ["standard", "elder"])
@pytest.mark.parametrize("level", range(5))
def test_every_level_has_its_banner(web: Any, locale: str, profile: str, level: Any) -> None:
    web.caller.replies["GetWeather"] = weather(warnings=[warning(level)])
    page = web.as_(ELDER, locale=locale, profile=profile).get("/eldercare")
    assert page.status_code == 200
    assert "多喝水" in page.text
    assert "市气象台" in page.text


def test_the_daughter_reads_it_too(web: Any) -> None:
    page = web.as_(DAUGHTER, acting_for=ELDER).get("/eldercare").text
    assert "高温橙色预警" in page
    assert "体感 30～42℃" in page


@pytest.mark.parametrize(
    ("knowledge", "said"),
    [
        (pb.WEATHER_KNOWLEDGE_NOT_CONNECTED, "没有接入气象预警"),
        (pb.WEATHER_KNOWLEDGE_UNKNOWN, "天气预警情况不明"),
    ],
)
def test_what_is_not_known_is_never_said_to_be_no_warning(
    web: Any, knowledge: Any, said: str
) -> None:
    told = weather(knowledge=knowledge, warnings=[], sentence="")
    web.caller.replies["GetWeather"] = told
    page = web.as_(ELDER).get("/eldercare").text
    assert said in page
    assert "没有生效的天气预警" not in page


def test_a_service_that_is_away_costs_only_the_banner(web: Any) -> None:
    web.caller.replies["GetWeather"] = away()
    page = web.as_(ELDER).get("/eldercare")
    assert page.status_code == 200
    assert "天气预警暂时看不到" in page.text


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("state", range(1, 6))
def test_every_state_of_a_proposal_has_its_words(web: Any, locale: str, state: Any) -> None:
    found = [proposal(state, how) for how in (1, 2)]
    reply = pb.ListRoundProposalsResponse(round_proposals=found)
    web.caller.replies["ListRoundProposals"] = reply
    for profile in ("standard", "elder"):
        page = web.as_(MANAGER, locale=locale, profile=profile).get(f"{HERE}?all=1")
        assert page.status_code == 200


@pytest.mark.parametrize("who", [ELDER, DAUGHTER, CARER, DISPATCHER])
def test_nobody_else_sees_the_list(web: Any, who: Any) -> None:
    assert web.as_(who).get(HERE).status_code == 403


def test_the_planner_sees_why_and_sends_somebody(web: Any) -> None:
    page = web.as_(MANAGER).get(HERE).text
    assert "独居（2 分）" in page
    form = {"carer": CARER.id, "start_time": "2026-12-01T09:00", "minutes": "30"}
    answer = web.post(f"{HERE}/{ID}/accept", **form, travel_minutes="10")
    asked = web.caller.last("AcceptRoundProposal")
    assert (asked.name, asked.carer, asked.minutes) == (NAME, CARER.id, 30)
    assert asked.start_time.ToDatetime().hour == 1
    assert "已安排上门" in web.get(answer.headers["location"]).text


@pytest.mark.parametrize(
    ("deed", "field", "asked"),
    [("call", "note", "RecordRoundCall"), ("dismiss", "reason", "DismissRoundProposal")],
)
def test_the_planner_rings_or_takes_off_the_list(
    web: Any, deed: str, field: str, asked: str
) -> None:
    web.as_(MANAGER).post(f"{HERE}/{ID}/{deed}", **{field: "已在女儿家"})
    assert getattr(web.caller.last(asked), field) == "已在女儿家"


def test_a_refusal_stands_on_the_page(web: Any) -> None:
    web.caller.replies["AcceptRoundProposal"] = away(
        grpc.StatusCode.FAILED_PRECONDITION, "ROUND_ACCEPTED"
    )
    assert web.as_(MANAGER).post(f"{HERE}/{ID}/accept").status_code == 409


def test_there_is_no_other_deed(web: Any) -> None:
    assert web.as_(MANAGER).post(f"{HERE}/{ID}/burn").status_code == 404
