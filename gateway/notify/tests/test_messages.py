"""The message centre through its real socket, fed by real events."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from xianban.common.v1 import audit_pb2, messages_pb2
from xianban.notify.v1 import messages_pb2 as pb
from xianban.notify.v1.messages_pb2_grpc import MessageServiceStub
from xianban_notify.app import app
from xianban_sdk.demo import person_id
from xianban_sdk.messaging import BusUnavailable, list_dead
from xianban_sdk.messaging.event import Event, event_type

DAUGHTER, ELDER = person_id("daughter"), person_id("elder")
MINE = f"residents/{DAUGHTER}"


@pytest.fixture
def notify(service_under_test: Callable[..., Any]) -> Any:
    return service_under_test(app)


def tell(notify: Any, number: int = 1, recipient: str = DAUGHTER, **fields: Any) -> None:
    """A domain's event arrives over the bus."""
    asked = {"template": "parking-receipt", "params": {"fee": "12.50"}, "dedupe_key": str(number)}
    event = messages_pb2.MessageRequested(recipient=recipient, **asked | fields)
    resources = notify.resources
    framed = Event(
        id=resources.ids.new(),
        source="/services/parking",
        type=event_type(event),
        routing_key="parking.v1.message_requested",
        subject=recipient,
        aggregate=f"residents/{recipient}",
        time=resources.clock.now(),
        data=event.SerializeToString(),
    )
    until(lambda: published(resources.bus, framed))


def published(bus: Any, event: Event) -> bool:
    """As a relay does: again, while the subscriber is still starting."""
    try:
        bus.publish([event])
    except BusUnavailable:
        return False
    return True


def listed(notify: Any, person: str = "daughter", **fields: Any) -> pb.ListMessagesResponse:
    question = pb.ListMessagesRequest(parent=MINE, **fields)
    return notify.stub(MessageServiceStub, person).ListMessages(question)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def refused(call: Callable[[], Any]) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code()  # type: ignore[attr-defined]


def test_nobody_reads_without_logging_in(notify: Any) -> None:
    assert refused(lambda: listed(notify, "")) is grpc.StatusCode.UNAUTHENTICATED


def test_a_stranger_hears_that_there_is_no_such_resident(notify: Any) -> None:
    tell(notify)
    assert refused(lambda: listed(notify, "operator")) is grpc.StatusCode.NOT_FOUND


def test_a_delegate_with_leave_for_messages_reads_them(notify: Any, relations: Any) -> None:
    tell(notify)
    relations.grant("elder", "daughter", scopes=["messages"])
    until(lambda: listed(notify, "elder").unread_count == 1)
    relations.revoke("elder", "daughter")
    assert refused(lambda: listed(notify, "elder")) is grpc.StatusCode.NOT_FOUND


def test_a_message_arrives_with_its_template_and_values(notify: Any) -> None:
    tell(notify, link="/parking/receipts/1", urgent=True, subject=ELDER)
    until(lambda: listed(notify).unread_count == 1)
    found = listed(notify).messages[0]
    assert (found.domain, found.template, found.params["fee"]) == (
        "parking",
        "parking-receipt",
        "12.50",
    )
    assert (found.link, found.urgent, found.subject) == ("/parking/receipts/1", True, ELDER)


def test_the_same_key_is_told_once(notify: Any) -> None:
    for _ in range(3):
        tell(notify, 1)
    tell(notify, 2)
    until(lambda: len(listed(notify).messages) == 2)
    assert listed(notify).unread_count == 2


def test_the_same_key_for_another_person_is_another_message(notify: Any) -> None:
    tell(notify, 1)
    tell(notify, 1, recipient=ELDER)
    until(lambda: listed(notify).unread_count == 1)
    other = pb.ListMessagesRequest(parent=f"residents/{ELDER}")
    stub = notify.stub(MessageServiceStub, "elder")
    until(lambda: stub.ListMessages(other).unread_count == 1)


def test_a_message_that_cannot_be_shown_goes_to_the_dead_letters(notify: Any) -> None:
    tell(notify, link="https://evil.test/")
    until(lambda: len(list_dead(notify.db)) == 1)
    assert listed(notify).unread_count == 0


def test_pages_go_newest_first_and_never_into_another_question(notify: Any, clock: Any) -> None:
    for number in range(5):
        tell(notify, number)
    until(lambda: listed(notify).unread_count == 5)
    first = listed(notify, page_size=2)
    second = listed(notify, page_size=2, page_token=first.next_page_token)
    third = listed(notify, page_size=2, page_token=second.next_page_token)
    names = [one.name for page in (first, second, third) for one in page.messages]
    assert len(set(names)) == 5
    assert third.next_page_token == ""
    token = first.next_page_token
    wrong = lambda: listed(notify, unread=True, page_token=token)  # noqa: E731
    assert refused(wrong) is grpc.StatusCode.INVALID_ARGUMENT


def test_reading_counts_the_first_time(notify: Any) -> None:
    tell(notify)
    until(lambda: listed(notify).unread_count == 1)
    stub = notify.stub(MessageServiceStub, "daughter")
    name = listed(notify).messages[0].name
    first = stub.ReadMessage(pb.ReadMessageRequest(name=name, request_id="request-1"))
    again = stub.ReadMessage(pb.ReadMessageRequest(name=name, request_id="request-2"))
    assert first.read_time == again.read_time
    assert listed(notify).unread_count == 0
    assert listed(notify, unread=True).messages == []


def test_an_absent_message_is_not_found(notify: Any) -> None:
    stub = notify.stub(MessageServiceStub, "daughter")
    asked = pb.ReadMessageRequest(name=f"{MINE}/messages/{DAUGHTER}", request_id="request-1")
    assert refused(lambda: stub.ReadMessage(asked)) is grpc.StatusCode.NOT_FOUND


def test_who_watches_is_told_of_new_messages_only(notify: Any) -> None:
    tell(notify, 1)
    until(lambda: listed(notify).unread_count == 1)
    notify.resources.clock.advance(_seconds(60))
    stub = notify.stub(MessageServiceStub, "daughter")
    stream = stub.WatchMessages(pb.WatchMessagesRequest(parent=MINE), timeout=15)
    time.sleep(0.5)
    tell(notify, 2, params={"fee": "3.00"})
    assert next(stream).params["fee"] == "3.00"
    stream.cancel()


def _seconds(number: int) -> Any:
    from datetime import timedelta

    return timedelta(seconds=number)


def test_a_delegates_look_is_in_the_access_records(notify: Any, relations: Any) -> None:
    relations.grant("elder", "daughter", scopes=["messages"])
    until(lambda: listed(notify, "elder").unread_count == 0)
    stub = notify.stub(MessageServiceStub, "daughter")
    records = stub.ListAccesses(audit_pb2.ListAccessesRequest(parent=MINE)).accesses
    assert ("ListMessages", ELDER) in {(one.action, one.actor) for one in records}
