"""What people do on the pages, and what the service is asked for it."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from eldercare_people import DAUGHTER, DISPATCHER, ELDER, MANAGER
from eldercare_samples import ID, alert, sos, state, taken
from starlette.requests import Request
from xianban.common.v1 import alerts_pb2
from xianban.eldercare.v1 import care_files_pb2 as files
from xianban.eldercare.v1 import monitoring_pb2 as pb
from xianban_sdk.testing.pages import away

RESIDENT = f"residents/{ELDER.id}"
CONFLICT = grpc.StatusCode.FAILED_PRECONDITION
INVALID = grpc.StatusCode.INVALID_ARGUMENT
FILE = {
    "display_name": "张桂芳",
    "area": "310120/nanqiao",
    "address": "新路 1 号",
    "living": str(files.LIVING_WITH_FAMILY),
    "version": "4",
    "contact_name": ["李晓梅", "", "王强"],
    "contact_phone": ["13900000002", "", "13900000009"],
    "contact_relation": ["女儿", "", "邻居"],
    "contact_person": [DAUGHTER.id, "", ""],
    "condition_display": ["高血压", ""],
    "condition_code": ["i10", ""],
    "allergies": "青霉素\n\n花粉",
}


def test_help_is_called_by_two_presses_and_only_by_them(web: Any) -> None:
    question = web.as_(ELDER).post("/eldercare/sos")
    assert question.status_code == 200
    assert 'data-sos-seconds="5"' in question.text
    assert not web.caller.was_asked("RaiseSos")
    answer = web.post("/eldercare/sos/call")
    assert answer.headers["location"] == "/eldercare/sos"
    assert web.caller.last("RaiseSos").parent == RESIDENT


def test_a_page_that_is_only_opened_never_counts_down(web: Any) -> None:
    assert "data-sos-seconds" not in web.as_(ELDER).get("/eldercare/sos").text


def test_a_second_press_leads_to_the_call_that_stands(web: Any) -> None:
    web.caller.replies["GetSos"] = sos()
    answer = web.as_(ELDER).post("/eldercare/sos")
    assert answer.headers["location"] == "/eldercare/sos"


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, CONFLICT])
def test_a_call_that_was_not_sent_is_said_in_plain_words(web: Any, code: Any) -> None:
    web.caller.replies["RaiseSos"] = away(code)
    answer = web.as_(ELDER).post("/eldercare/sos/call")
    assert answer.status_code == 503
    assert "呼救没有发出去" in answer.text
    assert 'href="tel:120"' in answer.text


def test_when_nobody_knows_where_the_call_stands_the_page_goes_on_asking(web: Any) -> None:
    web.caller.replies["GetSos"] = away()
    part = web.as_(ELDER).get("/eldercare/sos/state").text
    assert "已发出的呼救仍会继续" in part
    assert "hx-trigger" in part


def test_a_call_can_be_taken_back(web: Any) -> None:
    web.as_(ELDER).post("/eldercare/sos/cancel")
    assert web.caller.last("CancelSos").name == f"{RESIDENT}/sos"
    web.caller.replies["CancelSos"] = away(CONFLICT)
    refused = web.post("/eldercare/sos/cancel")
    assert refused.status_code == 409
    assert "says why" in refused.text


def test_who_acts_for_an_elder_takes_the_elders_alert(web: Any) -> None:
    web.as_(DAUGHTER, acting_for=ELDER)
    assert "您正在为 张桂芳 办理" in web.get("/eldercare").text
    answer = web.post(f"/eldercare/alerts/{ID}/acknowledge", {"note": "我去看看"})
    asked = web.caller.last("AcknowledgeResidentAlert")
    assert (asked.name, asked.note) == (f"{RESIDENT}/alerts/{ID}", "我去看看")
    assert answer.headers["location"].startswith(f"/eldercare/alerts/{ID}")


def test_who_comes_second_hears_who_has_it(web: Any) -> None:
    web.caller.replies["AcknowledgeResidentAlert"] = away(CONFLICT, "ALERT_TAKEN")
    answer = web.as_(ELDER).post(f"/eldercare/alerts/{ID}/acknowledge")
    assert answer.status_code == 409
    assert "says why" in answer.text


def test_an_alert_from_a_message_leads_staff_to_the_desk_and_family_to_the_switch(
    web: Any,
) -> None:
    web.caller.replies["GetResidentAlert"] = away(grpc.StatusCode.NOT_FOUND, "ALERT_NOT_FOUND")
    page = f"/eldercare/alerts/{ID}"
    assert web.as_(DISPATCHER).get(page).headers["location"] == f"/eldercare/board/alerts/{ID}"
    assert "/acting-for" in web.as_(DAUGHTER).get(page).text


@pytest.mark.parametrize(
    ("deed", "rpc", "form", "wanted"),
    [
        ("acknowledge", "AcknowledgeAlert", {}, {}),
        ("dispatch", "DispatchAlert", {"to": "120", "note": "带氧气"}, {"to": "120"}),
        ("dispatch", "DispatchAlert", {"to": "120", "other": "王医生"}, {"to": "王医生"}),
        ("escalate", "EscalateAlert", {"note": "没人接"}, {"note": "没人接"}),
        ("resolve", "ResolveAlert", {"note": "已测", "false_alarm": "1"}, {"false_alarm": True}),
        ("close", "CloseAlert", {"note": "完"}, {"note": "完"}),
    ],
)
def test_the_desk_asks_for_what_was_pressed(
    web: Any, deed: str, rpc: str, form: dict[str, str], wanted: dict[str, Any]
) -> None:
    answer = web.as_(DISPATCHER).post(f"/eldercare/board/alerts/{ID}/{deed}", form)
    asked = web.caller.last(rpc)
    assert asked.name == f"alerts/{ID}"
    assert asked.request_id == "r" * 12
    assert {key: getattr(asked, key) for key in wanted} == wanted
    assert answer.headers["location"] == f"/eldercare/board/alerts/{ID}?done={deed}"
    assert web.get(answer.headers["location"]).status_code == 200
    assert web.caller.domains == {"eldercare"}


@pytest.mark.parametrize("deed", ["acknowledge", "dispatch", "escalate", "resolve"])
def test_what_is_refused_at_the_desk_is_said_and_nothing_typed_is_lost(web: Any, deed: str) -> None:
    for rpc in ("AcknowledgeAlert", "DispatchAlert", "EscalateAlert", "ResolveAlert"):
        web.caller.replies[rpc] = away(INVALID, "REQUIRED", note="says what is missing")
    answer = web.as_(DISPATCHER).post(
        f"/eldercare/board/alerts/{ID}/{deed}", {"note": "我写的说明"}
    )
    assert answer.status_code == 400
    assert "says what is missing" in answer.text
    assert "我写的说明" in answer.text or deed == "acknowledge"


def test_an_unknown_deed_is_nothing(web: Any) -> None:
    assert web.as_(DISPATCHER).post(f"/eldercare/board/alerts/{ID}/delete").status_code == 404


def test_people_of_the_file_are_called_by_name_at_the_desk(web: Any) -> None:
    web.caller.replies["GetAlert"] = taken(
        alerts_pb2.ALERT_STATE_DISPATCHED, dispatched_to=DAUGHTER.id
    )
    page = web.as_(DISPATCHER).get(f"/eldercare/board/alerts/{ID}").text
    assert "李晓梅 正在处理" in page
    assert "李晓梅 带上药" in page
    assert DAUGHTER.id not in page.split('aria-label="您在这里"')[1].split("<form")[0]


def test_the_board_has_the_worst_first_and_learns_of_changes(web: Any) -> None:
    worse = alert(
        name="alerts/" + "1" * 26, severity=alerts_pb2.ALERT_SEVERITY_EXTREME, title="求助"
    )
    web.caller.streams["WatchAlerts"] = [alert(version=2), worse]
    web.as_(DISPATCHER)
    frames = _frames(web, 2)
    assert "待处理 1 条" in frames[0]  # Resolved ones wait for closing, and are not counted.
    assert "待处理 2 条" in frames[1]
    assert frames[1].index("求助") < frames[1].index("血氧过低")


def test_a_board_of_more_than_a_page_counts_all_and_leads_on(web: Any) -> None:
    every = [alert(name=f"alerts/{number:026}", title=f"第{number}条") for number in range(203)]

    def listed(asked: alerts_pb2.ListAlertsRequest) -> alerts_pb2.ListAlertsResponse:
        first = int(asked.page_token or 0)
        found = every[first : first + asked.page_size]
        token = str(first + asked.page_size) if first + asked.page_size < len(every) else ""
        return alerts_pb2.ListAlertsResponse(alerts=found, next_page_token=token)

    web.caller.replies["ListAlerts"] = listed
    page = web.as_(DISPATCHER).get("/eldercare/board").text
    assert "待处理 203 条" in page
    assert ("第199条" in page, "第200条" in page) == (True, False)
    assert "后面还有 3 条" in page
    assert 'href="/eldercare/board?from=200"' in page
    rest = web.get("/eldercare/board?from=200").text
    assert ("第199条" in rest, "第202条" in rest) == (False, True)
    assert 'data-live="/eldercare/board/live?from=200"' in rest


@pytest.mark.parametrize("number", ["9000", "x", "-1", "²"])
def test_a_page_of_the_board_that_is_not_there_leads_back(web: Any, number: str) -> None:
    page = web.as_(DISPATCHER).get(f"/eldercare/board?from={number}")
    assert page.status_code == 200
    assert ("提醒已经减少" in page.text) == (number == "9000")


def _request(web: Any) -> Request:
    state: dict[str, Any] = {"viewer": web.state.viewer}
    scope: dict[str, Any] = {
        "type": "http",
        "headers": [],
        "path": "/",
        "query_string": b"",
        "state": state,
    }
    return Request(scope | {"app": web.client.app})


def _frames(web: Any, count: int) -> list[str]:
    """The view's own stream: a test client would wait for its end, and it has none."""
    from xianban_eldercare.web import board

    async def read() -> list[str]:
        answer: Any = await board.stream(_request(web))
        found: list[str] = []
        async for chunk in answer.body_iterator:
            if b"event: board" in chunk:
                found.append(chunk.decode())
            if len(found) == count:
                await answer.body_iterator.aclose()
                return found
        return found

    return web.client.portal.call(read)


