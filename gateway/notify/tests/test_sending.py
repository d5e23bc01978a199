"""From a domain's event to a channel and back, through the real service."""

from __future__ import annotations

import threading

import pytest
from xianban.notify.v1 import deliveries_pb2
from xianban.notify.v1 import messages_pb2 as pb
from xianban_notify.hookspecs import Outcome, Verdict
from xianban_notify.repository import KEPT
from xianban_sdk.demo import person_id
from xianban_sdk.storage import prune

DAUGHTER, ELDER = person_id("daughter"), person_id("elder")
# 09:00 in Shanghai, when the tests begin; 14 hours later it is night.
TO_NIGHT = {"hours": 14}


def test_a_message_goes_to_the_confirmed_address_in_the_persons_language(centre):
    centre.confirmed("daughter")
    centre.wish("daughter", locale="en")
    centre.tell(link="/parking/receipts/1")
    centre.until(lambda: len(centre.mail.got) == 1)
    [attempt] = centre.mail.got
    assert attempt.address == "daughter@example.org"
    assert attempt.link.endswith(f"/messages/{centre.one().name.rpartition('/')[2]}")
    assert (attempt.locale, attempt.number) == ("en", 1)
    assert attempt.title
    centre.until(lambda: centre.state(centre.one()) == ["SENT"])


def test_the_words_are_the_domains_own(centre):
    centre.confirmed("daughter")
    params = {"lot_en": "Nanqiao", "lot": "南桥", "plate": "沪A12345", "start": "9", "end": "10"}
    centre.tell(template="parking-reservation-confirmed", params=params)
    centre.until(lambda: len(centre.mail.got) == 1)
    assert "沪A12345" in centre.mail.got[0].body


def test_without_an_address_it_is_in_the_message_centre_alone(centre):
    centre.tell()
    asked = deliveries_pb2.ListDeliveriesRequest(parent=centre.one().name)
    [own] = centre.deliveries("daughter").ListDeliveries(asked).deliveries
    assert (own.channel, own.state) == ("in-app", deliveries_pb2.DELIVERY_STATE_SENT)


def test_a_failure_that_passes_is_tried_again_by_the_clock_with_the_same_key(centre):
    centre.confirmed("daughter")
    centre.mail.answers = [Outcome(Verdict.FAILED, "server-unreachable")]
    centre.tell()
    message = centre.one()
    centre.until(lambda: centre.state(message) == ["RETRYING"])
    [shown] = centre.shown(message)
    assert shown.reason == "server-unreachable"
    centre.later(seconds=40)
    centre.until(lambda: centre.state(message) == ["SENT"])
    first, second = centre.mail.got
    assert (first.key, first.number, second.number) == (second.key, 1, 2)


def test_an_address_that_bounces_is_not_used_again_until_it_is_confirmed(centre):
    centre.confirmed("daughter")
    centre.mail.answers = [Outcome(Verdict.BOUNCED, "smtp-550")]
    centre.tell("1")
    centre.until(lambda: centre.state(centre.one()) == ["BOUNCED"])
    centre.tell("2")
    centre.until(lambda: len(centre.listed()) == 2)
    centre.until(lambda: _planned(centre))
    assert centre.state(centre.one()) == []
    centre.later(minutes=2)
    centre.mail.got.clear()
    centre.confirmed("daughter")
    centre.tell("3")
    centre.until(lambda: len(centre.mail.got) == 1)


def _planned(centre):
    from xianban_notify.repository.messages import waits

    with centre.service.db.read() as conn:
        return not waits(conn)


class TestQuietHours:
    def test_what_can_wait_waits_for_the_morning(self, centre):
        centre.confirmed("daughter")
        centre.later(**TO_NIGHT)
        centre.tell()
        message = centre.one()
        centre.until(lambda: centre.state(message) == ["PENDING"])
        [shown] = centre.shown(message)
        assert shown.next_time.ToDatetime().isoformat() == "2026-11-23T23:00:00"
        assert centre.mail.got == []
        centre.later(hours=8, seconds=1)
        centre.until(lambda: centre.state(message) == ["SENT"])

    def test_what_is_urgent_does_not(self, centre):
        centre.confirmed("daughter")
        centre.later(**TO_NIGHT)
        centre.tell(urgent=True)
        centre.until(lambda: len(centre.mail.got) == 1)

    def test_a_retry_does_not_wake_anybody_either(self, centre):
        centre.confirmed("daughter")
        centre.later(hours=12, minutes=59, seconds=50)
        centre.mail.answers = [Outcome(Verdict.FAILED, "busy")]
        centre.tell()
        message = centre.one()
        centre.until(lambda: centre.state(message) == ["RETRYING"])
        [shown] = centre.shown(message)
        assert shown.next_time.ToDatetime().isoformat() == "2026-11-23T23:00:00"


