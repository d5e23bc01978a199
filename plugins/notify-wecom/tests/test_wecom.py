import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from xianban_notify.hookspecs import Answered, Attempt, Echo, Verdict
from xianban_plugin_notify_wecom.callbacks import Seal
from xianban_plugin_notify_wecom.groups import Groups
from xianban_plugin_notify_wecom.plugin import Api, WecomChannel, register_channel
from xianban_sdk.settings import Settings
from xianban_sdk.simulating import running

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
    with running(server):
        yield server


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


AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SEAL = Seal("token-1", AES_KEY, "corp")
PRESSED = (
    "<xml><ToUserName>corp</ToUserName><FromUserName>dispatcher</FromUserName>"
    "<CreateTime>1795406400</CreateTime><MsgType>event</MsgType>"
    "<Event>template_card_event</Event><EventKey>{key}</EventKey><TaskId>t</TaskId>"
    "<CardType>button_interaction</CardType><ResponseCode>code-1</ResponseCode>"
    "<AgentID>1000002</AgentID></xml>"
)


def callback(message: str, seal=SEAL, now=NOW, **changes):
    """What the provider posts: query and body."""
    sealed = seal.sealed(message.encode())
    stamp, nonce = str(int(now.timestamp())), "n-1"
    query = {"timestamp": stamp, "nonce": nonce, "echostr": ""}
    query["msg_signature"] = seal.signature(stamp, nonce, sealed)
    body = f"<xml><ToUserName>corp</ToUserName><Encrypt>{sealed}</Encrypt></xml>"
    return query | changes, body.encode()


def test_an_alert_is_a_card_with_a_button_and_every_attempt_the_same(endpoint, tmp_path):
    endpoint.answers = [TOKEN, OK, OK]
    made = answering(tmp_path, endpoint)
    alert = replace(ATTEMPT, answer_token="01K.token")
    assert made.deliver(alert).verdict is Verdict.SENT
    made.deliver(replace(alert, number=2))
    card = json.loads(endpoint.got[1][2])
    assert card["msgtype"] == "template_card"
    shown = card["template_card"]
    assert shown["card_type"] == "button_interaction"
    assert shown["button_list"] == [{"text": "我来处理", "style": 1, "key": "01K.token"}]
    assert (shown["task_id"], shown["card_action"]["url"]) == (ATTEMPT.key, ATTEMPT.link)
    assert endpoint.got[1][2] == endpoint.got[2][2]


def answering(tmp_path, endpoint=None):
    made = channel(tmp_path, endpoint)
    made._seal = SEAL
    return made


def test_without_callback_settings_there_is_no_button(endpoint, tmp_path):
    endpoint.answers = [TOKEN, OK]
    channel(tmp_path, endpoint).deliver(replace(ATTEMPT, answer_token="01K.token"))
    assert json.loads(endpoint.got[-1][2])["msgtype"] == "textcard"


def test_a_pressed_button_tells_who_and_what(tmp_path):
    query, body = callback(PRESSED.format(key="01K.token"))
    told = answering(tmp_path).answer(query, body, NOW)
    assert told == Answered("01K.token", "dispatcher", "code-1")


def test_the_address_is_tried_out_by_an_echo(tmp_path):
    sealed = SEAL.sealed(b"12345")
    query, _ = callback("")
    signed = SEAL.signature(query["timestamp"], query["nonce"], sealed)
    query |= {"echostr": sealed, "msg_signature": signed}
    assert answering(tmp_path).answer(query, b"", NOW) == Echo("12345")


def test_other_events_are_heard_and_nothing_is_done(tmp_path):
    query, body = callback("<xml><MsgType>event</MsgType><Event>enter_agent</Event></xml>")
    assert answering(tmp_path).answer(query, body, NOW) == Echo("")


@pytest.mark.parametrize(
    ("seal", "now", "changes"),
    [
        (SEAL, NOW - timedelta(minutes=6), {}),
        (SEAL, NOW + timedelta(minutes=6), {}),
        (SEAL, NOW, {"msg_signature": "0" * 40}),
        (SEAL, NOW, {"nonce": "another"}),
        (Seal("token-1", AES_KEY, "another-corp"), NOW, {}),
        (Seal("token-1", "k" * 43, "corp"), NOW, {}),
        (Seal("token-2", AES_KEY, "corp"), NOW, {}),
    ],
)
def test_a_callback_that_is_not_signed_and_sealed_for_us_now_is_refused(
    tmp_path, seal, now, changes
):
    query, body = callback(PRESSED.format(key="x"), seal, now, **changes)
    with pytest.raises(PermissionError):
        answering(tmp_path).answer(query, body, NOW)


