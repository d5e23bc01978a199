"""Every page in both languages and both profiles, for whoever may see it, in every state."""

from __future__ import annotations

import re
from typing import Any

import grpc
import pytest
from eldercare_people import DAUGHTER, DISPATCHER, ELDER, MANAGER
from eldercare_samples import (
    ID,
    IMPLAUSIBLE,
    LATE,
    SILENT,
    STALE,
    alert,
    sos,
    state,
    taken,
    vital,
)
from xianban.common.v1 import alerts_pb2
from xianban.eldercare.v1 import monitoring_pb2 as pb
from xianban_sdk.testing.pages import away

OWN = (
    "/eldercare",
    "/eldercare/now",
    "/eldercare/sos",
    "/eldercare/sos/state",
    "/eldercare/vitals/heart-rate",
    "/eldercare/vitals/heart-rate?span=week",
    "/eldercare/vitals/of-tomorrow",
    "/eldercare/alerts",
    "/eldercare/alerts?open=1",
    f"/eldercare/alerts/{ID}",
    "/eldercare/file",
    "/eldercare/file/edit",
    "/eldercare/file/limits",
    "/eldercare/observations",
)
SOMEBODY = f"/eldercare/elders/{ELDER.id}"
STAFF = (
    "/eldercare/board",
    f"/eldercare/board/alerts/{ID}",
    "/eldercare/elders",
    "/eldercare/elders?q=张&level=3",
    SOMEBODY,
)
MANAGERS = (f"{SOMEBODY}/file", f"{SOMEBODY}/file/edit", f"{SOMEBODY}/file/limits")
INLINE = re.compile(r"<[^>]+\s(style|on[a-z]+)=|<style|<script(?![^>]*src=)")


@pytest.mark.parametrize("profile", ["standard", "elder"])
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("path", OWN)
def test_an_elder_sees_their_pages(web: Any, path: str, locale: str, profile: str) -> None:
    answer = web.as_(ELDER, locale=locale, profile=profile).get(path)
    assert answer.status_code == 200
    assert not INLINE.search(answer.text)


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("path", [*STAFF, *MANAGERS])
def test_staff_see_theirs(web: Any, path: str, locale: str) -> None:
    answer = web.as_(MANAGER, locale=locale).get(path)
    assert answer.status_code == 200
    assert not INLINE.search(answer.text)


@pytest.mark.parametrize("path", [*STAFF, *MANAGERS])
def test_nobody_else_does(web: Any, path: str) -> None:
    assert web.as_(DAUGHTER).get(path).status_code == 403


@pytest.mark.parametrize("path", [*OWN, *STAFF, *MANAGERS])
def test_every_page_asks_a_visitor_to_log_in(web: Any, path: str) -> None:
    assert web.as_(None).get(path).headers["location"] == "/login"


def test_a_dispatcher_does_not_change_an_elders_file(web: Any) -> None:
    assert web.as_(DISPATCHER).get(f"{SOMEBODY}/file/edit").status_code == 403


@pytest.mark.parametrize(
    "at", [pb.SOS_STATE_CALLING, pb.SOS_STATE_ACKNOWLEDGED, pb.SOS_STATE_COMING, pb.SOS_STATE_OVER]
)
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_a_call_for_help_is_shown_wherever_it_stands(web: Any, at: Any, locale: str) -> None:
    web.caller.replies["GetSos"] = sos(at, by="李晓梅")
    page = web.as_(ELDER, locale=locale).get("/eldercare/sos").text
    asks_again = "hx-trigger" in web.get("/eldercare/sos/state").text
    assert asks_again == (at != pb.SOS_STATE_OVER)
    assert "/eldercare/sos/cancel" in page or at == pb.SOS_STATE_OVER
    assert web.get("/eldercare").status_code == 200


@pytest.mark.parametrize(
    "made",
    [
        alert(),
        taken(),
        taken(alerts_pb2.ALERT_STATE_DISPATCHED, dispatched_to="120"),
        taken(alerts_pb2.ALERT_STATE_RESOLVED),
        taken(alerts_pb2.ALERT_STATE_CLOSED, occurrences=3),
    ],
)
def test_an_alert_is_shown_at_every_step_of_its_life(web: Any, made: alerts_pb2.Alert) -> None:
    web.caller.replies["GetAlert"] = made
    web.caller.replies["GetResidentAlert"] = pb.ResidentAlert(alert=made)
    for locale in ("zh-CN", "en"):
        web.as_(DISPATCHER, locale=locale)
        for page in (f"/eldercare/board/alerts/{ID}", f"/eldercare/alerts/{ID}"):
            assert web.get(page).status_code == 200


