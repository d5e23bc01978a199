"""城市之眼 at car parks: who registers cameras, what they tell; no picture stays."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.api import httpbody_pb2
from parking_names import refused
from xianban.common.v1 import alerts_pb2
from xianban.common.v1.alerts_pb2_grpc import AlertServiceStub
from xianban.parking.v1 import cameras_pb2 as pb
from xianban.parking.v1 import parking_pb2 as rpc
from xianban.parking.v1.cameras_pb2_grpc import CameraServiceStub
from xianban_parking.hookspecs import CameraEvents, hookimpl
from xianban_plugin_public_city_eye.onvif import OnvifNotifications
from xianban_plugin_public_city_eye.simulator import CONTENT_TYPE, notification, notify
from xianban_sdk.demo import person_id
from xianban_sdk.signatures import HEADER, sign
from xianban_sdk.wire import stamp

SECRET = b"the platform's secret, long enough"
CAMERA = "31012000001320000001"
NOT_FOUND, FORBIDDEN = grpc.StatusCode.NOT_FOUND, grpc.StatusCode.PERMISSION_DENIED
INVALID = grpc.StatusCode.INVALID_ARGUMENT
PICTURE = b"\xff\xd8\xff\xe0JFIF-" + b"somebody's-face-" * 64


@pytest.fixture(autouse=True)
def staff(relations):
    relations.member("operator", "parking-operator", ["310120/nanqiao"])
    relations.member("dispatcher", "dispatcher", ["310120"])
    relations.member("auditor", "auditor", ["310120"])
    return relations


@pytest.fixture
def plugin(plugin):
    """The conftest's fakes, and the real reader of ONVIF."""

    class WithCameras(type(plugin)):
        @hookimpl
        def register_camera_events(self) -> list[CameraEvents]:
            return [OnvifNotifications(SECRET)]

    return WithCameras()


class Eye:
    """The city's eye on one car park."""

    def __init__(self, parking: Any) -> None:
        self.parking = parking

    def cameras(self, person: str | None = "operator", **options: Any) -> Any:
        return self.parking.service.stub(CameraServiceStub, person, **options)

    def alerts(self, person: str = "operator") -> Any:
        return self.parking.service.stub(AlertServiceStub, person, workload="portal")

    def register(self, camera: str = CAMERA, person: str | None = "operator", **more: Any) -> Any:
        asked = {
            "camera": camera,
            "lot": "lots/a",
            "place": "B1 东出口",
            "authority": "南桥镇停车管理所",
            "basis": "《中华人民共和国消防法》第二十八条",
            "purpose": "发现消防通道占用与烟火",
            "sights": [pb.SIGHT_FIRE, pb.SIGHT_FIRE_LANE],
            "retention_days": 30,
            "end_time": stamp(self.parking.clock.now() + timedelta(days=365)),
            "request_id": f"register-{camera}-{len(more)}",
        }
        return self.cameras(person).RegisterCamera(pb.RegisterCameraRequest(**(asked | more)))

    def push(self, body: bytes, kind: str = CONTENT_TYPE, secret: bytes = SECRET) -> Any:
        signed = sign(secret, body, self.parking.clock.now())
        asked = pb.ReceiveCameraEventsRequest(
            camera_feed="cameraFeeds/onvif",
            body=httpbody_pb2.HttpBody(content_type=kind, data=body),
        )
        return self.cameras("").ReceiveCameraEvents(asked, metadata=[(HEADER, signed)])

    def sees(self, rule: str = "fire-lane/3", camera: str = CAMERA, **more: Any) -> Any:
        at = self.parking.clock.now() - more.pop("ago", timedelta())
        (result,) = self.push(notify(notification(camera, rule, at, **more))).results
        return result

    def open(self, person: str = "operator") -> list[Any]:
        asked = alerts_pb2.ListAlertsRequest(open=True)
        return list(self.alerts(person).ListAlerts(asked).alerts)

    def steps(self, name: str) -> list[str]:
        asked = alerts_pb2.ListAlertStepsRequest(parent=name)
        return [step.action for step in self.alerts().ListAlertSteps(asked).steps]

    def resolve(self, name: str) -> Any:
        asked = alerts_pb2.ResolveAlertRequest(name=name, note="已处理", request_id=f"r-{name}")
        return self.alerts().ResolveAlert(asked)


@pytest.fixture
def eye(parking) -> Eye:
    return Eye(parking)


@pytest.fixture
def registered(eye) -> Eye:
    eye.register()
    return eye


