import json
import os
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey
from xianban_notify.hookspecs import Attempt, Verdict
from xianban_plugin_notify_webpush.encryption import key_of, public_bytes, unpadded
from xianban_plugin_notify_webpush.plugin import WebPushChannel, register_channel
from xianban_sdk.simulating import running

ATTEMPT = Attempt(
    key="01K0000000000000000000000A",
    number=1,
    address="",
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


SECRET = b"a secret of at least 16 bytes"


class Browser:
    """A subscribed browser: reads with http_ece, an implementation that is not ours."""

    def __init__(self, endpoint):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._auth = os.urandom(16)
        self.origin = f"http://127.0.0.1:{endpoint.server_port}"
        self.address = json.dumps(
            {
                "endpoint": f"{self.origin}/push/1",
                "p256dh": unpadded(public_bytes(self._key.public_key())),
                "auth": unpadded(self._auth),
            }
        )

    def read(self, body):
        plain = http_ece.decrypt(
            body, private_key=self._key, auth_secret=self._auth, version="aes128gcm"
        )
        return json.loads(plain)


@pytest.fixture
def browser(endpoint):
    endpoint.usual = (201, {})
    return Browser(endpoint)


def deliver(browser, **changes):
    channel = WebPushChannel(SECRET, "mailto:operator@example.org")
    return channel.deliver(replace(ATTEMPT, address=browser.address, **changes))


def test_the_browser_reads_what_the_push_service_can_not(endpoint, browser):
    assert deliver(browser).verdict is Verdict.SENT
    path, headers, body = endpoint.got[0]
    assert (path, headers["content-encoding"], headers["urgency"]) == (
        "/push/1",
        "aes128gcm",
        "high",
    )
    assert "血氧".encode() not in body
    shown = browser.read(body)
    assert (shown["title"], shown["tag"], shown["link"]) == (
        ATTEMPT.title,
        ATTEMPT.key,
        ATTEMPT.link,
    )


def test_a_second_attempt_replaces_one_that_still_waits(endpoint, browser):
    deliver(browser)
    deliver(browser, number=2)
    topics = {headers["topic"] for _, headers, _ in endpoint.got}
    assert topics == {ATTEMPT.key}


def test_the_token_says_who_sends_and_to_which_service_alone(endpoint, browser):
    deliver(browser)
    given = endpoint.got[0][1]["authorization"]
    signed, key = given.removeprefix("vapid t=").split(", k=")
    assert key == unpadded(public_bytes(key_of(SECRET).public_key()))
    public = key_of(SECRET).public_key().public_numbers()
    coordinates = {
        "kty": "EC",
        "crv": "P-256",
        "x": unpadded(public.x.to_bytes(32, "big")),
        "y": unpadded(public.y.to_bytes(32, "big")),
    }
    claims = jwt.decode(signed, ECKey.import_key(coordinates), algorithms=["ES256"]).claims
    assert claims["aud"] == browser.origin
    assert claims["sub"] == "mailto:operator@example.org"


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (404, Verdict.BOUNCED),
        (410, Verdict.BOUNCED),
        (429, Verdict.FAILED),
        (503, Verdict.FAILED),
        (413, Verdict.REFUSED),
        (301, Verdict.REFUSED),
    ],
)
def test_a_subscription_that_is_over_bounces_and_what_passes_is_tried_again(
    endpoint, browser, status, verdict
):
    endpoint.usual = (status, {})
    assert deliver(browser).verdict is verdict


def test_a_long_text_is_cut_so_that_the_record_fits(endpoint, browser):
    assert deliver(browser, body="长" * 5000).verdict is Verdict.SENT
    body = endpoint.got[0][2]
    assert len(body) <= 4096
    assert browser.read(body)["body"].endswith("…")


def test_a_subscription_that_nobody_can_read_bounces(endpoint, browser):
    assert deliver(browser).verdict is Verdict.SENT
    channel = WebPushChannel(SECRET, "")
    assert channel.deliver(replace(ATTEMPT, address="{}")).verdict is Verdict.BOUNCED


def test_every_process_with_the_secret_has_the_same_key():
    first, second = (WebPushChannel(SECRET, "") for _ in range(2))
    assert first.browser_key == second.browser_key
    assert len(first.browser_key) == 87


def test_the_installations_secret_makes_the_key_that_browsers_subscribe_with(monkeypatch):
    monkeypatch.setenv("XIANBAN_SECRET_NOTIFY_WEBPUSH", "a secret of at least 16 bytes")
    made, again = register_channel(), register_channel()
    assert made.browser_key == again.browser_key != ""
