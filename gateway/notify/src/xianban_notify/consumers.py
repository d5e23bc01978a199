"""What the other services ask people to be told, and what the worker says of it."""

from xianban.common.v1 import messages_pb2
from xianban.notify.v1 import events_pb2
from xianban_sdk.messaging import Event, consumer
from xianban_sdk.storage import UnitOfWork

from xianban_notify import repository
from xianban_notify.convert import messages as convert
from xianban_notify.handlers import sending, waking
from xianban_notify.handlers.answers import settle_answer


@consumer("*.v1.message_requested")
def on_message_requested(
    event: messages_pb2.MessageRequested, *, uow: UnitOfWork, meta: Event
) -> None:
    """Puts the message into the person's message centre, once per dedupe key.

    Nothing more: this is on the path of every alarm. Where else it goes is planned afterwards.
    """
    if repository.add(uow.conn, convert.requested(event, meta, uow)):
        uow.after_commit(waking.planner.set)


@consumer("notify.v1.delivery_attempted")
def on_delivery_attempted(
    event: events_pb2.DeliveryAttempted, *, uow: UnitOfWork, meta: Event
) -> None:
    """Moves the delivery on. Comes over the worker's queue or from notify's own thread."""
    sending.settle(
        uow,
        event.attempt,
        event.verdict,
        reason=event.reason,
        reference=event.reference,
        twice=event.maybe_twice,
    )


@consumer("*.v1.acknowledgement_settled")
def on_acknowledgement_settled(
    event: messages_pb2.AcknowledgementSettled, *, uow: UnitOfWork, meta: Event
) -> None:
    """The service whose alert it is has judged what somebody answered."""
    settle_answer(event, uow=uow)
