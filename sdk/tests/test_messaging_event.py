from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban.cloudevents.v1 import cloudevents_pb2 as ce
from xianban.common.v1.messages_pb2 import MessageRequested
from xianban.common.v1.relations_pb2 import RelationChanged
from xianban_sdk.messaging import Event, matches, routing_key
from xianban_sdk.messaging.event import (
    Undecodable,
    decode_batch,
    decode_event,
    encode_batch,
    encode_event,
)
from xianban_sdk.messaging.framing import pack

names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)
events = st.builds(
    Event,
    id=names.filter(bool),
    source=names.filter(bool),
    type=names.filter(bool),
    routing_key=names,
    subject=names,
    aggregate=names,
    time=st.datetimes(
        min_value=datetime(1970, 1, 1),  # noqa: DTZ001 - made aware by Hypothesis
        max_value=datetime(2100, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    data=st.binary(max_size=50),
    traceparent=names,
    tracestate=names,
    actor=names,
)


@given(events)
def test_an_event_survives_the_wire(event: Event) -> None:
    assert decode_event(encode_event(event)) == event


@given(st.lists(events, max_size=5))
def test_a_batch_survives_the_wire_in_order(batch: list[Event]) -> None:
    assert decode_batch(encode_batch(batch)) == batch


@given(st.binary(min_size=1, max_size=100))
def test_garbage_is_undecodable_and_nothing_else(data: bytes) -> None:
    try:
        decode_event(data)
        decode_batch(data)
    except Undecodable:
        return


def test_the_envelope_is_cloudevents_with_protobuf_data() -> None:
    data = MessageRequested(recipient="ELDER").SerializeToString()
    event = Event(
        "1", "/services/parking", "xianban.common.v1.MessageRequested", "parking.v1.x",
        "ELDER", "permits/1", datetime(2026, 11, 23, tzinfo=UTC), data,
    )  # fmt: skip
    read = ce.CloudEvent.FromString(encode_event(event))
    unpacked = MessageRequested()
    assert read.spec_version == "1.0"
    assert read.attributes["datacontenttype"].ce_string == "application/protobuf"
    assert read.proto_data.Unpack(unpacked)
    assert unpacked.recipient == "ELDER"


def test_routing_keys_follow_the_proto_name() -> None:
    assert routing_key(RelationChanged) == "common.v1.relation_changed"
    assert routing_key(MessageRequested(), "parking") == "parking.v1.message_requested"


@pytest.mark.parametrize(
    ("pattern", "key", "taken"),
    [
        ("parking.v1.permit_issued", "parking.v1.permit_issued", True),
        ("parking.v1.permit_issued", "parking.v1.permit", False),
        ("*.v1.message_requested", "parking.v1.message_requested", True),
        ("*.message_requested", "parking.v1.message_requested", False),
        ("parking.#", "parking.v1.permit_issued", True),
        ("parking.#", "parking", True),
        ("#", "anything.at.all", True),
        ("#.issued", "parking.v1.issued", True),
        ("parking.*", "parking", False),
    ],
)
def test_patterns_match_as_amqp_topics_do(pattern: str, key: str, taken: bool) -> None:
    assert matches(pattern, key) is taken


def made(number: int, aggregate: str, key: str) -> Event:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    return Event(str(number), "s", "t", key, "", aggregate, now, b"x" * (number % 7))


sequences = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz")), max_size=60)


@given(sequences, st.integers(1, 10), st.integers(257, 2000))
def test_packing_keeps_the_order_of_each_aggregate(
    shape: list[tuple[str, str]], most_events: int, most_bytes: int
) -> None:
    original = [made(number, aggregate, key) for number, (aggregate, key) in enumerate(shape)]
    frames = pack(original, most_events=most_events, most_bytes=most_bytes)
    sent = [event for frame in frames for event in frame]
    assert sorted(sent, key=lambda event: int(event.id)) == original
    for aggregate in "abcd":
        before = [event for event in original if event.aggregate == aggregate]
        assert [event for event in sent if event.aggregate == aggregate] == before


@given(sequences, st.integers(1, 10))
def test_a_frame_has_one_routing_key_and_a_bounded_size(
    shape: list[tuple[str, str]], most_events: int
) -> None:
    original = [made(number, aggregate, key) for number, (aggregate, key) in enumerate(shape)]
    for frame in pack(original, most_events=most_events):
        assert len({event.routing_key for event in frame}) == 1
        assert len(frame) <= most_events


def test_events_of_one_key_travel_together() -> None:
    many = [made(number, f"a{number % 9}", "k") for number in range(250)]
    assert [len(frame) for frame in pack(many)] == [100, 100, 50]