@pytest.mark.parametrize("verdict", [STALE, IMPLAUSIBLE, SILENT])
def test_a_withheld_number_says_why_and_when_one_could_last_be_believed(
    web: Any, verdict: Any
) -> None:
    withheld = vital("heart-rate", "心率", None, "/min", verdict)
    withheld.reading.value = 66.6
    web.caller.replies["GetCareState"] = state(vitals=[withheld])
    page = web.as_(ELDER).get("/eldercare").text
    assert "66.6" not in page
    assert "vital__number" not in page
    assert "上次可信的数值在" in page or "还没有收到过可信的数值" in page


def test_every_number_stands_beside_its_verdict_and_age(web: Any) -> None:
    late = vital("heart-rate", "心率", 131, "/min", LATE, low=50, high=120)
    web.caller.replies["GetCareState"] = state(vitals=[late])
    page = web.as_(ELDER).get("/eldercare").text
    block = page.split('<li class="vital ')[1].split("</li>")[0]
    assert "131" in block
    assert "数据稍晚" in block
    assert "data-age" in block
    assert "高于提醒范围" in block
    assert "50 – 120" in block


def test_without_devices_the_page_says_so(web: Any) -> None:
    web.caller.replies["GetCareState"] = state(vitals=[], devices=0)
    assert "还没有设备上报数据" in web.as_(ELDER).get("/eldercare").text


def test_without_a_file_calling_for_help_is_still_there(web: Any) -> None:
    missing = away(grpc.StatusCode.NOT_FOUND, "CARE_FILE_NOT_FOUND")
    web.caller.replies |= {"GetCareState": missing, "GetCareFile": missing}
    page = web.as_(ELDER).get("/eldercare")
    assert page.status_code == 200
    assert "还没有为老服务档案" in page.text
    assert 'action="/eldercare/sos"' in page.text


def test_without_consent_the_page_says_what_is_missing_and_where_it_is_given(web: Any) -> None:
    refused = away(grpc.StatusCode.PERMISSION_DENIED, "CONSENT_REQUIRED")
    web.caller.replies["GetCareState"] = refused
    page = web.as_(ELDER).get("/eldercare").text
    assert 'href="/me/consents"' in page
    assert 'action="/eldercare/sos"' in page


def test_when_the_service_is_away_the_page_is_truthful_and_help_stays_reachable(web: Any) -> None:
    web.caller.replies.clear()
    page = web.as_(ELDER).get("/eldercare")
    assert page.status_code == 503
    assert "看不到不代表一切正常" in page.text
    assert 'href="tel:120"' in page.text
    part = web.get("/eldercare/now")
    assert part.status_code == 200  # The part goes on asking.
    assert "hx-get" in part.text


def test_whoever_can_no_longer_be_acted_for_is_the_portals_matter(web: Any) -> None:
    gone = away(grpc.StatusCode.NOT_FOUND, "RESIDENT_NOT_FOUND")
    web.caller.replies["GetCareState"] = gone
    assert web.as_(DAUGHTER, acting_for=ELDER).get("/eldercare").status_code == 404


def test_in_the_elders_profile_help_comes_before_everything_else(web: Any) -> None:
    page = web.as_(ELDER, profile="elder").get("/eldercare").text
    first = page.index('action="/eldercare/sos"')
    assert first < page.index('href="tel:13900000002"') < page.index('id="now"')


def test_hours_without_a_believable_number_stay_empty(web: Any) -> None:
    page = web.as_(ELDER).get("/eldercare/vitals/heart-rate").text
    body = page.split("<tbody")[1].split("</tbody>")[0]
    assert body.count("<tr") == 24
    assert body.count("—") >= 3 * 18


def test_a_kind_of_tomorrow_is_shown_as_it_is_written(web: Any) -> None:
    assert "of-tomorrow" in web.as_(ELDER).get("/eldercare/file/limits").text


@pytest.mark.parametrize("occasion", ["told", "taken", "over", "worse"])
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_every_message_of_an_alert_has_words(elder_pages: Any, occasion: str, locale: str) -> None:
    told = {"subject": "张桂芳", "rule": "sos", "severity": "extreme", "rung": "family"}
    for key in (f"message-eldercare-alert-{occasion}", f"message-eldercare-alert-{occasion}-title"):
        assert elder_pages.has_text("eldercare", locale, key)
        said = elder_pages.text("eldercare", locale, key, by="", reason="", **told)
        assert "{" not in said


def test_a_part_that_has_nothing_new_is_not_read_out_again(web: Any) -> None:
    web.caller.replies["GetSos"] = sos()
    for path in ("/eldercare/now", "/eldercare/sos/state"):
        again = re.findall(r'hx-get="([^"]+seen=[^"]+)"', web.as_(ELDER).get(path).text)[0]
        assert web.get(again).status_code == 204
    web.caller.replies["GetCareState"] = state([alert(), alert(name="alerts/" + "1" * 26)])
    web.caller.replies["GetSos"] = sos(pb.SOS_STATE_COMING)
    assert web.get(again).status_code == 200
    assert web.get("/eldercare/now?seen=before").status_code == 200
