"""Cameras' messages: proved, read in both dialects, refused field by field."""

from datetime import UTC, datetime, timedelta

import httpx
import orjson
import pytest
from xianban_parking.hookspecs import GateEvent, Rejected
from xianban_plugin_parking_lpr import gate as gates
from xianban_plugin_parking_lpr.dialects import read_flat, read_nested
from xianban_plugin_parking_lpr.gate import LprGate
from xianban_plugin_parking_lpr.plugin import register_gate
from xianban_plugin_parking_lpr.sender import send
from xianban_sdk.signatures import HEADER, sign, verify

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SECRET = b"a camera's secret, long enough"
FLAT = {
    "id": "c1-17",
    "lot": "nanqiao-park",
    "gate": "east-1",
    "direction": "in",
    "plate": "沪AD12345",
    "time": "2026-11-23T12:00:00+08:00",
    "confidence": 0.98,
    "token": "e30.e30.sig",
}
NESTED = {
    "eventId": "c1-17",
    "eventType": "ANPR",
    "dateTime": "2026-11-23T12:00:00+08:00",
    "channel": {"name": "nanqiao-park/east-1"},
    "anpr": {
        "licensePlate": {"text": "沪AD12345", "confidence": 98},
        "lane": {"way": "entry"},
        "voucher": "e30.e30.sig",
    },
}
EVENT = GateEvent("c1-17", "nanqiao-park", "east-1", "in", "沪AD12345", NOW, 0.98, "e30.e30.sig")


def flat(value: object, now: datetime = NOW) -> list[GateEvent | Rejected]:
    return parsed(LprGate("lpr", SECRET, read_flat), value, now)


def parsed(gate: LprGate, value: object, now: datetime = NOW) -> list[GateEvent | Rejected]:
    body = value if isinstance(value, bytes) else orjson.dumps(value)
    headers = {HEADER: sign(SECRET, body, now)}
    return list(gate.parse(body, "application/json", headers, now))


def test_both_dialects_tell_the_same_passage() -> None:
    assert flat(FLAT) == [EVENT]
    assert parsed(LprGate("lpr-nested", SECRET, read_nested), NESTED) == [EVENT]


def test_a_batch_is_read_in_order_and_a_bad_passage_costs_only_itself() -> None:
    found = flat({"events": [FLAT, FLAT | {"direction": "sideways"}, FLAT | {"id": "c1-18"}]})
    assert found[1] == Rejected("event 2", "direction", "NOT_ONE_OF_IN_OUT")
    assert [event.event_id for event in found if isinstance(event, GateEvent)] == ["c1-17", "c1-18"]


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"id": ""}, "id", "REQUIRED"),
        ({"plate": None}, "plate", "REQUIRED"),
        ({"plate": 7}, "plate", "NOT_A_TEXT"),
        ({"plate": "沪" * 33}, "plate", "TOO_LONG"),
        ({"time": "noon"}, "time", "NOT_AN_INSTANT"),
        ({"time": "2026-11-23T12:00:00"}, "time", "TIME_WITHOUT_ZONE"),
        ({"time": "2026-11-23T14:00:00+08:00"}, "time", "TIME_IN_FUTURE"),
        ({"confidence": "sure"}, "confidence", "NOT_A_NUMBER"),
        ({"confidence": True}, "confidence", "NOT_A_NUMBER"),
        ({"confidence": 1.5}, "confidence", "OUT_OF_RANGE"),
        ({"token": "x" * 4097}, "token", "TOO_LONG"),
    ],
)
def test_a_field_that_cannot_be_read_is_named(
    change: dict[str, object], field: str, reason: str
) -> None:
    assert flat(FLAT | change) == [Rejected("event 1", field, reason)]


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"eventType": "motion"}, "eventType", "NOT_A_PASSAGE"),
        ({"channel": {"name": "nanqiao-park"}}, "channel.name", "NOT_LOT_AND_GATE"),
        ({"channel": "nanqiao-park/1"}, "channel", "NOT_AN_OBJECT"),
        ({"anpr": None}, "anpr", "REQUIRED"),
        ({"anpr": {"licensePlate": {}}}, "anpr.lane", "REQUIRED"),
    ],
)
def test_a_nested_field_is_named_by_its_path(
    change: dict[str, object], field: str, reason: str
) -> None:
    found = parsed(LprGate("lpr-nested", SECRET, read_nested), NESTED | change)
    assert found == [Rejected("event 1", field, reason)]


