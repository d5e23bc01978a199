"""Answers given where a message reached somebody: whose they are, once, and what is shown of it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from google.api import httpbody_pb2
from refusals import refused
from sqlalchemy import select
from xianban.common.v1 import messages_pb2
from xianban.notify.v1 import answers_pb2, answers_pb2_grpc, preferences_pb2_grpc
from xianban.notify.v1 import preferences_pb2 as pb
from xianban_notify.app import app
from xianban_notify.consumers import on_acknowledgement_settled, on_message_requested
from xianban_notify.hookspecs import Answered, Attempt, Channel, Echo, Outcome, Verdict, hookimpl
from xianban_notify.repository.answers import Answers
from xianban_notify.repository.preferences import addresses_by_id
from xianban_sdk import plugins
from xianban_sdk.demo import person_id
from xianban_sdk.messaging import Event
from xianban_sdk.plugins.manifest import Manifest
from xianban_sdk.storage import open_unit_of_work
from xianban_sdk.storage.tables import outbox

ALERT = "alerts/01KDVHX800A1ERT00000000001"
MINE = f"residents/{person_id('daughter')}"


class Wecom:
    """A channel where people answer; its provider proves itself by a word."""

    id, needs, names = "wecom", "wecom", {"zh-CN": "测试", "en": "Test"}
    takes_idempotency_key, urgent_only, carries_codes, browser_key = True, False, True, ""

    def __init__(self) -> None:
        self.got: list[Attempt] = []
        self.shown: list[tuple[Answered, str]] = []
        self.away = False

    manifest = Manifest(
        "wecom",
        "0",
        "test",
        ">=0",
        frozenset({"register_channel"}),
        purposes={"notify.delivery": {"zh-CN": "送达", "en": "Delivery"}},
    )

    @hookimpl
    def register_channel(self) -> Channel | None:
        return self

    def deliver(self, attempt: Attempt) -> Outcome:
        self.got.append(attempt)
        return Outcome(Verdict.SENT)

    def answer(self, query: Mapping[str, str], body: bytes, now: datetime) -> Answered | Echo:
        if query["msg_signature"] != "proved":
            raise PermissionError("not proved")
        told = json.loads(body)
        return Echo("pong") if told == "ping" else Answered(**told)

    def show(self, answered: Answered, words: str) -> Outcome:
        self.shown.append((answered, words))
        return Outcome(Verdict.FAILED if self.away else Verdict.SENT)


class Centre:
    """The message centre with that channel, and the daughter's confirmed address there."""

    def __init__(self, service: Any, channel: Wecom) -> None:
        self.service, self.channel = service, channel

    def unit(self) -> Any:
        one = self.service.resources
        return open_unit_of_work(one.db, clock=one.clock, ids=one.ids)

    def join(self, member: str = "Li.Juan") -> None:
        stub = self.service.stub(preferences_pb2_grpc.PreferenceServiceStub, "daughter")
        asked = pb.AddAddressRequest(
            parent=MINE, kind=pb.ADDRESS_KIND_WECOM, value=member, request_id="join-0001"
        )
        name = stub.AddAddress(asked).name
        id_ = name.rpartition("/")[2]
        with self.service.db.read() as conn:
            code = addresses_by_id(conn, [id_])[id_].code
        stub.VerifyAddress(pb.VerifyAddressRequest(name=name, code=code, request_id="join-0002"))

    def tell(self, **more: Any) -> Attempt:
        """An alert's message; the attempt that reached the channel."""
        before = len(self.channel.got)
        asked = messages_pb2.MessageRequested(
            recipient=person_id("daughter"),
            template="parking-receipt",
            link="/parking",
            **({"alert": ALERT} | more),
        )
        one = self.service.resources
        meta = Event(one.ids.new(), "/x", "", "parking.v1.x", "", "", one.clock.now(), b"")
        with self.unit() as uow:
            on_message_requested(asked, uow=uow, meta=meta)
        until(lambda: any(one.link for one in self.channel.got[before:]))
        return self.channel.got[-1]

    def press(self, token: str, proof: str = "proved", **more: Any) -> Any:
        told = {"token": token, "address": "li.juan", "handle": "code-1"} | more
        return self.post(json.dumps(told), proof)

    def post(self, text: str, proof: str = "proved", channel: str = "wecom") -> Any:
        asked = answers_pb2.ReceiveAnswerRequest(
            channel=channel,
            body=httpbody_pb2.HttpBody(data=text.encode()),
            msg_signature=proof,
        )
        return self.service.stub(answers_pb2_grpc.AnswerServiceStub, "").ReceiveAnswer(asked)

    def asked(self) -> list[messages_pb2.AcknowledgementReceived]:
        key = "notify.v1.acknowledgement_received"
        with self.service.db.read() as conn:
            rows = conn.scalars(select(outbox.c.data).where(outbox.c.routing_key == key)).all()
        return [messages_pb2.AcknowledgementReceived.FromString(bytes(row)) for row in rows]

    def settle(self, token: str, reason: str = "") -> None:
        told = messages_pb2.AcknowledgementSettled(
            id=token.partition(".")[0], accepted=not reason, reason=reason
        )
        with self.unit() as uow:
            on_acknowledgement_settled(told, uow=uow, meta=None)


