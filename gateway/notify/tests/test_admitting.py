"""What is on its way ends when nobody wants it any more; an alarm is never held back."""

from __future__ import annotations

import pytest
from xianban_notify.hookspecs import Outcome, Verdict
from xianban_sdk.demo import person_id
from xianban_sdk.ledger import told_of

RESEARCH = "acme.research"
OFF = [{"category": "parking", "channel": "email", "wanted": False}]


def failing(centre, recipient="daughter", reader="daughter", **fields):
    """A message whose first attempt failed: the next one is queued."""
    centre.mail.answers = [Outcome(Verdict.FAILED, "server-unreachable")]
    centre.tell(recipient=person_id(recipient), **fields)
    message = centre.one(reader)
    centre.until(lambda: centre.state(message, reader) == ["RETRYING"])
    return message


def ended(centre, message, reader="daughter"):
    """The time of the retry has come; why there was none."""
    centre.later(seconds=40)
    centre.until(lambda: centre.state(message, reader) == ["CANCELLED"])
    assert len(centre.mail.got) == 1
    [shown] = centre.shown(message, reader)
    return shown.reason


def booked(centre, person):
    with centre.service.db.read() as conn:
        told = told_of(conn, person_id(person))
    return {(one.purpose, one.basis): one.calls for one in told}


@pytest.fixture
def asking(centre):
    """The vendor of the mail channel wants a purpose of their own."""
    manifest = centre.service.resources.hooks.plugins["fake-email"].manifest
    words = {**manifest.purposes, RESEARCH: {"zh-CN": "研究", "en": "Research"}}
    object.__setattr__(manifest, "purposes", words)
    return centre


TERM = f"fake-email:{RESEARCH}"


class TestAChannelThatWasSwitchedOff:
    def test_a_retry_that_is_queued_is_not_made(self, centre):
        centre.confirmed("daughter")
        message = failing(centre)
        centre.wish("daughter", choices=OFF)
        assert ended(centre, message) == "channel-off"

    def test_nor_is_a_copy_that_the_person_does_not_want_any_more(self, centre):
        centre.relations.grant("daughter", "elder", scopes=["messages"])
        centre.confirmed("daughter")
        centre.wish("elder", copies=3)
        message = failing(centre, "elder")
        centre.wish("elder", copies=1)
        assert ended(centre, message) == "copies-off"

    def test_nor_one_to_somebody_who_acts_for_them_no_more(self, centre):
        centre.relations.grant("daughter", "elder", scopes=["messages"])
        centre.confirmed("daughter")
        centre.wish("elder", copies=3)
        message = failing(centre, "elder")
        centre.relations.revoke("daughter", "elder")
        assert ended(centre, message) == "delegation-over"


class TestAVendorsOwnPurpose:
    def test_without_consent_to_it_the_channel_is_told_nothing(self, asking):
        asking.relations.consent("daughter", TERM)
        asking.confirmed("daughter")
        asking.relations.withdraw("daughter", TERM)
        asking.tell()
        message = asking.one()
        asking.until(lambda: asking.state(message) == ["CANCELLED"])
        assert asking.shown(message)[0].reason == "no-consent"
        assert asking.mail.got == []

    def test_a_withdrawal_ends_the_retry_that_is_queued(self, asking):
        asking.relations.consent("daughter", TERM)
        asking.confirmed("daughter")
        message = failing(asking)
        asking.relations.withdraw("daughter", TERM)
        assert ended(asking, message) == "no-consent"
        assert booked(asking, "daughter").keys() == {("notify.delivery", "request")}

    def test_an_alarm_goes_out_nevertheless_and_the_book_says_by_what_right(self, asking):
        asking.relations.consent("daughter", TERM)
        asking.confirmed("daughter")
        asking.relations.withdraw("daughter", TERM)
        asking.tell(urgent=True, subject=person_id("elder"))
        asking.until(lambda: len(asking.mail.got) == 1)
        told = {("notify.delivery", "vital"): 1}
        assert told.items() <= booked(asking, "daughter").items()
        # Also she of whom the alarm tells can see that the channel heard of her.
        assert booked(asking, "elder") == told


def test_each_attempt_is_booked_before_the_channel_hears_of_it(centre):
    seen = []
    plain = centre.mail.deliver
    centre.mail.deliver = lambda attempt: seen.append(booked(centre, "daughter")) or plain(attempt)
    centre.confirmed("daughter")
    # Also the code that confirms an address.
    assert seen == [{("notify.delivery", "request"): 1}]


def test_a_channel_that_does_not_declare_what_it_delivers_gets_nothing(centre):
    centre.confirmed("daughter")
    manifest = centre.service.resources.hooks.plugins["fake-email"].manifest
    object.__setattr__(manifest, "purposes", {})
    centre.tell()
    message = centre.one()
    centre.until(lambda: centre.state(message) == ["CANCELLED"])
    assert centre.shown(message)[0].reason == "purpose-undeclared"
    assert centre.mail.got == []