def test_a_late_passage_is_taken_with_its_own_time() -> None:
    assert flat(FLAT, NOW + timedelta(days=2)) == [EVENT]


def test_a_stranger_is_refused_before_anything_is_read() -> None:
    gate = LprGate("lpr", SECRET, read_flat)
    body = orjson.dumps(FLAT)
    with pytest.raises(PermissionError):
        gate.parse(body, "application/json", {HEADER: sign(b"x" * 20, body, NOW)}, NOW)
    with pytest.raises(PermissionError):
        gate.parse(body, "application/json", {}, NOW)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "NOT_JSON"),
        (b"\xff\xfe", "NOT_JSON"),
        (b"[" * 5000, "NOT_JSON"),
        (b" " * (gates.MAX_BODY + 1), "TOO_LARGE"),
        (orjson.dumps([FLAT] * 201), "TOO_MANY"),
        (b"7", "NOT_AN_OBJECT"),
        (b"{}", "REQUIRED"),
    ],
)
def test_a_message_that_is_no_message_is_refused_whole(body: bytes, reason: str) -> None:
    (found,) = flat(body)
    assert isinstance(found, Rejected)
    assert found.reason == reason


def test_the_sender_signs_what_the_gate_reads() -> None:
    gate = LprGate("lpr", SECRET, read_flat)
    seen: list[GateEvent | Rejected] = []

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/api/parking/v1/gates/lpr:receive"
        now = datetime.now(UTC)
        verify(SECRET, dict(request.headers), request.content, now)
        seen.extend(gate.parse(request.content, "", dict(request.headers), now))
        told = {"results": [{"accepted": True}], "command": "open", "display": "欢迎"}
        return httpx.Response(200, json=told)

    client = httpx.Client(transport=httpx.MockTransport(answer))
    sent = send(
        "http://gateway/", SECRET, lot="lots/a", plate="沪A12345", direction="out", client=client
    )
    assert (sent.status, sent.command, sent.taken) == (200, "open", True)
    assert isinstance(seen[0], GateEvent)
    assert (seen[0].lot, seen[0].plate, seen[0].direction) == ("a", "沪A12345", "out")


def test_an_answer_that_is_not_json_is_told_as_text() -> None:
    client = httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(502, text="bad gateway"))
    )
    sent = send("http://gateway", SECRET, lot="a", plate="沪A12345", direction="in", client=client)
    assert (sent.status, sent.command, sent.reason) == (502, "", "bad gateway")
    assert not sent.taken


def test_a_refused_passage_names_the_field() -> None:
    refused = {"results": [{"accepted": False, "field": "plate", "reason": "PLATE_INVALID"}]}
    client = httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, json=refused))
    )
    sent = send("http://gateway", SECRET, lot="a", plate="x", direction="in", client=client)
    assert (sent.taken, sent.reason) == (False, "plate: PLATE_INVALID")


def test_the_command_says_when_nobody_answers(monkeypatch, tmp_path) -> None:
    from typer.testing import CliRunner
    from xianban_plugin_parking_lpr.cli import app

    monkeypatch.setenv("XIANBAN_DATA", str(tmp_path))
    wanted = ["send", "--lot", "a", "--plate", "沪A12345", "--direction", "in"]
    result = CliRunner().invoke(app, [*wanted, "--url", "http://127.0.0.1:9"])
    assert result.exit_code == 1
    assert "does not answer" in result.output


def test_the_plugin_registers_a_gate_kind_per_dialect(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XIANBAN_DATA", str(tmp_path))
    assert [gate.id for gate in register_gate()] == ["lpr", "lpr-nested"]