def until(condition: Any) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def answers(service_under_test, relations, monkeypatch) -> Centre:
    channel, real = Wecom(), plugins.build
    monkeypatch.setattr(plugins, "build", lambda domain, specs, *_: real(domain, specs, [channel]))
    # On a broker no worker runs here: with the bus in the process notify calls the channel itself.
    made = Centre(service_under_test(app, broker=""), channel)
    made.join()
    return made


class TestReceiveAnswer:
    def test_a_provider_that_does_not_prove_itself_is_refused(self, answers):
        token = answers.tell().answer_token
        with refused("PERMISSION_DENIED", "ANSWER_SIGNATURE_INVALID"):
            answers.press(token, proof="guessed")
        assert not answers.asked()

    def test_somebody_elses_address_takes_nothing(self, answers):
        token = answers.tell().answer_token
        with refused("PERMISSION_DENIED", "ANSWER_OF_ANOTHER"):
            answers.press(token, address="zhao.yong")
        assert not answers.asked()

    @pytest.mark.parametrize("token", ["", "x", f"{'0' * 26}.{'0' * 32}"])
    def test_a_token_that_was_not_given_out_is_unknown(self, answers, token):
        with refused("NOT_FOUND", "ANSWER_UNKNOWN"):
            answers.press(token)

    def test_a_channel_where_nobody_answers_is_absent(self, answers):
        with refused("NOT_FOUND", "CHANNEL_WITHOUT_ANSWERS", "channel"):
            answers.post("{}", channel="email")

    @pytest.mark.parametrize("text", ["", "{", '{"no": "token"}'])
    def test_what_cannot_be_read_is_said_so(self, answers, text):
        with refused("INVALID_ARGUMENT", "ANSWER_UNREADABLE"):
            answers.post(text)

    def test_the_provider_may_try_the_address_out(self, answers):
        assert answers.post('"ping"').data == b"pong"

    def test_an_answer_asks_the_alerts_own_service_in_the_persons_name_once(self, answers):
        token = answers.tell().answer_token
        answers.press(token)
        answers.press(token)
        (asked,) = answers.asked()
        assert (asked.domain, asked.alert, asked.channel) == ("parking", ALERT, "wecom")
        assert asked.person == person_id("daughter")

    def test_a_message_without_an_alert_has_nothing_to_answer(self, answers):
        assert answers.tell(alert="").answer_token == ""

    @pytest.mark.parametrize(
        ("reason", "words"),
        [
            ("", "已由您接手"),
            ("ALERT_TAKEN", "已有人接手"),
            ("ROLE_MISSING", "没能接手，请打开查看"),
        ],
    )
    def test_who_answered_is_shown_what_became_of_it(self, answers, reason, words):
        token = answers.tell().answer_token
        answers.press(token)
        answers.settle(token, reason)
        until(lambda: answers.channel.shown)
        assert answers.channel.shown == [(Answered("", "Li.Juan", "code-1"), words)]

    def test_showing_is_tried_again_and_has_an_end(self, answers):
        answers.channel.away = True
        token = answers.tell().answer_token
        answers.press(token)
        answers.settle(token)
        until(lambda: len(answers.channel.shown) == 5)
        with answers.service.db.read() as conn:
            until(lambda: not Answers(conn).to_show(9))
