"""Use cases of the message centre."""

from __future__ import annotations

from datetime import datetime, timedelta

from xianban_sdk.storage import UnitOfWork

from xianban_notify.domain import Message
from xianban_notify.errors import message_not_found
from xianban_notify.handlers import sending
from xianban_notify.repository import Messages

# Transactions commit out of order: a look reaches this far behind the one before.
OVERLAP = timedelta(seconds=5)


def read_message(message_id: str, *, messages: Messages, uow: UnitOfWork, actor: str) -> Message:
    """Marks a message as read; who reads their own need not be told in other ways any more."""
    found = messages.get(message_id)
    if found is None:
        raise message_not_found()
    read = found.read(uow.clock.now())
    messages.save_read(read)
    if actor == found.recipient and found.read_at is None:
        sending.read(uow, found.id)
    return read


class Arrivals:
    """What is new since one began to watch, each message once."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._last = start
        self._told: dict[str, datetime] = {}

    def new(self, messages: Messages, now: datetime) -> list[Message]:
        since = max(self._start, self._last - OVERLAP)
        fresh = [one for one in messages.since(since) if one.id not in self._told]
        self._told = {key: at for key, at in self._told.items() if at >= since}
        self._told.update({one.id: one.created_at for one in fresh})
        self._last = max(self._last, fresh[-1].created_at if fresh else now)
        return fresh
