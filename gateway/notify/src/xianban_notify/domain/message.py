"""A message in somebody's message centre. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

MAX_PARAMS = 40
MAX_TEXT = 2000
_TEMPLATE_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


class MessageRefusedError(ValueError):
    """What was asked for is no message that could be shown; it goes to the dead letters."""


@dataclass(frozen=True)
class Message:
    """One message, told once."""

    id: str
    recipient: str
    domain: str
    template: str
    params: Mapping[str, str]
    link: str
    urgent: bool
    subject: str
    dedupe_key: str
    created_at: datetime
    read_at: datetime | None = None
    # The message that somebody they act for got.
    copy_of: str = ""
    # Of an urgent message: the domain wants those who act for the person to be told too.
    to_delegates: bool = False
    traceparent: str = ""
    # "alerts/{id}" of the domain: what the recipient may take by answering.
    alert: str = ""
    # When what it tells of reached the suite.
    arrived_at: datetime | None = None

    def read(self, now: datetime) -> Message:
        """Read; the first time counts."""
        return self if self.read_at is not None else replace(self, read_at=now)


def checked(message: Message) -> Message:
    """Refuses what could not be shown, or would lead out of the portal."""
    if not message.recipient or not message.template:
        raise MessageRefusedError("recipient and template are needed")
    if not _TEMPLATE_LETTERS.issuperset(message.template):
        raise MessageRefusedError(f"template {message.template[:60]!r} is no template key")
    if len(message.params) > MAX_PARAMS or _longest(message) > MAX_TEXT:
        raise MessageRefusedError("too much text for one message")
    if message.link and not _is_local(message.link):
        raise MessageRefusedError("a message's link must be a path of the portal")
    return message


def _longest(message: Message) -> int:
    return max((len(value) for value in [*message.params.values(), message.link]), default=0)


def _is_local(link: str) -> bool:
    return link.startswith("/") and not link.startswith("//") and "\\" not in link
