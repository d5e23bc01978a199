"""Proto to domain and back."""

from __future__ import annotations

from xianban.common.v1 import messages_pb2
from xianban.notify.v1 import messages_pb2 as pb
from xianban_sdk import telemetry
from xianban_sdk.messaging import Event
from xianban_sdk.names import said
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.wire import optional_instant

from xianban_notify.domain import Message, checked


def requested(event: messages_pb2.MessageRequested, meta: Event, uow: UnitOfWork) -> Message:
    """The message that a domain asks for; without a key of its own the event's id is the key."""
    return checked(
        Message(
            id=uow.ids.new(),
            recipient=event.recipient,
            domain=meta.routing_key.partition(".")[0],
            template=event.template,
            params=dict(event.params),
            link=event.link,
            urgent=event.urgent,
            subject=event.subject,
            dedupe_key=event.dedupe_key or meta.id,
            created_at=uow.clock.now(),
            to_delegates=event.to_delegates,
            traceparent=telemetry.traceparent(meta.traceparent),
            alert=event.alert[:64],
            arrived_at=optional_instant(event, "arrive_time"),
        )
    )


def message(found: Message) -> pb.Message:
    shown = pb.Message(
        name=f"residents/{found.recipient}/messages/{found.id}",
        domain=found.domain,
        template=found.template,
        params=said(found.params),
        link=found.link,
        urgent=found.urgent,
        subject=found.subject,
    )
    shown.create_time.FromDatetime(found.created_at)
    if found.read_at is not None:
        shown.read_time.FromDatetime(found.read_at)
    return shown