def test_nobody_answers_where_no_callback_is_configured(tmp_path):
    query, body = callback(PRESSED.format(key="x"))
    with pytest.raises(PermissionError):
        channel(tmp_path).answer(query, body, NOW)


@pytest.mark.parametrize("body", [b"", b"<xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><xml>&b;</xml>"])
def test_a_callback_that_is_no_xml_is_no_callback(tmp_path, body):
    with pytest.raises(ValueError):
        answering(tmp_path).answer({}, body, NOW)


def test_the_button_says_what_became_of_it(endpoint, tmp_path):
    endpoint.answers = [TOKEN, OK]
    told = Answered("", "dispatcher", "code-1")
    assert answering(tmp_path, endpoint).show(told, "已由您接手").verdict is Verdict.SENT
    path, _, body = endpoint.got[-1]
    assert path == "/cgi-bin/message/update_template_card?access_token=t-1"
    assert json.loads(body) == {
        "userids": ["dispatcher"],
        "agentid": 1000002,
        "response_code": "code-1",
        "button": {"replace_name": "已由您接手"},
    }


def test_showing_is_tried_again_only_where_that_helps(endpoint, tmp_path):
    told = Answered("", "dispatcher", "code-1")
    endpoint.answers = [TOKEN, (200, {"errcode": -1}), (200, {"errcode": 41099})]
    made = answering(tmp_path, endpoint)
    assert made.show(told, "x").verdict is Verdict.FAILED
    assert made.show(told, "x").verdict is Verdict.REFUSED


def grouping(tmp_path, endpoint):
    made = answering(tmp_path, endpoint)
    made._groups = Groups("duty-desk")
    return made


def calls(endpoint):
    """Each call of the API after the token: its name and what it was asked."""
    return [
        (path.partition("?")[0].removeprefix("/cgi-bin/"), json.loads(body))
        for path, _, body in endpoint.got[1:]
    ]


ALERT = replace(ATTEMPT, answer_token="01K.token")
FINE = (200, {"errcode": 0})


def test_the_first_who_is_told_makes_the_incidents_group(endpoint, tmp_path):
    endpoint.answers = [TOKEN, OK, FINE, FINE]
    assert grouping(tmp_path, endpoint).deliver(ALERT).reason == ""
    (_, _), (create, made), (send, said) = calls(endpoint)
    assert (create, send) == ("appchat/create", "appchat/send")
    assert made["userlist"] == ["duty-desk", "dispatcher"]
    assert (made["owner"], made["name"]) == ("duty-desk", ATTEMPT.title)
    assert made["chatid"] == said["chatid"]
    assert len(made["chatid"]) == 32
    assert made["chatid"].isalnum()
    # What of is told where one logs in, not to everybody in the group.
    assert ATTEMPT.body not in said["text"]["content"]


def test_who_is_told_later_joins_the_same_group(endpoint, tmp_path):
    endpoint.answers = [TOKEN, OK, FINE, FINE, OK, (200, {"errcode": 86215}), FINE, FINE]
    made = grouping(tmp_path, endpoint)
    made.deliver(ALERT)
    made.deliver(replace(ALERT, key="01K0000000000000000000000B", address="operator"))
    first, joins = calls(endpoint)[1][1], calls(endpoint)[5]
    assert joins == (
        "appchat/update",
        {"chatid": first["chatid"], "add_user_list": ["operator"]},
    )


@pytest.mark.parametrize(
    "attempt", [ATTEMPT, replace(ALERT, group=""), replace(ALERT, address="duty-desk")]
)
def test_no_group_for_news_nor_for_the_duty_alone(endpoint, tmp_path, attempt):
    endpoint.answers = [TOKEN, OK]
    grouping(tmp_path, endpoint).deliver(attempt)
    assert [name for name, _ in calls(endpoint)] == ["message/send"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [((200, {"errcode": 86008}), "group-86008"), ((502, {}), "group-unreachable")],
)
def test_a_group_that_fails_fails_no_message(endpoint, tmp_path, answer, reason):
    endpoint.answers = [TOKEN, OK, answer]
    outcome = grouping(tmp_path, endpoint).deliver(ALERT)
    assert (outcome.verdict, outcome.reason) == (Verdict.SENT, reason)


def test_a_card_that_is_refused_makes_no_group(endpoint, tmp_path):
    endpoint.answers = [TOKEN, (200, {"errcode": 60111})]
    grouping(tmp_path, endpoint).deliver(ALERT)
    assert len(calls(endpoint)) == 1