def test_what_was_read_first_is_not_sent(centre):
    centre.confirmed("daughter")
    centre.later(**TO_NIGHT)
    centre.tell()
    message = centre.one()
    centre.until(lambda: centre.state(message) == ["PENDING"])
    asked = pb.ReadMessageRequest(name=message.name, request_id=centre.request_id())
    centre.messages("daughter").ReadMessage(asked)
    [shown] = centre.shown(message)
    assert (shown.reason, centre.state(message)) == ("read-first", ["CANCELLED"])
    centre.later(hours=9)
    assert centre.mail.got == []


def test_who_reads_for_another_does_not_stop_what_is_for_them(centre):
    centre.confirmed("elder")
    centre.relations.grant("daughter", "elder", scopes=["messages"])
    centre.later(**TO_NIGHT)
    centre.tell(recipient=ELDER)
    message = centre.one("elder")
    centre.until(lambda: centre.state(message, "elder") == ["PENDING"])
    asked = pb.ReadMessageRequest(name=message.name, request_id=centre.request_id())
    centre.messages("daughter").ReadMessage(asked)
    assert centre.state(message, "elder") == ["PENDING"]


class TestCopies:
    def test_those_who_act_for_the_person_are_told_when_the_person_wants_it(self, centre):
        centre.relations.grant("daughter", "elder", scopes=["messages"])
        centre.relations.grant("carer", "elder", kind="carer", scopes=["parking"])
        centre.confirmed("daughter")
        centre.wish("elder", copies=3)
        centre.tell(recipient=ELDER, link="/parking/receipts/1")
        copy = centre.one("daughter")
        assert (copy.subject, copy.link) == (ELDER, "/parking/receipts/1")
        centre.until(lambda: len(centre.mail.got) == 1)
        assert centre.listed("carer") == []

    def test_nobody_is_told_by_default(self, centre):
        centre.relations.grant("daughter", "elder", scopes=["messages"])
        centre.tell(recipient=ELDER)
        centre.one("elder")
        centre.until(lambda: _planned(centre))
        assert centre.listed("daughter") == []

    def test_an_urgent_matter_goes_where_the_domain_wants_it(self, centre):
        centre.relations.grant("daughter", "elder", scopes=["messages"])
        centre.tell(recipient=ELDER, urgent=True, to_delegates=True)
        assert centre.one("daughter").subject == ELDER

    def test_who_is_told_of_it_anyway_is_told_once(self, centre):
        centre.relations.grant("daughter", "elder", scopes=["messages"])
        centre.confirmed("daughter")
        centre.wish("elder", copies=3)
        # As an alarm does: each person by a key of their own, one page.
        centre.tell("alert/daughter", recipient=DAUGHTER, subject=ELDER, link="/care/alerts/1")
        centre.tell("alert/elder", recipient=ELDER, link="/care/alerts/1")
        centre.until(lambda: len(centre.listed("elder")) == 1)
        centre.until(lambda: _planned(centre))
        centre.until(lambda: len(centre.mail.got) == 1)
        assert len(centre.listed("daughter")) == 1

    def test_the_same_key_is_the_same_message(self, centre):
        centre.relations.grant("daughter", "elder", scopes=["messages"])
        centre.confirmed("daughter")
        centre.wish("elder", copies=3)
        centre.tell("alert", recipient=ELDER)
        copy = centre.one("daughter")
        centre.tell("alert", recipient=DAUGHTER, subject=ELDER)
        centre.tell("other", recipient=DAUGHTER)
        centre.until(lambda: len(centre.mail.got) == 2)
        assert len(centre.listed("daughter")) == 2
        assert copy.name in {one.name for one in centre.listed("daughter")}

    def test_a_copy_is_not_copied_on(self, centre):
        centre.relations.grant("daughter", "elder", scopes=["messages"])
        centre.relations.grant("resident", "daughter", scopes=["messages"])
        centre.wish("elder", copies=3)
        centre.wish("daughter", copies=3)
        centre.tell(recipient=ELDER)
        centre.one("daughter")
        centre.until(lambda: _planned(centre))
        assert centre.listed("resident") == []

    def test_a_revoked_relation_gets_none(self, centre):
        centre.relations.grant("daughter", "elder", scopes=["messages"])
        centre.relations.revoke("daughter", "elder")
        centre.wish("elder", copies=3)
        centre.tell(recipient=ELDER)
        centre.one("elder")
        centre.until(lambda: _planned(centre))
        assert centre.listed("daughter") == []


