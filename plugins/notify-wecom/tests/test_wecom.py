import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from xianban_notify.hookspecs import Attempt, Verdict
from xianban_plugin_notify_wecom.plugin import Api, WecomChannel, register_channel
from xianban_sdk.settings import Settings

ATTEMPT = Attempt(
    key="01K0000000000000000000000A",
    number=1,
    address="dispatcher",
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

    def do_GET(self):
        self.do_POST()

    def log_message(self, *args):
        pass


@pytest.fixture
def endpoint():
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


TOKEN = (200, {"errcode": 0, "errmsg": "ok", "access_token": "t-1", "expires_in": 7200})
OK = (200, {"errcode": 0, "errmsg": "ok", "msgid": "m-1"})


def channel(tmp_path, endpoint=None):
    base = f"http://127.0.0.1:{endpoint.server_port}" if endpoint else ""
    api = Api(base, "corp", 1000002, "secret") if endpoint else None
    return WecomChannel(api, Settings(data=tmp_path))


def test_a_card_goes_to_the_member_with_a_token_fetched_once(endpoint, tmp_path):
    endpoint.answers = [TOKEN, OK, OK]
    made = channel(tmp_path, endpoint)
    assert made.deliver(ATTEMPT).reference == "m-1"
    assert made.deliver(ATTEMPT).verdict is Verdict.SENT
    asked, first, second = endpoint.got
    assert asked[0] == "/cgi-bin/gettoken?corpid=corp&corpsecret=secret"
    assert first[0] == "/cgi-bin/message/send?access_token=t-1"
    card = json.loads(first[2])
    assert (card["touser"], card["msgtype"], card["agentid"]) == ("dispatcher", "textcard", 1000002)
    assert card["textcard"]["url"] == ATTEMPT.link
    # The API's duplicate check compares the card: a second attempt must make the same one.
    assert card["enable_duplicate_check"] == 1
    assert first[2] == second[2]


@pytest.mark.parametrize("code", [40014, 42001])
def test_a_token_that_is_over_is_fetched_anew(endpoint, tmp_path, code):
    fresh = (200, {**TOKEN[1], "access_token": "t-2"})
    endpoint.answers = [TOKEN, (200, {"errcode": code}), fresh, OK]
    assert channel(tmp_path, endpoint).deliver(ATTEMPT).verdict is Verdict.SENT
    assert endpoint.got[-1][0].endswith("access_token=t-2")


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ({"errcode": -1}, Verdict.FAILED),
        ({"errcode": 45009}, Verdict.FAILED),
        ({"errcode": 60111}, Verdict.BOUNCED),
        ({"errcode": 81013}, Verdict.BOUNCED),
        ({"errcode": 0, "invaliduser": "other|dispatcher"}, Verdict.BOUNCED),
        ({"errcode": 48002}, Verdict.REFUSED),
    ],
)
def test_error_codes_say_whether_trying_again_helps(endpoint, tmp_path, answer, verdict):
    endpoint.answers = [TOKEN, (200, answer)]
    assert channel(tmp_path, endpoint).deliver(ATTEMPT).verdict is verdict


def test_a_refused_secret_is_tried_again_and_named(endpoint, tmp_path):
    endpoint.usual = (200, {"errcode": 40001})
    outcome = channel(tmp_path, endpoint).deliver(ATTEMPT)
    assert (outcome.verdict, outcome.reason) == (Verdict.FAILED, "token-40001")


def test_an_api_that_is_away_is_tried_again(endpoint, tmp_path):
    endpoint.usual = (502, {})
    assert channel(tmp_path, endpoint).deliver(ATTEMPT).verdict is Verdict.FAILED


def test_a_code_without_a_page_is_a_plain_text(endpoint, tmp_path):
    endpoint.answers = [TOKEN, OK]
    channel(tmp_path, endpoint).deliver(replace(ATTEMPT, link=""))
    assert json.loads(endpoint.got[-1][2])["msgtype"] == "text"


def test_without_an_address_the_demo_says_that_nothing_was_sent(tmp_path):
    assert channel(tmp_path).deliver(ATTEMPT).reason == "demo-outbox"
    line = json.loads((tmp_path / "outbox/wecom.jsonl").read_text("utf-8"))
    assert (line["touser"], "nothing was sent" in line["note"]) == ("dispatcher", True)


def test_outside_of_a_demo_it_is_not_there_until_it_is_configured(monkeypatch):
    monkeypatch.setenv("XIANBAN_DEMO", "0")
    assert register_channel() is None
