"""The duty desk's page of an alarm: which playbooks there are, and the one that runs."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from eldercare_people import DISPATCHER
from eldercare_samples import ID, stamp
from playbook_samples import RUN, listed, run
from xianban.common.v1 import alerts_pb2
from xianban.common.v1 import playbooks_pb2 as pb
from xianban_sdk.testing.pages import away

INVALID = grpc.StatusCode.INVALID_ARGUMENT
PAGE = f"/eldercare/board/alerts/{ID}"
PART = f"{PAGE}/playbooks"


def page(web: Any, path: str = PAGE) -> str:
    return web.as_(DISPATCHER).get(path).text


def test_a_run_is_a_checklist_with_who_did_what_and_what_is_late(web: Any) -> None:
    shown = page(web)
    assert "紧急呼叫处置" in shown
    assert "第 3 版" in shown
    assert "自动启动" in shown
    assert "张敏" in shown
    assert "无人接听" in shown
    assert "超时" in shown
    assert "请先完成“派人上门”。" in shown
    assert "verger" in shown


def test_a_step_whose_turn_has_not_come_can_be_left_out_but_not_ticked(web: Any) -> None:
    shown = page(web)
    assert shown.count(f'action="{PART}/{RUN}/complete"') == 2
    assert shown.count(f'action="{PART}/{RUN}/skip"') == 2


def test_what_fits_can_be_started(web: Any) -> None:
    shown = page(web)
    assert "跌倒处置" in shown
    assert 'value="playbooks/fall"' in shown


def test_of_an_alarm_that_is_dealt_with_the_story_stays_and_nothing_can_be_done(web: Any) -> None:
    done = alerts_pb2.Alert(name=f"alerts/{ID}", state=alerts_pb2.ALERT_STATE_RESOLVED)
    web.caller.replies["GetAlert"] = done
    over = run(state=pb.PLAYBOOK_RUN_STATE_OVER, end_note="已到医院")
    web.caller.replies["ListPlaybookRuns"] = pb.ListPlaybookRunsResponse(runs=[over])
    shown = page(web)
    assert "已随告警结束" in shown
    assert "已到医院" in shown
    assert f'action="{PART}' not in shown
    assert "hx-get" not in shown.partition('id="playbooks"')[2].partition("</section>")[0]


def test_without_playbooks_the_page_says_so(web: Any) -> None:
    web.caller.replies["ListPlaybooks"] = pb.ListPlaybooksResponse()
    web.caller.replies["ListPlaybookRuns"] = pb.ListPlaybookRunsResponse()
    assert "未安装应急预案" in page(web)
    web.caller.replies["ListPlaybooks"] = listed(playbooks=[])
    assert "没有适用于这类告警的预案" in page(web)


def test_a_silent_source_says_since_when_and_what_can_not_be_read_is_named(web: Any) -> None:
    silent = pb.PlaybookSource(
        name="playbook-sources/emergency",
        display_name="应急指挥系统",
        silent_time=stamp(-30),
        unread=["fire: steps[2].texts.en: MISSING"],
    )
    web.caller.replies["ListPlaybooks"] = listed(sources=[silent])
    shown = page(web)
    assert "没有应答" in shown
    assert "还没有读到过内容" in shown
    assert "fire: steps[2].texts.en: MISSING" in shown


def test_the_part_is_sent_again_only_when_something_changed(web: Any) -> None:
    shown = page(web)
    asked = shown.partition('hx-get="/eldercare/board/playbooks')[2].partition('"')[0]
    path = "/eldercare/board/playbooks" + asked.replace("&amp;", "&")
    assert web.get(path).status_code == 204
    web.caller.replies["ListPlaybookRuns"] = pb.ListPlaybookRunsResponse()
    assert web.get(path).status_code == 200
    assert web.get("/eldercare/board/playbooks").status_code == 204


@pytest.mark.parametrize(
    ("path", "form", "method"),
    [
        (PART, {"playbook": "playbooks/fall"}, "StartPlaybook"),
        (f"{PART}/{RUN}/complete", {"step": "send", "note": "已派"}, "CompletePlaybookStep"),
        (f"{PART}/{RUN}/skip", {"step": "send", "note": "家人已到"}, "SkipPlaybookStep"),
        (f"{PART}/{RUN}/abort", {"note": "误选"}, "AbortPlaybook"),
    ],
)
def test_each_deed_calls_the_service_and_returns_to_the_alarm(
    web: Any, path: str, form: dict[str, str], method: str
) -> None:
    answer = web.as_(DISPATCHER).post(path, form)
    assert answer.headers["location"] == f"{PAGE}?done=playbook#playbooks"
    asked = web.caller.last(method)
    assert (asked.request_id, getattr(asked, "note", "")) == ("r" * 12, form.get("note", ""))
    assert web.caller.domains == {"eldercare"}
    assert web.get(answer.headers["location"]).status_code == 200


def test_what_is_refused_is_said_on_the_alarms_page(web: Any) -> None:
    web.caller.replies["SkipPlaybookStep"] = away(INVALID, "REQUIRED", note="请说明原因")
    answer = web.as_(DISPATCHER).post(f"{PART}/{RUN}/skip", {"step": "send"})
    assert answer.status_code == 400
    assert "请说明原因" in answer.text


def test_a_deed_that_there_is_not_is_not_found(web: Any) -> None:
    assert web.as_(DISPATCHER).post(f"{PART}/{RUN}/burn").status_code == 404
