"""Where messages were sent: who may see it, and who may tell what became of it."""

from __future__ import annotations

from refusals import refused
from xianban.notify.v1 import deliveries_pb2 as pb
from xianban_sdk.demo import person_id

MINE = f"residents/{person_id('daughter')}"


class TestListDeliveries:
    def test_nobody_without_logging_in_and_no_stranger(self, notify):
        asked = pb.ListDeliveriesRequest(parent=notify.tell().name)
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            notify.deliveries("").ListDeliveries(asked)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            notify.deliveries("operator").ListDeliveries(asked)

    def test_another_persons_message_is_absent_under_ones_own_name(self, notify):
        elders = notify.tell("elder").name.rpartition("/")[2]
        with refused("NOT_FOUND", "MESSAGE_NOT_FOUND", "parent"):
            notify.deliveries("daughter").ListDeliveries(
                pb.ListDeliveriesRequest(parent=f"{MINE}/messages/{elders}")
            )

    def test_the_message_centre_itself_comes_first(self, notify):
        asked = pb.ListDeliveriesRequest(parent=notify.tell("elder").name)
        for person in ("elder", "daughter"):
            [first] = notify.deliveries(person).ListDeliveries(asked).deliveries
            assert (first.channel, first.channel_display) == ("in-app", "Message centre")


class TestReportReceipt:
    def test_who_does_not_know_the_receipt_tells_nothing(self, notify):
        asked = pb.ReportReceiptRequest(
            receipt=f"receipts/{'0' * 26}.{'0' * 32}", state="delivered"
        )
        with refused("NOT_FOUND", "RECEIPT_NOT_FOUND", "receipt"):
            notify.deliveries("").ReportReceipt(asked)

    def test_a_state_that_there_is_not_is_named(self, notify):
        asked = pb.ReportReceiptRequest(receipt=f"receipts/{'0' * 26}.{'0' * 32}", state="eaten")
        with refused("INVALID_ARGUMENT", "REQUEST_INVALID", "state"):
            notify.deliveries("").ReportReceipt(asked)