def test_a_file_keeps_what_the_form_does_not_ask_for(web: Any) -> None:
    answer = web.as_(ELDER).post("/eldercare/file/edit", FILE)
    file = web.caller.last("UpdateCareFile").care_file
    assert answer.headers["location"] == "/eldercare/file?done=saved"
    assert file.name == f"{RESIDENT}/careFile"
    assert [one.display_name for one in file.contacts] == ["李晓梅", "王强"]
    assert file.contacts[0].person == DAUGHTER.id
    assert [(one.display, one.code) for one in file.conditions] == [("高血压", "I10")]
    assert list(file.allergies) == ["青霉素", "花粉"]
    assert (file.station, file.version, file.home.latitude) == ("organisations/nanqiao", 4, 30.9183)


def test_a_wrong_phone_number_is_said_at_its_row(web: Any) -> None:
    fields = {"care_file.contacts[1].phone": "不是电话号码"}
    web.caller.replies["UpdateCareFile"] = away(INVALID, "PATTERN", **fields)
    answer = web.as_(ELDER).post("/eldercare/file/edit", FILE)
    assert answer.status_code == 400
    assert 'href="#f-contacts-1-phone"' in answer.text
    assert 'id="e-contacts-1-phone"' in answer.text
    assert "联系人 2 · 电话: 不是电话号码" in answer.text
    assert 'value="新路 1 号"' in answer.text


