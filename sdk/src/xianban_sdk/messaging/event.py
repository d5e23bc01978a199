"""The envelope: CloudEvents 1.0 with protobuf data."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from google.protobuf.message import DecodeError, Message
from xianban.cloudevents.v1 import cloudevents_pb2 as ce

__all__ = [
    "Event",
    "Undecodable",
    "decode_batch",
    "decode_event",
    "encode_batch",
    "encode_event",
    "event_type",
    "matches",
    "routing_key",
]

_ROOT = "xianban."
_TYPE_URL = "type.googleapis.com/"
_DATA_CONTENT_TYPE = "application/protobuf"


class Undecodable(ValueError):
    """Not a CloudEvent of ours."""


@dataclass(frozen=True, slots=True)
class Event:
    """One fact, past tense. `aggregate` is what its order is kept by."""

    id: str
    source: str
    type: str
    routing_key: str
    subject: str
    aggregate: str
    time: datetime
    data: bytes
    traceparent: str = ""
    tracestate: str = ""
    actor: str = ""

    @property
    def trace_id(self) -> str:
        return self.traceparent.split("-")[1] if self.traceparent.count("-") == 3 else ""


def event_type(message: Message | type[Message]) -> str:
    """CloudEvents type of a message, e.g. "xianban.parking.v1.PermitIssued"."""
    return message.DESCRIPTOR.full_name


def routing_key(message: Message | type[Message], domain: str | None = None) -> str:
    """E.g. "parking.v1.permit_issued"; `domain` stands in for the package's own."""
    package, _, name = event_type(message).removeprefix(_ROOT).rpartition(".")
    if domain:
        package = f"{domain}.{package.rpartition('.')[2]}"
    return f"{package}.{_snake(name)}"


def matches(pattern: str, key: str) -> bool:
    """Whether a topic pattern takes a routing key: `*` is one word, `#` any number of them."""
    return _match(pattern.split("."), key.split("."))


def encode_event(event: Event) -> bytes:
    return _to_cloud_event(event).SerializeToString()


def decode_event(data: bytes) -> Event:
    """Raises `Undecodable`."""
    try:
        return _from_cloud_event(ce.CloudEvent.FromString(data))
    except DecodeError as error:
        raise Undecodable(str(error)) from error


def encode_batch(events: list[Event]) -> bytes:
    batch = ce.CloudEventBatch(events=[_to_cloud_event(event) for event in events])
    return batch.SerializeToString()


def decode_batch(data: bytes) -> list[Event]:
    """Raises `Undecodable`."""
    try:
        batch = ce.CloudEventBatch.FromString(data)
    except DecodeError as error:
        raise Undecodable(str(error)) from error
    return [_from_cloud_event(event) for event in batch.events]


def _to_cloud_event(event: Event) -> ce.CloudEvent:
    made = ce.CloudEvent(id=event.id, source=event.source, spec_version="1.0", type=event.type)
    attributes = {
        "subject": event.subject,
        "datacontenttype": _DATA_CONTENT_TYPE,
        "routingkey": event.routing_key,
        "aggregate": event.aggregate,
        "actor": event.actor,
        "traceparent": event.traceparent,
        "tracestate": event.tracestate,
    }
    for name, value in attributes.items():
        if value:
            made.attributes[name].ce_string = value
    made.attributes["time"].ce_timestamp.FromDatetime(event.time)
    made.proto_data.type_url = _TYPE_URL + event.type
    made.proto_data.value = event.data
    return made


def _from_cloud_event(made: ce.CloudEvent) -> Event:
    if made.spec_version != "1.0" or not (made.id and made.source and made.type):
        raise Undecodable("a CloudEvent 1.0 has id, source and type")
    if made.WhichOneof("data") != "proto_data" or "time" not in made.attributes:
        raise Undecodable("events of this suite carry protobuf data and a time")
    text = {name: value.ce_string for name, value in made.attributes.items()}
    return Event(
        id=made.id,
        source=made.source,
        type=made.type,
        routing_key=text.get("routingkey", ""),
        subject=text.get("subject", ""),
        aggregate=text.get("aggregate", ""),
        time=made.attributes["time"].ce_timestamp.ToDatetime(UTC),
        data=made.proto_data.value,
        traceparent=text.get("traceparent", ""),
        tracestate=text.get("tracestate", ""),
        actor=text.get("actor", ""),
    )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _match(pattern: list[str], words: list[str]) -> bool:
    if not pattern:
        return not words
    if pattern[0] == "#":
        return any(_match(pattern[1:], words[skipped:]) for skipped in range(len(words) + 1))
    return bool(words) and pattern[0] in ("*", words[0]) and _match(pattern[1:], words[1:])
