"""The message pages in a small portal of their own, with answers given by hand."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from xianban.identity.v1 import identity_pb2 as identity
from xianban.notify.v1 import deliveries_pb2, preferences_pb2
from xianban.notify.v1 import messages_pb2 as pb
from xianban_notify.web import site
from xianban_sdk.demo import person_id
from xianban_sdk.testing.pages import browsing
from xianban_sdk.web import CallError, Pages, Person, Viewer

DAUGHTER, ELDER = person_id("daughter"), person_id("elder")
ID = "01K0000000000000000000000A"
NAME = f"residents/{DAUGHTER}/messages/{ID}"


def message(**fields: Any) -> pb.Message:
    made = pb.Message(**{"name": NAME, "domain": "notify", "template": "none"} | fields)
    made.create_time.FromSeconds(1_795_000_000)
    return made


@pytest.fixture(scope="module")
def pages():
    return Pages([site], strict=True)


@pytest.fixture(params=["zh-CN", "en"])
def web(request, pages):
    viewer = Viewer(locale=request.param, person=Person(DAUGHTER, "王芳"), csrf="t")
    with browsing(site, pages, {}, viewer) as browser:
        yield browser


def acting(web) -> None:
    one = identity.ActingFor(subject=ELDER, subject_display="李奶奶", scopes=["messages"])
    web.caller.replies["ListActingFor"] = identity.ListActingForResponse(subjects=[one])


def test_what_is_urgent_and_unread_stands_first(web):
    calm, urgent = message(), message(name=NAME[:-1] + "B", urgent=True)
    found = pb.ListMessagesResponse(messages=[calm, urgent], unread_count=2)
    web.caller.replies["ListMessages"] = found
    page = web.get("/messages").text
    assert page.index("m-01K0000000000000000000000B") < page.index(f"m-{ID}")
    assert "/messages/settings" in page


@pytest.mark.parametrize("state", list(deliveries_pb2.DeliveryState.values()))
def test_a_message_says_where_it_was_sent_and_whether_it_arrived(web, state):
    way = deliveries_pb2.Delivery(
        channel="email", channel_display="E-mail", address_hint="w***@example.org", state=state
    )
    web.caller.replies["GetMessage"] = message()
    web.caller.replies["ListDeliveries"] = deliveries_pb2.ListDeliveriesResponse(deliveries=[way])
    page = web.get(f"/messages/{ID}").text
    assert "w***@example.org" in page
    assert "E-mail" in page


def test_the_demos_outbox_is_named_as_one(web):
    way = deliveries_pb2.Delivery(channel="sms", channel_display="SMS", reason="demo-outbox")
    web.caller.replies["GetMessage"] = message()
    web.caller.replies["ListDeliveries"] = deliveries_pb2.ListDeliveriesResponse(deliveries=[way])
    page = web.get(f"/messages/{ID}").text
    assert "演示" in page or "Demo" in page


def test_what_is_about_another_is_opened_in_their_account(web):
    acting(web)
    web.caller.replies["GetMessage"] = message(subject=ELDER, link="/care/alerts/1")
    web.caller.replies["ListDeliveries"] = deliveries_pb2.ListDeliveriesResponse()
    page = web.get(f"/messages/{ID}").text
    assert 'action="/acting-for"' in page
    assert f'name="subject" value="{ELDER}"' in page
    assert 'name="next" value="/care/alerts/1"' in page
    assert "李奶奶" in page


def test_opening_it_from_the_list_leads_by_the_choice_of_account(web):
    acting(web)
    web.caller.replies["ReadMessage"] = message(subject=ELDER, link="/care/alerts/1")
    answer = web.post(f"/messages/{ID}/read", {"open": "1"})
    assert answer.headers["location"] == f"/messages/{ID}"


@pytest.mark.parametrize("subject", ["", DAUGHTER])
def test_ones_own_matter_opens_at_once(web, subject):
    web.caller.replies["ReadMessage"] = message(subject=subject, link="/parking/receipts/1")
    answer = web.post(f"/messages/{ID}/read", {"open": "1"})
    assert answer.headers["location"] == "/parking/receipts/1"


def test_who_may_not_act_for_the_person_gets_the_plain_link(web):
    web.caller.replies["ListActingFor"] = identity.ListActingForResponse()
    web.caller.replies["ReadMessage"] = message(subject=ELDER, link="/care/board")
    answer = web.post(f"/messages/{ID}/read", {"open": "1"})
    assert answer.headers["location"] == "/care/board"


def preferences() -> preferences_pb2.Preferences:
    made = preferences_pb2.Preferences(
        name=f"residents/{DAUGHTER}/preferences",
        locale="zh-CN",
        quiet=True,
        quiet_start="22:00",
        quiet_end="07:00",
        copies=preferences_pb2.COPIES_NONE,
    )
    made.channels.add(id="email", display_name="电子邮件", needs=1)
    made.channels.add(id="sms", display_name="短信", needs=2, urgent_only=True)
    for number, confirmed in enumerate((True, False)):
        name = f"residents/{DAUGHTER}/addresses/{ID[:-1]}{number}"
        address = made.addresses.add(name=name, kind=1, hint=f"{number}***@example.org")
        if confirmed:
            address.verify_time.FromSeconds(1_795_000_000)
    return made


def test_the_settings_show_choices_and_addresses(web):
    web.caller.replies["GetPreferences"] = preferences()
    page = web.get("/messages/settings").text
    assert 'value="urgent/sms" checked' in page
    assert "0***@example.org" in page
    assert f"/messages/settings/addresses/{ID[:-1]}1/verify" in page


def test_choices_are_saved_whole(web):
    web.caller.replies["GetPreferences"] = preferences()
    web.caller.replies["UpdatePreferences"] = preferences()
    form = {
        "choices": ["urgent/email"],
        "quiet": "1",
        "quiet_start": "21:30",
        "quiet_end": "06:00",
        "copies": "urgent",
        "locale": "en",
    }
    answer = web.post("/messages/settings", form)
    assert answer.headers["location"] == "/messages/settings?saved=1"
    sent = web.caller.last("UpdatePreferences").preferences
    wanted = {(one.category, one.channel): one.wanted for one in sent.choices}
    assert wanted == {("urgent", "email"): True, ("urgent", "sms"): False}
    assert (sent.quiet_start, sent.copies) == ("21:30", preferences_pb2.COPIES_URGENT)


def test_a_refused_address_is_named_beside_its_field(web):
    web.caller.replies["GetPreferences"] = preferences()
    web.caller.replies["AddAddress"] = CallError(
        grpc.StatusCode.INVALID_ARGUMENT, "ADDRESS_INVALID", "no", "notify", {"value": "no address"}
    )
    form = {"kind": "email", "value": "nobody"}
    page = web.post("/messages/settings/addresses", form).text
    assert "no address" in page
    assert 'value="nobody"' in page


def test_a_wrong_code_is_said(web):
    web.caller.replies["GetPreferences"] = preferences()
    web.caller.replies["VerifyAddress"] = preferences_pb2.VerifyAddressResponse()
    path = f"/messages/settings/addresses/{ID[:-1]}1/verify"
    answer = web.post(path, {"code": "123456"})
    page = web.get(answer.headers["location"]).text
    assert "alert--danger" in page


def test_a_browser_hands_its_subscription_over(web):
    web.caller.replies["GetPreferences"] = preferences()
    web.caller.replies["RegisterPushSubscription"] = preferences_pb2.Address()
    assert "data-push-key" not in web.get("/messages/settings").text
    web.caller.replies["GetPreferences"].channels[0].browser_key = "key"
    page = web.get("/messages/settings").text
    assert 'data-push-key="key"' in page
    assert "notify/push-worker.js" in page
    form = {"endpoint": "https://push.example.org/1", "p256dh": "p", "auth": "a"}
    web.post("/messages/settings/browsers", form)
    sent = web.caller.last("RegisterPushSubscription")
    assert (sent.endpoint, sent.p256dh, sent.auth) == ("https://push.example.org/1", "p", "a")