def test_a_first_file_is_opened_under_the_persons_name(web: Any) -> None:
    web.caller.replies["GetCareFile"] = away(grpc.StatusCode.NOT_FOUND, "CARE_FILE_NOT_FOUND")
    assert 'value="张桂芳"' in web.as_(ELDER).get("/eldercare/file/edit").text
    web.post("/eldercare/file/edit", FILE | {"version": "0"})
    assert web.caller.last("UpdateCareFile").care_file.version == 0


def test_a_manager_changes_the_file_of_the_elder_in_the_path(web: Any) -> None:
    answer = web.as_(MANAGER).post(f"/eldercare/elders/{ELDER.id}/file/edit", FILE)
    assert web.caller.last("UpdateCareFile").care_file.name == f"{RESIDENT}/careFile"
    assert answer.headers["location"] == f"/eldercare/elders/{ELDER.id}/file?done=saved"


def test_limits_are_read_as_numbers_and_minutes(web: Any) -> None:
    form = {"low": "50", "high": "", "sustain_minutes": "2", "severity": "3"}
    answer = web.as_(ELDER).post("/eldercare/file/limits/heart-rate", form)
    asked = web.caller.last("UpdateThreshold").threshold
    assert asked.name == f"{RESIDENT}/thresholds/heart-rate"
    assert (asked.low, asked.HasField("high"), asked.sustain_seconds) == (50, False, 120)
    assert answer.headers["location"] == "/eldercare/file/limits?done=saved"


@pytest.mark.parametrize("typed", ["五十", "nan", "inf", "1e999"])
def test_what_is_no_number_is_said_at_its_field(web: Any, typed: str) -> None:
    form = {"low": typed, "sustain_minutes": "1", "severity": "3"}
    answer = web.as_(ELDER).post("/eldercare/file/limits/heart-rate", form)
    assert answer.status_code == 400
    assert 'href="#f-heart-rate-low"' in answer.text
    assert f"“{typed}”不是数字" in answer.text
    assert not web.caller.was_asked("UpdateThreshold")


def test_limits_the_service_refuses_are_said_at_their_field(web: Any) -> None:
    fields = {"threshold.sustain_seconds": "太久了"}
    web.caller.replies["UpdateThreshold"] = away(INVALID, "RANGE", **fields)
    form = {"low": "50", "sustain_minutes": "9999", "severity": "3"}
    answer = web.as_(ELDER).post("/eldercare/file/limits/heart-rate", form)
    assert 'id="e-heart-rate-sustain_minutes"' in answer.text


def test_the_tile_is_a_sentence_for_the_elder_and_a_count_for_staff(web: Any) -> None:
    assert "一切正常" in _tile(web, ELDER, state([]))
    assert "待处理提醒 1 条，其中 1 条还没有人接手" in _tile(web, DISPATCHER, pb.CareState())


def _tile(web: Any, who: Any, answer: pb.CareState) -> str:
    from xianban_eldercare.web.tile import tile

    web.as_(who).caller.replies["GetCareState"] = answer

    async def read() -> str:
        return (await tile(_request(web))).text

    return web.client.portal.call(read)


def test_a_report_without_a_word_is_not_taken(web: Any) -> None:
    answer = web.as_(DISPATCHER).post(f"/eldercare/board/alerts/{ID}/resolve", {"note": " "})
    assert answer.status_code == 400
    assert "请写明发现了什么、做了什么" in answer.text
    assert not web.caller.was_asked("ResolveAlert")