class TestRegisterCamera:
    def test_it_needs_an_operator(self, eye):
        with refused(grpc.StatusCode.UNAUTHENTICATED):
            eye.register(person="")
        for person in ("resident", "auditor", "dispatcher"):
            with refused(FORBIDDEN):
                eye.register(person=person)

    def test_a_car_park_of_another_area_is_absent(self, eye):
        eye.parking.add_lot("far", area="310120/fengpu")
        with refused(NOT_FOUND):
            eye.register(lot="lots/far")

    def test_it_keeps_the_authority_and_again_replaces_it(self, eye):
        eye.register()
        made = eye.register(basis="奉贤区消防安全委员会 2026 年第 3 号决定", retention_days=15)
        assert (made.authority, made.retention_days) == ("南桥镇停车管理所", 15)
        (listed,) = eye.cameras("auditor").ListCameras(pb.ListCamerasRequest()).cameras
        assert listed == made
        assert list(made.sights) == [pb.SIGHT_FIRE, pb.SIGHT_FIRE_LANE]

    @pytest.mark.parametrize("field", ["authority", "basis", "purpose", "sights", "end_time"])
    def test_no_camera_without_its_authority(self, eye, field):
        empty = {"sights": [], "end_time": None}.get(field, "")
        with refused(INVALID):
            eye.register(**{field: empty})

    @pytest.mark.parametrize("days", [-1, 4 * 365])
    def test_the_authority_ends_and_within_three_years(self, eye, days):
        with refused(INVALID):
            eye.register(end_time=stamp(eye.parking.clock.now() + timedelta(days=days)))

    def test_a_camera_does_not_wander_to_another_car_park(self, registered):
        registered.parking.add_lot("b")
        with refused(grpc.StatusCode.FAILED_PRECONDITION):
            registered.register(lot="lots/b")


class TestRetireCamera:
    def retire(self, eye, person: str = "operator") -> Any:
        asked = pb.RetireCameraRequest(
            name=f"cameras/{CAMERA}", reason="拆除", request_id="retire-0001"
        )
        return eye.cameras(person).RetireCamera(asked)

    def test_it_needs_an_operator_of_the_area(self, registered, relations):
        with refused(grpc.StatusCode.UNAUTHENTICATED):
            self.retire(registered, "")
        with refused(FORBIDDEN):
            self.retire(registered, "auditor")
        relations.member("doctor", "parking-operator", ["310120/fengpu"])
        with refused(NOT_FOUND):
            self.retire(registered, "doctor")

    def test_its_events_are_refused_from_then_on(self, registered):
        self.retire(registered)
        assert registered.sees().reason == "CAMERA_NOT_REGISTERED"


class TestListCameras:
    def test_only_those_of_the_callers_areas_are_listed(self, registered, relations):
        with refused(grpc.StatusCode.UNAUTHENTICATED):
            registered.cameras("").ListCameras(pb.ListCamerasRequest())
        with refused(FORBIDDEN):
            registered.cameras("resident").ListCameras(pb.ListCamerasRequest())
        relations.member("doctor", "parking-operator", ["310120/fengpu"])
        assert not registered.cameras("doctor").ListCameras(pb.ListCamerasRequest()).cameras

    def test_the_list_goes_on_page_by_page(self, registered):
        registered.register("camera-2")
        first = registered.cameras().ListCameras(pb.ListCamerasRequest(page_size=1))
        asked = pb.ListCamerasRequest(page_size=1, page_token=first.next_page_token)
        second = registered.cameras().ListCameras(asked)
        assert [one.name for one in (*first.cameras, *second.cameras)] == [
            f"cameras/{CAMERA}",
            "cameras/camera-2",
        ]


class TestReceiveCameraEvents:
    def test_a_stranger_is_refused(self, registered):
        with refused(FORBIDDEN, ""):
            registered.push(
                notify(notification(CAMERA, "fire", registered.parking.clock.now())),
                secret=b"x" * 20,
            )
        assert not registered.open()

    def test_a_source_that_nobody_brings_is_absent(self, registered):
        asked = pb.ReceiveCameraEventsRequest(camera_feed="cameraFeeds/none")
        with refused(NOT_FOUND):
            registered.cameras("").ReceiveCameraEvents(asked)

    @pytest.mark.parametrize(
        ("more", "reason"),
        [
            ({"camera": "unknown"}, "CAMERA_NOT_REGISTERED"),
            ({"rule": "crowd"}, "SIGHT_NOT_COVERED"),
            ({"likelihood": 0.3}, "CONFIDENCE_TOO_LOW"),
            ({"ago": timedelta(hours=7)}, "TOO_OLD"),
        ],
    )
    def test_what_may_not_be_heard_raises_nothing(self, registered, more, reason):
        result = registered.sees(**more)
        assert (result.accepted, result.reason) == (False, reason)
        assert not registered.open()

    def test_an_authority_that_has_ended_is_none(self, registered):
        registered.parking.clock.advance(timedelta(days=366))
        assert registered.sees().reason == "CAMERA_AUTHORITY_ENDED"

    def test_no_picture_is_stored_anywhere_nor_logged(self, registered, capfd):
        xml = notify(notification(CAMERA, "fire", registered.parking.clock.now()))
        body = b"--b\r\nContent-Type: application/soap+xml\r\n\r\n" + xml
        body += b"\r\n--b\r\nContent-Type: image/jpeg\r\n\r\n" + PICTURE + b"\r\n--b--\r\n"
        answer = registered.push(body, "multipart/related; boundary=b")
        assert answer.dropped == 1
        assert answer.results[0].accepted
        (incident,) = registered.open()
        assert incident.title == "Smoke or fire"
        kept = list(Path(registered.parking.service.settings.data).rglob("*"))
        files = [path.read_bytes() for path in kept if path.is_file()]
        assert files
        logged = "".join(capfd.readouterr()).encode()
        for needle in (b"JFIF", b"somebody's-face"):
            assert not any(needle in content for content in (*files, logged))


