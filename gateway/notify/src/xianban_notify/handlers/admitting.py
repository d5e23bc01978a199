"""Whether an attempt may still be made: asked each time one leaves, for retries and copies, too.

What a person chose when the message came may be over by now. A channel that was switched off, a
copy that is not wanted any more, a vendor's purpose that somebody does not agree to: the plugin is
not called, and the delivery ends. An alarm waits for no consent; who switched a channel off for
alarms gets none there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection
from xianban_sdk.app import Resources
from xianban_sdk.plugins import CapabilityToken, NotBooked
from xianban_sdk.telemetry import log

from xianban_notify.domain import Delivery, Message, Preferences
from xianban_notify.handlers.delivering import DELIVER, Plugged
from xianban_notify.repository.preferences import delegates

__all__ = ["Admitted", "admit", "unwanted"]

_WORDS: Final[Mapping[str, str]] = {
    "CONSENT_REQUIRED": "no-consent",
    "PURPOSE_UNDECLARED": "purpose-undeclared",
}


@dataclass(frozen=True)
class Admitted:
    """What was decided of one attempt: it leaves, it is ended, or it waits and is offered again."""

    leaves: bool = False
    capability: str = ""
    ended: str = ""
    """Why it is never made, a kebab-case word."""


def unwanted(
    message: Message,
    delivery: Delivery,
    plugged: Plugged | None,
    wishes: Mapping[str, Preferences],
    *,
    conn: Connection,
    now: datetime,
) -> str:
    """Why the person does not want this any more, a kebab-case word; empty: they do."""
    if plugged is not None and not wishes[delivery.recipient].wants(
        delivery.channel,
        domain=message.domain,
        urgent=message.urgent,
        urgent_only=plugged.channel.urgent_only,
    ):
        return "channel-off"
    if not message.copy_of:
        return ""
    whose = wishes[message.subject]
    if not whose.wants_copies(urgent=message.urgent, to_delegates=message.to_delegates):
        return "copies-off"
    return "" if delivery.recipient in delegates(conn, message.subject, now) else "delegation-over"


def admit(
    plugged: Plugged | None, people: frozenset[str], resources: Resources, *, alarm: bool
) -> Admitted:
    """Issues and books the capability of one attempt, outside of any transaction."""
    if plugged is None:
        # Not here: whoever takes the attempt says so, and it is tried again.
        return Admitted(leaves=True)
    try:
        issued = resources.hooks.permit(plugged.plugin, DELIVER, people, alarm=alarm)
    except NotBooked as error:
        log.warning("attempt_waits", channel=plugged.channel.id, error=str(error))
        return Admitted()
    return _decided(issued)


def _decided(issued: CapabilityToken) -> Admitted:
    if issued.people:
        return Admitted(leaves=True, capability=issued.id)
    if issued.refusal in _WORDS:
        return Admitted(ended=_WORDS[issued.refusal])
    return Admitted(leaves=issued.refusal == "PLUGIN_GONE")
