"""Consumers: functions that take an event of one kind."""

import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from google.protobuf.message import Message

from xianban_sdk.messaging.event import Event, event_type, matches

__all__ = ["Consumer", "consumer", "describe"]

_Function = TypeVar("_Function", bound=Callable[..., None])

_MARK = "__xianban_consumer__"


@dataclass(frozen=True)
class Consumer:
    """A function, the keys it takes and the message it reads."""

    pattern: str
    function: Callable[..., None]
    message: type[Message]

    def takes(self, event: Event) -> bool:
        return matches(self.pattern, event.routing_key)

    def parse(self, event: Event) -> Message:
        if event.type != event_type(self.message):
            raise ValueError(f"{event.type} is not a {event_type(self.message)}")
        return self.message.FromString(event.data)


def consumer(pattern: str) -> Callable[[_Function], _Function]:
    """`@consumer("parking.v1.receipt_issued")` on
    `def on_receipt(event: pb.ReceiptIssued, *, uow: UnitOfWork, meta: Event) -> None`.

    The pattern is a topic: `*.v1.message_requested` takes that event of any domain.
    """

    def mark(function: _Function) -> _Function:
        setattr(function, _MARK, pattern)
        return function

    return mark


def describe(function: Callable[..., None]) -> Consumer:
    """The consumer a marked function (or bound method) is; fails at start-up when it is none."""
    pattern = getattr(function, _MARK, None)
    if pattern is None:
        raise TypeError(f"{function!r} is not marked with @consumer")
    hints: dict[str, Any] = typing.get_type_hints(function)
    message = hints.get("event")
    if not (isinstance(message, type) and issubclass(message, Message)):
        raise TypeError(f"{function!r} needs `event` annotated with a protobuf message")
    return Consumer(pattern, function, message)
