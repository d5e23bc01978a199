"""Decides where a message is sent, apart from taking it in: that stays one insert per alarm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from xianban_sdk.repository import MachineScope
from xianban_sdk.storage import UnitOfWork

from xianban_notify.domain import Delivery, Message, Preferences
from xianban_notify.handlers.delivering import Plugged
from xianban_notify.handlers.sending import begin_or_wait
from xianban_notify.repository import add
from xianban_notify.repository.deliveries import Deliveries
from xianban_notify.repository.messages import planned, same_matter, unplanned
from xianban_notify.repository.preferences import (
    Address,
    delegates,
    preferences_of,
    usable_addresses,
)

MACHINE: Final = MachineScope("notify")
TOGETHER: Final = 100
# Somebody told themselves of a matter needs no copy of it within this time.
_SAME_MATTER: Final = timedelta(hours=1)


@dataclass(frozen=True)
class People:
    """What is known of everybody that a batch concerns."""

    preferences: Mapping[str, Preferences]
    addresses: Mapping[str, list[Address]]


def plan(uow: UnitOfWork, channels: Mapping[str, Plugged]) -> int:
    """Plans what waits, oldest first; returns how many messages."""
    waiting = unplanned(uow.conn, TOGETHER)
    if not waiting:
        return 0
    recipients = {one.recipient for one in waiting}
    people = People(preferences_of(uow.conn, recipients), usable_addresses(uow.conn, recipients))
    planned(uow.conn, waiting, uow.clock.now())
    for message in waiting:
        _copy_to_delegates(uow, message, people.preferences[message.recipient])
        if people.addresses.get(message.recipient) and not _told_already(uow, message):
            _send(uow, message, people, channels)
    return len(waiting)


def _send(
    uow: UnitOfWork, message: Message, people: People, channels: Mapping[str, Plugged]
) -> None:
    wishes = people.preferences[message.recipient]
    deliveries = Deliveries(uow.conn, MACHINE)
    for delivery in _wanted(uow, message, wishes, people.addresses[message.recipient], channels):
        if deliveries.add(delivery):
            begin_or_wait(uow, delivery, wishes)


def _wanted(
    uow: UnitOfWork,
    message: Message,
    wishes: Preferences,
    addresses: Iterable[Address],
    channels: Mapping[str, Plugged],
) -> list[Delivery]:
    if message.read_at is not None:
        return []
    return [
        _delivery(uow, message, name, address)
        for name, plugged in channels.items()
        if wishes.wants(
            name,
            domain=message.domain,
            urgent=message.urgent,
            urgent_only=plugged.channel.urgent_only,
        )
        for address in addresses
        if address.kind == plugged.channel.needs
    ]


def _delivery(uow: UnitOfWork, message: Message, channel: str, address: Address) -> Delivery:
    return Delivery(
        id=uow.ids.new(),
        message=message.id,
        recipient=message.recipient,
        channel=channel,
        address=address.id,
        urgent=message.urgent,
        created_at=uow.clock.now(),
    )


def _copy_to_delegates(uow: UnitOfWork, message: Message, wishes: Preferences) -> None:
    """Copies are never copied on: who acts for a delegate has no part in this."""
    own = message.subject in ("", message.recipient)
    wanted = wishes.wants_copies(urgent=message.urgent, to_delegates=message.to_delegates)
    if message.copy_of or not own or not wanted:
        return
    for delegate in delegates(uow.conn, message.recipient, uow.clock.now()):
        copy = replace(
            message,
            id=uow.ids.new(),
            recipient=delegate,
            subject=message.recipient,
            copy_of=message.id,
            created_at=uow.clock.now(),
            read_at=None,
        )
        if not _told_of_it(uow, copy, uow.clock.now()):
            # The same key: a delegate whom the domain tells by it as well is told once.
            add(uow.conn, copy)


def _told_already(uow: UnitOfWork, message: Message) -> bool:
    """Whether a copy of the same matter came first and went out over the channels."""
    if not message.subject or message.copy_of:
        return False
    found = _matter(uow, message, uow.clock.now())
    return any(one.copy_of and one.id < message.id for one in found)


def _told_of_it(uow: UnitOfWork, copy: Message, now: datetime) -> bool:
    return bool(_matter(uow, copy, now))


def _matter(uow: UnitOfWork, message: Message, now: datetime) -> list[Message]:
    """What the same person was told of the same matter: same words, same page, same subject."""
    found = same_matter(uow.conn, message, message.recipient, now - _SAME_MATTER)
    return [
        one
        for one in found
        if one.id != message.id and one.link == message.link and one.subject == message.subject
    ]
