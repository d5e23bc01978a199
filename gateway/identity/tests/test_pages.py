"""The portal pages render in both languages and both presentations, every text found."""

from datetime import UTC, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from xianban.identity.v1 import identity_pb2 as pb
from xianban_identity.web import site
from xianban_identity.web.delegations import KINDS, SCOPES
from xianban_sdk.i18n import catalogue
from xianban_sdk.web import Form, Pages, Viewer

NOW = Timestamp()
NOW.FromDatetime(datetime(2026, 11, 23, tzinfo=UTC))
ID = "01KDVHX800DE00000000000001"


def delegation(**changes):
    fields = {
        "name": f"residents/M/delegations/{ID}",
        "kind": 2,
        "delegate": "D",
        "delegate_display": "李晓梅",
        "subject": "M",
        "subject_display": "张桂芳",
        "scopes": ["parking", "*"],
        "state": 3,
        "create_time": NOW,
        "auto_rule": "same-household",
        "requested_by": "delegate",
        **changes,
    }
    return pb.Delegation(**fields)


PURPOSE = pb.Purpose(id="p", revision=1, title="停车", text="…", controller="区")
CONSENT = pb.Consent(
    name=f"residents/M/consents/{ID}",
    purpose="p",
    revision=1,
    decision=1,
    decide_time=NOW,
    live=True,
)
EVENTS = [
    pb.DelegationEvent(id=str(n), occur_time=NOW, action=action, actor_display="system")
    for n, action in enumerate(
        ["requested", "approved", "rejected", "revoked", "expired", "came_of_age", "sent_to_review"]
    )
]
PERSON = pb.Person(
    name="residents/M",
    display_name="张桂芳",
    phone_masked="139****0003",
    real_name_level=2,
    locale="zh-CN",
    profile=2,
)
SESSIONS = [
    pb.Session(
        name=f"residents/M/sessions/{ID}",
        client="portal",
        create_time=NOW,
        last_use_time=NOW,
        authentication_methods=methods.split(),
    )
    for methods in (
        "",
        "sms otp",
        "sms otp mfa",
        "sms otp pin mfa",
        "sms otp pop user mfa",
        "pop user mfa",
        "fed face mfa",
    )
]

PAGES = {
    "delegations.html": {
        "delegations": [delegation(state=s) for s in range(1, 7)],
        "everything": True,
        "next_token": "x",
        "me": "M",
    },
    "delegation.html": {
        "one": delegation(state=1),
        "id": ID,
        "events": EVENTS,
        "me": "M",
    },
    "delegation-new.html": {
        "form": Form({}, {}),
        "problem": None,
        "scopes": SCOPES,
        "kinds": KINDS,
    },
    "consents.html": {
        "purposes": [PURPOSE],
        "latest": {"p": CONSENT},
        "ledger": [CONSENT],
        "titles": {"p": "停车"},
    },
    "sessions.html": {"sessions": SESSIONS},
    "details.html": {"one": PERSON},
    "reviews.html": {"delegations": [delegation(state=2, kind=1)], "next_token": ""},
}


@pytest.mark.parametrize("profile", ["standard", "elder"])
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_renders_with_every_text(page, locale, profile):
    viewer = Viewer(locale=locale, profile=profile, csrf="c", path="/me")
    html = Pages([site], strict=True).render(
        f"identity/{page}", viewer, unread=0, **({"problem": None} | PAGES[page])
    )
    assert f'lang="{locale}"' in html
    assert "<h1>" in html


def test_both_languages_have_the_same_texts():
    texts = catalogue("xianban_identity")
    assert texts.keys("en") == texts.keys("zh-CN")


def test_the_side_that_was_asked_can_answer_and_the_other_can_take_back():
    pages = Pages([site], strict=True)

    def shown(me):
        return pages.render(
            "identity/delegation.html",
            Viewer(locale="en"),
            unread=0,
            problem=None,
            one=delegation(state=1),
            id=ID,
            events=[],
            me=me,
        )

    assert "/approve" in shown("M")
    assert "/approve" not in shown("D")
    assert "/revoke" in shown("D")


def test_the_sessions_page_says_how_each_was_opened_and_confirmed():
    html = Pages([site], strict=True).render(
        "identity/sessions.html", Viewer(locale="en"), unread=0, problem=None, sessions=SESSIONS
    )
    assert html.count("code to the phone") == 5
    assert html.count("passkey") == 2
    assert html.count("authenticator app") == 1
    assert html.count("another second factor") == 1
