"""Incidents and cameras as the staff see them, and what the services are asked for it."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from parking_people import AUDITOR, OPERATOR, RESIDENT
from parking_samples import ID, LOT, lots, stamp
from xianban.common.v1 import alerts_pb2
from xianban.parking.v1 import cameras_pb2 as cameras
from xianban.parking.v1 import parking_pb2 as pb
from xianban_sdk.demo import person_id
from xianban_sdk.web import CallError, Person

DUTY = Person(person_id("dispatcher"), "赵勇", frozenset({"dispatcher"}))
INCIDENTS = "/parking/operator/incidents"
ONE = f"{INCIDENTS}/{ID}"
CAMERAS = "/parking/operator/cameras"
DONE = {"request_id": "r" * 12}


def incident(state: int = alerts_pb2.ALERT_STATE_RAISED, **more: Any) -> alerts_pb2.Alert:
    reason = alerts_pb2.AlertReason(
        display="奉浦大道站 B1：摄像头 7 的分析", observe_time=stamp(-2)
    )
    facts: dict[str, Any] = {
        "name": f"alerts/{ID}",
        "rule": "fire",
        "title": "烟火",
        "severity": alerts_pb2.ALERT_SEVERITY_EXTREME,
        "state": state,
        "subject": LOT,
        "subject_display": "奉浦大道站 P+R 停车场",
        "reasons": [reason],
        "raise_time": stamp(-3),
        "rung_display": "停车场值守",
        "version": 2,
    }
    return alerts_pb2.Alert(**(facts | more))


def step(action: str, **more: Any) -> alerts_pb2.AlertStep:
    return alerts_pb2.AlertStep(action=action, occur_time=stamp(-3), actor="system", **more)


CAMERA = cameras.Camera(
    name="cameras/31012000001320000001",
    lot=LOT,
    lot_display_name="奉浦大道站 P+R 停车场",
    place="B1 东出口",
    authority="奉浦街道停车管理所",
    basis="《消防法》第二十八条",
    purpose="发现消防通道占用",
    sights=[cameras.SIGHT_FIRE, cameras.SIGHT_FIRE_LANE],
    retention_days=30,
    end_time=stamp(9000),
    create_time=stamp(-9000),
)


@pytest.fixture
def web(web: Any) -> Any:
    resolved = incident(alerts_pb2.ALERT_STATE_RESOLVED, name=f"alerts/{ID[:-1]}8")
    steps = [step("raised"), step("told", note="停车场值守"), step("repeated")]
    web.caller.replies |= {
        "ListAlerts": alerts_pb2.ListAlertsResponse(alerts=[incident(), resolved]),
        "GetAlert": incident(),
        "ListAlertSteps": alerts_pb2.ListAlertStepsResponse(steps=steps),
        "AcknowledgeAlert": incident(alerts_pb2.ALERT_STATE_ACKNOWLEDGED),
        "DispatchAlert": incident(alerts_pb2.ALERT_STATE_DISPATCHED),
        "ResolveAlert": resolved,
        "ListCameras": cameras.ListCamerasResponse(cameras=[CAMERA]),
        "RegisterCamera": CAMERA,
        "RetireCamera": CAMERA,
    }
    return web


@pytest.mark.parametrize("profile", ["standard", "elder"])
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("path", [INCIDENTS, f"{INCIDENTS}?past=1", ONE])
@pytest.mark.parametrize("person", [OPERATOR, DUTY])
def test_staff_and_duty_see_the_incidents(
    web: Any, person: Person, path: str, locale: str, profile: str
) -> None:
    answer = web.as_(person, locale=locale, profile=profile).get(path)
    assert answer.status_code == 200
    assert "奉浦大道站 P+R 停车场" in answer.text


@pytest.mark.parametrize("path", [INCIDENTS, ONE])
@pytest.mark.parametrize("person", [RESIDENT, AUDITOR])
def test_nobody_else_sees_incidents(web: Any, person: Person, path: str) -> None:
    assert web.as_(person).get(path).status_code == 403
    assert web.as_(None).get(path).headers["location"] == "/login"


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("person", [OPERATOR, AUDITOR])
def test_the_cameras_stand_with_their_authority(web: Any, person: Person, locale: str) -> None:
    page = web.as_(person, locale=locale).get(CAMERAS).text
    assert "奉浦街道停车管理所" in page
    assert ("retire" in page) == (person is OPERATOR)


@pytest.mark.parametrize("person", [RESIDENT, DUTY])
def test_nobody_else_sees_the_cameras(web: Any, person: Person) -> None:
    assert web.as_(person).get(CAMERAS).status_code == 403


def test_an_incident_is_taken_from_the_list(web: Any) -> None:
    answer = web.as_(OPERATOR).post(f"{ONE}/acknowledge", DONE)
    assert answer.headers["location"] == f"{ONE}?done=acknowledge"
    assert web.caller.last("AcknowledgeAlert").name == f"alerts/{ID}"


def test_what_was_done_is_said_in_words(web: Any) -> None:
    without = web.as_(OPERATOR).post(f"{ONE}/resolve", DONE)
    assert without.status_code == 400
    assert "请写明" in without.text
    web.as_(OPERATOR).post(f"{ONE}/resolve", DONE | {"note": "已挪车"})
    assert web.caller.last("ResolveAlert").note == "已挪车"


def test_only_the_duty_is_offered_to_send_somebody(web: Any) -> None:
    assert f"{ONE}/dispatch" not in web.as_(OPERATOR).get(ONE).text
    assert f"{ONE}/dispatch" in web.as_(DUTY).get(ONE).text
    web.as_(DUTY).post(f"{ONE}/dispatch", DONE | {"to": "119"})
    assert web.caller.last("DispatchAlert").to == "119"


def test_a_deed_that_nobody_knows_is_absent(web: Any) -> None:
    assert web.as_(OPERATOR).post(f"{ONE}/burn", DONE).status_code == 404


def test_a_refusal_is_said_on_the_page(web: Any) -> None:
    refusal = CallError(grpc.StatusCode.FAILED_PRECONDITION, "ALERT_TAKEN", "赵勇已接手", "x", {})
    web.caller.replies["AcknowledgeAlert"] = refusal
    answer = web.as_(OPERATOR).post(f"{ONE}/acknowledge", DONE)
    assert "赵勇已接手" in answer.text


def test_a_camera_is_registered_with_what_was_typed(web: Any) -> None:
    typed = {"camera": "c-7", "lot": LOT, "place": "B1", "authority": "所", "basis": "法"}
    typed |= {"purpose": "消防", "sights": ["fire", "water"], "retention_days": "30"}
    answer = web.as_(OPERATOR).post(CAMERAS, DONE | typed | {"end_time": "2027-06-30"})
    assert answer.headers["location"] == f"{CAMERAS}?done=registered"
    asked = web.caller.last("RegisterCamera")
    assert (asked.camera, asked.lot, asked.retention_days) == ("c-7", LOT, 30)
    assert list(asked.sights) == [cameras.SIGHT_FIRE, cameras.SIGHT_WATER]
    assert asked.HasField("end_time")


def test_a_camera_is_retired(web: Any) -> None:
    path = f"{CAMERAS}/31012000001320000001/retire"
    web.as_(OPERATOR).post(path, DONE | {"reason": "拆除"})
    assert web.caller.last("RetireCamera").name == "cameras/31012000001320000001"


def test_a_car_park_on_fire_is_left_out_and_it_is_said_why(web: Any) -> None:
    unsafe = pb.LeftOut(lot=lots()[1], reason="fire")
    web.caller.replies["FindParking"] = pb.FindParkingResponse(left_out=[unsafe])
    page = web.as_(None).get("/parking/find?q=南桥").text
    assert "南桥百联停车场有烟火险情" in page