class TestWhatNobodyAnswers:
    def test_an_attempt_without_an_outcome_is_made_again_and_the_doubt_is_counted(self, centre):
        centre.confirmed("daughter")
        centre.mail.hold = threading.Event()
        centre.tell()
        message = centre.one()
        centre.until(lambda: len(centre.mail.got) == 1)
        try:
            # The channel hangs longer than anybody waits; e-mail takes no key.
            centre.later(seconds=151)
            centre.until(lambda: centre.state(message) == ["RETRYING"])
        finally:
            centre.mail.hold.set()
        [shown] = centre.shown(message)
        assert shown.maybe_twice == 1
        # What comes late is true all the same, and nothing is sent a second time.
        centre.until(lambda: centre.state(message) == ["SENT"])
        centre.later(hours=3)
        assert len(centre.mail.got) == 1

    def test_attempts_are_forgotten_when_no_outcome_can_come_any_more(self, centre):
        centre.confirmed("daughter")
        centre.tell()
        message = centre.one()
        centre.until(lambda: centre.state(message) == ["SENT"])
        centre.later(hours=29 * 24)
        assert prune(centre.service.db, centre.service.resources.clock.now(), KEPT) == 0
        centre.later(hours=2 * 24)
        assert prune(centre.service.db, centre.service.resources.clock.now(), KEPT) > 0
        assert centre.state(message) == ["SENT"]


class TestReportReceipt:
    def _receipt(self, centre, state, reason="", number=0):
        last = centre.calls.got[number].receipt_url.rpartition("/")[2]
        asked = deliveries_pb2.ReportReceiptRequest(
            receipt=f"receipts/{last}", state=state, reason=reason
        )
        return centre.deliveries("").ReportReceipt(asked)

    def test_an_answered_call_is_delivered(self, centre):
        centre.confirmed("daughter", "phone")
        centre.tell(urgent=True)
        message = centre.one()
        centre.until(lambda: centre.state(message) == ["SENT"])
        self._receipt(centre, "delivered", "acknowledged")
        [shown] = centre.shown(message)
        assert (centre.state(message), shown.reason) == (["DELIVERED"], "acknowledged")

    def test_a_call_that_nobody_takes_is_made_again_under_a_new_key(self, centre):
        centre.confirmed("daughter", "phone")
        centre.tell(urgent=True)
        message = centre.one()
        centre.until(lambda: centre.state(message) == ["SENT"])
        self._receipt(centre, "failed", "no-answer")
        assert centre.state(message) == ["RETRYING"]
        centre.later(seconds=10)
        centre.until(lambda: len(centre.calls.got) == 2)
        first, second = centre.calls.got
        assert first.key != second.key

    @pytest.mark.parametrize("receipt", ["0" * 26 + "." + "0" * 32, "x" * 40])
    def test_a_receipt_that_we_did_not_give_out_is_not_found(self, centre, receipt):
        import grpc

        asked = deliveries_pb2.ReportReceiptRequest(
            receipt=f"receipts/{receipt}", state="delivered"
        )
        with pytest.raises(grpc.RpcError) as caught:
            centre.deliveries("").ReportReceipt(asked)
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_calls_are_for_what_is_urgent_unless_asked_for(centre):
    centre.confirmed("daughter", "phone")
    centre.tell("1")
    centre.one()
    centre.until(lambda: _planned(centre))
    centre.wish("daughter", choices=[{"category": "parking", "channel": "phone", "wanted": True}])
    centre.tell("2")
    centre.until(lambda: len(centre.calls.got) == 1)
