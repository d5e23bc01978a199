import json
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from xianban_identity.hookspecs import CodeMessage
from xianban_plugin_identity_http_sms.plugin import SmsSender, register_code_sender
from xianban_sdk.signatures import verify
from xianban_sdk.simulating import running

SECRET = b"a secret of at least 16 bytes"
MESSAGE = CodeMessage("13900000001", "123456", "zh-CN", 5)


class Gateway(HTTPServer):
    """A local SMS gateway that writes down what it gets."""

    def __init__(self, status: int = 200, answer: bytes = b'{"accepted": true}') -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.answer = status, answer
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/sms"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.bodies.append(self.rfile.read(int(self.headers["content-length"])))
        self.server.headers.append(dict(self.headers.items()))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *args):
        pass


@pytest.fixture
def gateway(request):
    server = Gateway(*getattr(request, "param", ()))
    with running(server):
        yield server


def test_the_gateway_gets_number_and_text_signed(gateway):
    assert SmsSender(gateway.url, "贤办", SECRET).send(MESSAGE).accepted
    sent = json.loads(gateway.bodies[0])
    assert sent["to"] == "+8613900000001"
    assert sent["text"].startswith("【贤办】验证码 123456，5 分钟")
    verify(SECRET, gateway.headers[0], gateway.bodies[0], datetime.now(UTC))


def test_the_text_is_in_the_persons_language(gateway):
    SmsSender(gateway.url, "Xianban", SECRET).send(CodeMessage("13900000001", "123456", "en", 5))
    assert "Your code is 123456" in json.loads(gateway.bodies[0])["text"]


@pytest.mark.parametrize("gateway", [(200, b'{"accepted": false}')], indirect=True)
def test_a_message_the_gateway_did_not_accept_was_not_sent(gateway):
    assert not SmsSender(gateway.url, "贤办", SECRET).send(MESSAGE).accepted


@pytest.mark.parametrize("gateway", [(500, b"")], indirect=True)
def test_a_failing_gateway_raises(gateway):
    with pytest.raises(httpx.HTTPStatusError):
        SmsSender(gateway.url, "贤办", SECRET).send(MESSAGE)


def test_without_an_address_nothing_is_sent_and_the_reason_is_said():
    with pytest.raises(RuntimeError, match="XIANBAN_SMS_URL"):
        SmsSender("", "贤办", SECRET).send(MESSAGE)


def test_the_environment_says_where_codes_go(gateway, monkeypatch):
    monkeypatch.setenv("XIANBAN_SMS_URL", gateway.url)
    # In a process of its own it reaches the own network only where the operator says so.
    monkeypatch.setenv("XIANBAN_PLUGIN_PRIVATE_HOSTS", gateway.url.removeprefix("http://"))
    monkeypatch.setenv("XIANBAN_SECRET_IDENTITY_HTTP_SMS", SECRET.decode())
    assert register_code_sender().send(MESSAGE).accepted
