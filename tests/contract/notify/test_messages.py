"""The message centre: who may read whose messages."""

from __future__ import annotations

from refusals import refused
from xianban.common.v1 import audit_pb2
from xianban.notify.v1 import messages_pb2 as pb
from xianban_sdk.demo import person_id

MINE = f"residents/{person_id('daughter')}"
ELDERS = f"residents/{person_id('elder')}"


class TestListMessages:
    def test_nobody_without_logging_in_and_no_stranger(self, notify):
        asked = pb.ListMessagesRequest(parent=MINE)
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            notify.messages("").ListMessages(asked)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND", "parent"):
            notify.messages("operator").ListMessages(asked)

    def test_a_person_and_who_acts_for_them_see_them_newest_first(self, notify):
        first, second = notify.tell("elder"), notify.tell("elder")
        asked = pb.ListMessagesRequest(parent=ELDERS)
        for person in ("elder", "daughter"):
            found = notify.messages(person).ListMessages(asked)
            assert [one.name for one in found.messages] == [second.name, first.name]


class TestGetMessage:
    def test_nobody_without_logging_in_and_no_stranger(self, notify):
        asked = pb.GetMessageRequest(name=notify.tell().name)
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            notify.messages("").GetMessage(asked)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            notify.messages("operator").GetMessage(asked)

    def test_looking_does_not_mark_as_read(self, notify):
        told = notify.tell()
        found = notify.messages("daughter").GetMessage(pb.GetMessageRequest(name=told.name))
        assert not found.HasField("read_time")

    def test_another_persons_message_is_absent_under_ones_own_name(self, notify):
        elders = notify.tell("elder").name.rpartition("/")[2]
        with refused("NOT_FOUND", "MESSAGE_NOT_FOUND", "name"):
            notify.messages("daughter").GetMessage(
                pb.GetMessageRequest(name=f"{MINE}/messages/{elders}")
            )


class TestReadMessage:
    def test_nobody_without_logging_in_and_no_stranger(self, notify):
        asked = pb.ReadMessageRequest(name=notify.tell().name, request_id=notify.request_id())
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            notify.messages("").ReadMessage(asked)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            notify.messages("operator").ReadMessage(asked)

    def test_it_is_read_from_then_on(self, notify):
        asked = pb.ReadMessageRequest(name=notify.tell().name, request_id=notify.request_id())
        assert notify.messages("daughter").ReadMessage(asked).HasField("read_time")
        unread = pb.ListMessagesRequest(parent=MINE, unread=True)
        assert list(notify.messages("daughter").ListMessages(unread).messages) == []


class TestWatchMessages:
    def test_nobody_without_logging_in_and_no_stranger(self, notify):
        asked = pb.WatchMessagesRequest(parent=MINE)
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            next(notify.messages("").WatchMessages(asked, timeout=10))
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            next(notify.messages("operator").WatchMessages(asked, timeout=10))


class TestListAccesses:
    def test_it_is_for_the_person_alone(self, notify):
        asked = audit_pb2.ListAccessesRequest(parent=MINE)
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            notify.messages("").ListAccesses(asked)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            notify.messages("operator").ListAccesses(asked)
