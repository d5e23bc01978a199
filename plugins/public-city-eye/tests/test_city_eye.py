"""ONVIF notifications: proved, read into words, refused one by one; pictures let go unread."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from xianban_parking.hookspecs import CameraEvent, Dropped, Sight, Unread
from xianban_plugin_public_city_eye.onvif import MAX_BODY, OnvifNotifications
from xianban_plugin_public_city_eye.plugin import register_camera_events
from xianban_plugin_public_city_eye.simulator import CONTENT_TYPE, app, notification, notify, send
from xianban_sdk.signatures import HEADER, sign

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SECRET = b"a platform's secret, long enough"
CAMERA = "31012000001320000001"
RULE = "fire-lane/B1-03"
EVENT = CameraEvent(CAMERA, Sight.FIRE_LANE, True, NOW, RULE, "B1-03", 0.95)
PICTURE = b"\xff\xd8\xff\xe0" + b"JFIF picture of somebody" * 40


def parsed(body: bytes, content_type: str = CONTENT_TYPE) -> list[CameraEvent | Unread | Dropped]:
    headers = {HEADER: sign(SECRET, body, NOW)}
    return list(OnvifNotifications(SECRET).parse(body, content_type, headers, NOW))


def multipart(*parts: tuple[str, bytes]) -> tuple[bytes, str]:
    pieces = [
        b"--b\r\nContent-Type: " + kind.encode() + b"\r\n\r\n" + data + b"\r\n"
        for kind, data in parts
    ]
    return b"".join(pieces) + b"--b--\r\n", "multipart/related; boundary=b"


def test_a_property_tells_that_it_began_and_that_it_is_over() -> None:
    over = notification(CAMERA, RULE, NOW + timedelta(minutes=2), holds=False)
    began, ended = parsed(notify(notification(CAMERA, RULE, NOW), over))
    assert began == EVENT
    assert isinstance(ended, CameraEvent)
    assert (ended.holds, ended.occurred_at) == (False, NOW + timedelta(minutes=2))


def test_a_property_that_is_deleted_holds_no_more() -> None:
    (found,) = parsed(notify(notification(CAMERA, RULE, NOW, operation="Deleted")))
    assert isinstance(found, CameraEvent)
    assert not found.holds


@pytest.mark.parametrize("sight", list(Sight))
def test_what_is_seen_is_the_beginning_of_the_rules_name(sight: Sight) -> None:
    (found,) = parsed(notify(notification(CAMERA, sight.value, NOW)))
    assert isinstance(found, CameraEvent)
    assert (found.sight, found.place) == (sight, "")


def test_a_bad_notification_costs_only_itself() -> None:
    good = notification(CAMERA, RULE, NOW)
    found = parsed(notify(good, notification(CAMERA, "door-open", NOW), good))
    assert found == [EVENT, Unread("notification 2", "Rule", "SIGHT_UNKNOWN"), EVENT]


@pytest.mark.parametrize(
    ("told", "field", "reason"),
    [
        (notification(CAMERA, "", NOW), "Rule", "REQUIRED"),
        (notification("", RULE, NOW), "VideoSourceConfigurationToken", "REQUIRED"),
        (notification(CAMERA, RULE, NOW + timedelta(hours=1)), "UtcTime", "TIME_IN_FUTURE"),
        (notification(CAMERA, RULE, NOW, likelihood=1.5), "Likelihood", "OUT_OF_RANGE"),
        (notification(CAMERA, RULE, NOW, likelihood=float("nan")), "Likelihood", "OUT_OF_RANGE"),
        (
            notification(CAMERA, RULE, NOW, topic="tns1:RecordingConfig/CreateRecording"),
            "Topic",
            "TOPIC_UNKNOWN",
        ),
        (notification(CAMERA, RULE, NOW).replace("IsInside", "x"), "", ""),
        (
            notification(CAMERA, RULE, NOW).replace('Value="true"', 'Value="perhaps"'),
            "Data",
            "STATE_MISSING",
        ),
        (notification(CAMERA, RULE, NOW).replace("04:00:00Z", "noon"), "UtcTime", "NOT_AN_INSTANT"),
        (
            notification(CAMERA, RULE, NOW).replace("04:00:00Z", "04:00:00"),
            "UtcTime",
            "TIME_WITHOUT_ZONE",
        ),
    ],
)
def test_a_field_that_cannot_be_read_is_named(told: str, field: str, reason: str) -> None:
    expected = Unread("notification 1", field, reason) if field else EVENT
    assert parsed(notify(told)) == [expected]


def test_pictures_beside_the_notification_are_counted_and_gone() -> None:
    xml = ("application/soap+xml", notify(notification(CAMERA, RULE, NOW)))
    body, kind = multipart(xml, ("image/jpeg", PICTURE), ("video/mp4", PICTURE))
    found = parsed(body, kind)
    assert found == [Dropped(2), EVENT]
    assert "JFIF" not in repr(found)


def test_pictures_inside_of_the_notification_are_counted_and_gone() -> None:
    inline = '<tt:ElementItem Name="Picture"><x>AAAA</x></tt:ElementItem></tt:Data>'
    long = f'<tt:Data><tt:SimpleItem Name="Image" Value="{"A" * 5000}"/>'
    told = notification(CAMERA, RULE, NOW).replace("</tt:Data>", inline).replace("<tt:Data>", long)
    found = parsed(notify(told))
    assert found == [Dropped(2), EVENT]
    assert "AAAA" not in repr(found)


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (b"", CONTENT_TYPE, "NOT_XML"),
        (b"\xff\xd8\xff\xe0JFIF", "image/jpeg", "NOT_XML"),
        (b"<a/>", CONTENT_TYPE, "NOT_A_NOTIFICATION"),
        (notify(), CONTENT_TYPE, "NOTHING_NOTIFIED"),
        (notify(*[notification(CAMERA, RULE, NOW)] * 201), CONTENT_TYPE, "TOO_MANY"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', CONTENT_TYPE, "XML_WITH_DTD"),
        (b"<a>" * 100_000, CONTENT_TYPE, "TOO_LARGE"),
        (b" " * (MAX_BODY + 1), CONTENT_TYPE, "TOO_LARGE"),
        (*multipart(("image/jpeg", PICTURE)), "NOT_ONE_NOTIFICATION"),
        (b"--b--", "multipart/related; boundary=b", "NOT_MULTIPART"),
        (b"x", "multipart/related", "NOT_MULTIPART"),
        (b"x", "multipart/related; boundary=b\r\nx: y", "CONTENT_TYPE"),
        (b"x", "multipart/related; boundary=界", "CONTENT_TYPE"),
    ],
)
def test_a_body_that_is_no_notification_is_refused_whole(
    body: bytes, kind: str, reason: str
) -> None:
    (found,) = parsed(body, kind)
    assert found == Unread("body", "body", reason)


def test_a_stranger_is_refused_before_anything_is_read() -> None:
    body = notify(notification(CAMERA, RULE, NOW))
    for headers in ({}, {HEADER: sign(b"x" * 20, body, NOW)}, {HEADER: sign(SECRET, b"", NOW)}):
        with pytest.raises(PermissionError):
            OnvifNotifications(SECRET).parse(body, CONTENT_TYPE, headers, NOW)


def test_the_simulator_signs_what_the_plugin_reads() -> None:
    seen: list[CameraEvent | Unread | Dropped] = []

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/api/parking/v1/cameraFeeds/onvif:receive"
        reader, now = OnvifNotifications(SECRET), datetime.now(UTC)
        kind = request.headers["content-type"]
        seen.extend(reader.parse(request.content, kind, dict(request.headers), now))
        return httpx.Response(200, json={"results": [{"accepted": True}]})

    client = httpx.Client(transport=httpx.MockTransport(answer))
    body = notify(notification(CAMERA, RULE, NOW))
    assert send("http://gateway/", SECRET, body, client=client).taken
    assert seen == [EVENT]


def test_the_command_says_when_nobody_answers(monkeypatch, tmp_path) -> None:
    from typer.testing import CliRunner

    monkeypatch.setenv("XIANBAN_DATA", str(tmp_path))
    wanted = ["send", "--camera", CAMERA, "--rule", RULE, "--url", "http://127.0.0.1:9"]
    result = CliRunner().invoke(app, wanted)
    assert result.exit_code == 1
    assert "does not answer" in result.output


def test_the_plugin_registers_its_protocol(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XIANBAN_DATA", str(tmp_path))
    assert [one.id for one in register_camera_events()] == ["onvif"]