class TestIncidents:
    def test_somebody_else_sees_none(self, registered, relations):
        registered.sees()
        with refused(grpc.StatusCode.UNAUTHENTICATED):
            registered.open("")
        with refused(FORBIDDEN):
            registered.open("resident")
        relations.member("doctor", "parking-operator", ["310120/fengpu"])
        assert not registered.open("doctor")

    def test_repeated_notifications_join_one_incident(self, registered):
        for _ in range(3):
            assert registered.sees().accepted
            registered.parking.clock.advance(timedelta(seconds=20))
        (incident,) = registered.open()
        assert (incident.rule, incident.subject, incident.area) == (
            "fire-lane",
            "lots/a",
            "310120/nanqiao",
        )
        assert registered.steps(incident.name).count("raised") == 1

    def test_the_same_notification_twice_is_known(self, registered):
        assert not registered.sees().duplicate
        assert registered.sees().duplicate
        (incident,) = registered.open()
        assert "repeated" not in registered.steps(incident.name)

    def test_it_is_over_when_the_last_camera_sees_it_no_more(self, registered):
        registered.register("camera-2")
        registered.sees()
        registered.sees(camera="camera-2")
        registered.parking.clock.advance(timedelta(minutes=1))
        registered.sees(holds=False)
        (incident,) = registered.open()
        assert not incident.HasField("clear_time")
        registered.sees(camera="camera-2", holds=False)
        (incident,) = registered.open()
        assert incident.HasField("clear_time")

    def test_what_comes_late_does_not_undo_what_came_after(self, registered):
        registered.sees(holds=False)
        assert registered.sees(ago=timedelta(minutes=1)).duplicate
        assert not registered.open()

    def test_the_staff_acknowledge_and_resolve_and_the_next_time_is_another(self, registered):
        registered.sees()
        (incident,) = registered.open()
        asked = alerts_pb2.AcknowledgeAlertRequest(name=incident.name, request_id="take-0001")
        taken = registered.alerts().AcknowledgeAlert(asked)
        assert taken.acknowledged_by == person_id("operator")
        registered.resolve(incident.name)
        registered.parking.clock.advance(timedelta(minutes=5))
        registered.sees()
        names = [one.name for one in registered.open() if one.name != incident.name]
        assert len(names) == 1

    def test_when_nobody_answers_the_districts_duty_is_told(self, registered, eventually):
        registered.sees()
        registered.parking.clock.advance(timedelta(minutes=6))
        registered.parking.fire_timers()

        def climbed() -> None:
            (incident,) = registered.open("dispatcher")
            assert incident.rung == "district"

        # The service's own thread may be at it.
        eventually(climbed)

    def test_only_the_duty_sends_somebody(self, registered):
        registered.sees()
        (incident,) = registered.open()
        asked = alerts_pb2.DispatchAlertRequest(
            name=incident.name, to="119", request_id="send-0001"
        )
        with refused(FORBIDDEN):
            registered.alerts().DispatchAlert(asked)
        assert registered.alerts("dispatcher").DispatchAlert(asked).dispatched_to == "119"


class TestFindParking:
    def find(self, eye) -> Any:
        asked = rpc.FindParkingRequest(destination={"latitude": 30.94, "longitude": 121.46})
        return eye.parking.people("").FindParking(asked)

    def test_a_car_park_on_fire_is_not_proposed_and_it_is_said_why(self, registered):
        registered.parking.add_lot("b")
        registered.sees("fire")
        found = self.find(registered)
        assert [one.lot.name for one in found.options] == ["lots/b"]
        assert [(one.lot.name, one.reason) for one in found.left_out] == [("lots/a", "fire")]
        (incident,) = registered.open()
        registered.resolve(incident.name)
        assert not self.find(registered).left_out

    def test_a_blocked_fire_lane_leaves_it_proposed(self, registered):
        registered.sees()
        assert [one.lot.name for one in self.find(registered).options] == ["lots/a"]
