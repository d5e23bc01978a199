"""What people see, written down on pages; and the scale that a clinician chooses there."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from eldercare_people import CARER, DAUGHTER, DISPATCHER, DOCTOR, ELDER, MANAGER
from xianban.eldercare.v1 import observations_pb2 as pb
from xianban_sdk.testing.pages import away

RESIDENT = f"residents/{ELDER.id}"
SOMEBODY = f"/eldercare/elders/{ELDER.id}"
THERE = f"{SOMEBODY}/observations"


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("who", [CARER, DOCTOR, MANAGER])
def test_staff_who_care_see_the_page(web: Any, who: Any, locale: str) -> None:
    page = web.as_(who, locale=locale).get(THERE)
    assert page.status_code == 200
    assert ('name="scale"' in page.text) is (who is DOCTOR)
    assert "周敏" in page.text


@pytest.mark.parametrize("who", [DAUGHTER, DISPATCHER])
def test_nobody_else_does(web: Any, who: Any) -> None:
    assert web.as_(who).get(THERE).status_code == 403


def test_a_doctor_finds_the_elders_of_their_area(web: Any) -> None:
    assert web.as_(DOCTOR).get("/eldercare/elders").status_code == 200
    page = web.get(SOMEBODY).text
    assert THERE in page
    assert "whereabouts/lost" not in page


def test_one_press_writes_down_what_is_seen(web: Any) -> None:
    web.as_(DAUGHTER, acting_for=ELDER)
    answer = web.post("/eldercare/observations", {"kind": "consciousness", "present": "1"})
    asked = web.caller.last("RecordObservation")
    assert (asked.parent, asked.observable, asked.present) == (
        RESIDENT,
        pb.OBSERVABLE_LESS_THAN_ALERT,
        True,
    )
    assert answer.headers["location"] == "/eldercare/observations?done=saved"
    web.post("/eldercare/observations", {"kind": "supplemental-oxygen", "present": ""})
    assert not web.caller.last("RecordObservation").present


def test_the_scale_is_chosen_with_a_reason(web: Any) -> None:
    answer = web.as_(DOCTOR).post(f"{THERE}/scale", {"scale": "2", "reason": "血气分析"})
    wanted = web.caller.last("UpdateOxygenScale").oxygen_scale
    assert (wanted.name, wanted.scale, wanted.reason) == (f"{RESIDENT}/oxygenScale", 2, "血气分析")
    assert answer.headers["location"] == f"{THERE}?done=saved"
    web.caller.replies["UpdateOxygenScale"] = away(
        grpc.StatusCode.INVALID_ARGUMENT, "SCALE_REASON_NEEDED"
    )
    refused = web.post(f"{THERE}/scale", {"scale": "2", "reason": ""})
    assert refused.status_code == 400


def test_the_elder_s_page_says_which_scale(web: Any) -> None:
    web.caller.replies["GetCareState"].oxygen_scale = 2
    assert "血氧按标准二评分" in web.as_(ELDER).get("/eldercare").text
