"""Answers where a message reached somebody: known by address, judged by the alert's service."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from xianban.common.v1 import messages_pb2
from xianban_sdk.errors import InvalidArgument, NotFound, PermissionDenied, Unavailable
from xianban_sdk.repository import MachineScope
from xianban_sdk.storage import UnitOfWork

from xianban_notify.domain import Verdict
from xianban_notify.handlers import sending
from xianban_notify.handlers.delivering import Plugged
from xianban_notify.hookspecs import Answered, Answering
from xianban_notify.repository.answers import AnswerRow, Answers
from xianban_notify.repository.deliveries import Deliveries
from xianban_notify.repository.messages import by_id
from xianban_notify.repository.preferences import addresses_by_id

__all__ = ["TAKEN", "answering", "checked", "settle_answer", "take_answer", "token_of"]

TAKEN: Final = "taken"
MACHINE: Final = MachineScope("notify")
_DIGITS: Final = 32
_ULID: Final = 26


def token_of(delivery: str, secret: bytes) -> str:
    """What stands for a delivery in an answer."""
    return f"{delivery}.{_digest(delivery, secret)}"


def answering(channels: Mapping[str, Plugged], channel: str) -> tuple[str, Answering]:
    """The channel and the plugin that brought it, if people can answer there."""
    found = channels.get(channel)
    if found is None or not isinstance(found.channel, Answering):
        raise NotFound("CHANNEL_WITHOUT_ANSWERS", field="channel")
    return found.plugin, found.channel


def checked(error: Exception | None) -> None:
    """A plugin's failure as the provider should hear it."""
    if isinstance(error, PermissionError):
        raise PermissionDenied("ANSWER_SIGNATURE_INVALID", field="body")
    if isinstance(error, ValueError | KeyError | TypeError):
        raise InvalidArgument("ANSWER_UNREADABLE", field="body")
    if error is not None:
        raise Unavailable("CHANNEL_UNAVAILABLE")


def take_answer(channel: str, told: Answered, secret: bytes, *, uow: UnitOfWork) -> None:
    """Asks the service whose alert it is, in the name of whom the address belongs to; once."""
    delivery = Deliveries(uow.conn, MACHINE).get(_delivery(told.token, secret))
    if delivery is None or delivery.channel != channel:
        raise _unknown()
    address = addresses_by_id(uow.conn, [delivery.address]).get(delivery.address)
    if address is None or not address.usable or address.person != delivery.recipient:
        raise _unknown()
    if address.value.casefold() != told.address.casefold():
        raise PermissionDenied("ANSWER_OF_ANOTHER", field="body")
    message = by_id(uow.conn, [delivery.message]).get(delivery.message)
    if message is None or not message.alert:
        raise _unknown()
    now = uow.clock.now()
    row = AnswerRow(id=delivery.id, person=delivery.recipient, handle=told.handle, answered_at=now)
    if not Answers(uow.conn).add(row):
        return
    # Who answers has got it.
    sending.receipt(uow, delivery.id, Verdict.DELIVERED, "")
    asked = messages_pb2.AcknowledgementReceived(
        id=delivery.id,
        domain=message.domain,
        alert=message.alert,
        person=delivery.recipient,
        channel=channel,
    )
    uow.emit(asked, aggregate=f"{message.domain}/{message.alert}", domain="notify")


def settle_answer(told: messages_pb2.AcknowledgementSettled, *, uow: UnitOfWork) -> None:
    """What the service said; shown to who answered by the loop."""
    outcome = TAKEN if told.accepted else told.reason[:64] or "REFUSED"
    Answers(uow.conn).change(told.id, outcome=outcome)


def _delivery(token: str, secret: bytes) -> str:
    delivery, _, digest = token.partition(".")
    right = _digest(delivery, secret)
    if len(delivery) != _ULID or not hmac.compare_digest(digest.encode(), right.encode()):
        raise _unknown()
    return delivery


def _unknown() -> NotFound:
    return NotFound("ANSWER_UNKNOWN", field="body")


def _digest(delivery: str, secret: bytes) -> str:
    return hmac.new(secret, f"answer:{delivery}".encode(), hashlib.sha256).hexdigest()[:_DIGITS]
