"""What the other services ask people to be told."""

from xianban.common.v1 import messages_pb2
from xianban_sdk.messaging import Event, consumer
from xianban_sdk.storage import UnitOfWork

from xianban_notify import convert, repository


@consumer("*.v1.message_requested")
def on_message_requested(
    event: messages_pb2.MessageRequested, *, uow: UnitOfWork, meta: Event
) -> None:
    """Puts the message into the person's message centre, once per dedupe key."""
    repository.add(uow.conn, convert.requested(event, meta, uow))
