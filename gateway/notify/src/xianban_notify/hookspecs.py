"""What a vendor may plug into notify 消息中心: the ways by which messages reach people.

The hook brings a capability and is read once at start-up. Everything a plugin needs to import is
in this module. Channels run in the delivery worker (an eventlet process) or, on a laptop, in a
thread: they block, keep their own time limits (10 s at most) and hold no state between attempts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

import pluggy
from xianban_sdk.carrying import carries

__all__ = [
    "Answered",
    "Answering",
    "Attempt",
    "Channel",
    "Echo",
    "Outcome",
    "Verdict",
    "hookimpl",
    "hookspec",
    "register_channel",
]

hookspec = pluggy.HookspecMarker("xianban.notify")
hookimpl = pluggy.HookimplMarker("xianban.notify")


class Verdict(StrEnum):
    """What became of an attempt."""

    # Taken over by the provider; a receipt may follow.
    SENT = "sent"
    # Known to have arrived.
    DELIVERED = "delivered"
    # Passes by itself: the same attempt may succeed later.
    FAILED = "failed"
    # Not this message, whenever it is tried.
    REFUSED = "refused"
    # This address is no more: it is not used again until the person confirms it anew.
    BOUNCED = "bounced"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to bring one message to one address."""

    # The same for every attempt of this delivery: providers that take a key send it once.
    key: str
    number: int
    address: str
    title: str
    body: str
    # An absolute address that opens the message in the portal; "" where there is none.
    link: str
    locale: str
    urgent: bool
    # Messages of one matter (an alarm and what followed) share it; "" where there is none.
    group: str
    # Where the provider may later tell what became of it (POST {"state": "delivered"}).
    receipt_url: str
    # Given back when the person takes the alert that this tells of; "": there is nothing to take.
    answer_token: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the provider said. `reason` is a short kebab-case word for people and statistics."""

    verdict: Verdict
    reason: str = ""
    # The provider's own id.
    reference: str = ""


class Channel(Protocol):
    """One way by which messages reach people."""

    # Short and stable, e.g. "email"; it is stored with each delivery.
    id: str
    # Name by locale, "zh-CN" and "en".
    names: Mapping[str, str]
    # The kind of address it sends to: "email", "phone", "wecom" or "webpush".
    needs: str
    # True: the provider drops a second attempt with the same key.
    takes_idempotency_key: bool
    # True: carries only urgent messages unless the person asks for more.
    urgent_only: bool
    # True: confirmation codes for its kind of address go this way.
    carries_codes: bool
    # What a browser needs to subscribe (RFC 8292's application server key); else "".
    browser_key: str

    @carries("notify.delivery", "request", "channel.deliver", alarms=True)
    def deliver(self, attempt: Attempt) -> Outcome:
        """Hands one message on. Raising counts as `Verdict.FAILED`."""
        ...


@dataclass(frozen=True, slots=True)
class Answered:
    """Somebody pressed "I see to it" where the message reached them."""

    # The attempt's `answer_token`.
    token: str
    # Who pressed, as the channel's own address.
    address: str
    # What the channel needs to show there what became of it.
    handle: str = ""


@dataclass(frozen=True, slots=True)
class Echo:
    """Nothing was answered; this is what the provider wants to hear."""

    text: str = ""


@runtime_checkable
class Answering(Protocol):
    """A channel where people can answer, too (since 1.0; older channels stay as they are)."""

    @carries("notify.delivery", "request", "channel.answer")
    def answer(self, query: Mapping[str, str], body: bytes, now: datetime) -> Answered | Echo:
        """Reads what the provider sends; PermissionError: it did not prove itself."""
        ...

    @carries("notify.delivery", "request", "channel.show")
    def show(self, answered: Answered, words: str) -> Outcome:
        """Shows who answered what became of it; the same again changes nothing."""
        ...


@hookspec
def register_channel() -> Channel | None:
    """Adds a way by which messages reach people; None where it is not configured."""
