import json
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from xianban_notify.hookspecs import Attempt, Verdict
from xianban_plugin_notify_phone.plugin import PhoneChannel, register_channel
from xianban_sdk.settings import Settings
from xianban_sdk.signatures import verify
from xianban_sdk.simulating import running

SECRET = b"a secret of at least 16 bytes"

ATTEMPT = Attempt(
    key="01K0000000000000000000000A",
    number=1,
    address="13900000003",
    title="血氧偏低",
    body="王奶奶血氧 86%，已持续 3 分钟。",
    link="http://127.0.0.1:8080/messages/01K",
    locale="zh-CN",
    urgent=True,
    group="eldercare:/care/alerts/1",
    receipt_url="http://127.0.0.1:8080/api/notify/v1/receipts/x",
)


class Endpoint(HTTPServer):
    """A local provider that writes down what it gets and answers as told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict]] = []
        self.usual: tuple[int, dict] = (200, {})

    def answer(self) -> tuple[int, dict]:
        return self.answers.pop(0) if self.answers else self.usual


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.got.append((self.path, headers, body))
        status, answer = self.server.answer()
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *args):
        pass


@pytest.fixture
def endpoint():
    server = Endpoint()
    with running(server):
        yield server


def channel(tmp_path, endpoint=None):
    url = f"http://127.0.0.1:{endpoint.server_port}/send" if endpoint else ""
    settings = Settings(data=tmp_path)
    return PhoneChannel(url, SECRET, settings)


def test_the_gateway_gets_number_and_words_signed_and_with_the_key(endpoint, tmp_path):
    endpoint.usual = (200, {"accepted": True, "id": "g-1", "call": "g-1"})
    outcome = channel(tmp_path, endpoint).deliver(ATTEMPT)
    assert (outcome.verdict, outcome.reference) == (Verdict.SENT, "g-1")
    _, headers, body = endpoint.got[0]
    sent = json.loads(body)
    assert sent["to"] == "+8613900000003"
    assert headers["idempotency-key"] == sent["id"] == ATTEMPT.key
    assert sent["speech"].startswith("血氧偏低。王奶奶血氧 86%")
    assert sent["callback"] == ATTEMPT.receipt_url
    verify(SECRET, headers, body, datetime.now(UTC))


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ((503, {}), Verdict.FAILED),
        ((429, {}), Verdict.FAILED),
        ((200, {"accepted": False}), Verdict.REFUSED),
        ((400, {}), Verdict.REFUSED),
        ((200, {"accepted": False, "reason": "number-unknown"}), Verdict.BOUNCED),
    ],
)
def test_what_passes_is_told_apart_from_what_does_not(endpoint, tmp_path, answer, verdict):
    endpoint.usual = answer
    assert channel(tmp_path, endpoint).deliver(ATTEMPT).verdict is verdict


def test_a_gateway_that_is_away_is_tried_again(endpoint, tmp_path):
    made = channel(tmp_path, endpoint)
    endpoint.shutdown()
    endpoint.server_close()
    assert made.deliver(ATTEMPT).verdict is Verdict.FAILED


def test_without_a_gateway_the_demo_says_that_nothing_was_sent(tmp_path):
    outcome = channel(tmp_path).deliver(ATTEMPT)
    assert (outcome.verdict, outcome.reason) == (Verdict.SENT, "demo-outbox")
    line = json.loads((tmp_path / "outbox/phone.jsonl").read_text("utf-8"))
    assert "nothing was sent" in line["note"]
    assert line["to"] == "+8613900000003"


def test_outside_of_a_demo_it_is_not_there_until_it_is_configured(monkeypatch):
    monkeypatch.setenv("XIANBAN_DEMO", "0")
    assert register_channel() is None
