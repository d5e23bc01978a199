"""Calls the channel of one attempt: the same in the worker process and in notify's own thread.

Holds nothing and knows no database; grpc must not come in here (the worker is eventlet's).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from xianban.notify.v1 import events_pb2
from xianban_sdk import telemetry
from xianban_sdk.messaging.event import Event
from xianban_sdk.plugins import (
    STRANGER,
    Brought,
    BroughtByName,
    CapabilityToken,
    HookResult,
    Hooks,
    Refuse,
)

from xianban_notify.hookspecs import Attempt, Channel, Outcome, Verdict

# Channels keep to 10 s by themselves; who takes longer hangs.
CHANNEL_SECONDS: Final = 30.0
DELIVER: Final = "channel.deliver"
TOO_LATE: Final = "too-late"
ROUTING_KEY: Final = "notify.v1.delivery_attempted"


@dataclass(frozen=True, slots=True)
class Plugged:
    """A channel and the plugin that brought it."""

    plugin: str
    channel: Channel


def channels_of(hooks: Hooks) -> Mapping[str, Plugged]:
    """The installed channels by id, as they are now; of two of one id the first stays."""
    return BroughtByName(Brought(hooks, "register_channel", _channels))


def _channels(results: Sequence[HookResult], refuse: Refuse) -> Mapping[str, Plugged]:
    found: dict[str, Plugged] = {}
    for result in results:
        if result.value is None:
            continue
        if result.value.id in found:
            refuse(result.plugin, f"two channels call themselves {result.value.id!r}")
        else:
            found[result.value.id] = Plugged(result.plugin, result.value)
    return found


def deliver(
    asked: events_pb2.DeliveryRequested, hooks: Hooks, now: datetime, *, again: bool = False
) -> events_pb2.DeliveryAttempted:
    """Makes the attempt. `again`: it may have been made before, by a worker that died."""
    plugged = channels_of(hooks).get(asked.channel)
    if plugged is None:
        return _told(asked, Outcome(Verdict.FAILED, "channel-not-installed"))
    if now.timestamp() > asked.begin_before_s:
        return events_pb2.DeliveryAttempted(attempt=asked.attempt, verdict=TOO_LATE)
    attempt = _attempt(asked)
    result = hooks.run(
        plugged.plugin,
        DELIVER,
        lambda: plugged.channel.deliver(attempt),
        CHANNEL_SECONDS,
        about=_capability(asked, plugged.plugin),
    )
    twice = (again or asked.maybe_again) and not plugged.channel.takes_idempotency_key
    return _told(asked, _outcome(result), twice=twice)


def _capability(asked: events_pb2.DeliveryRequested, plugin: str) -> CapabilityToken:
    """Issued and booked by notify when the attempt left; whom it is about, only notify knows."""
    people = frozenset({STRANGER} if asked.capability else ())
    return CapabilityToken(plugin, DELIVER, "", people, id=asked.capability, booked=True)


def outcome_event(asked: Event, told: events_pb2.DeliveryAttempted, now: datetime) -> Event:
    """One id per attempt: told twice it is heard once. To be called within the attempt's span."""
    return Event(
        id=f"{told.attempt}-outcome",
        source="/services/notify/worker",
        type="xianban.notify.v1.DeliveryAttempted",
        routing_key=ROUTING_KEY,
        subject=asked.subject,
        aggregate=asked.aggregate,
        time=now,
        data=told.SerializeToString(deterministic=True),
        traceparent=telemetry.traceparent(asked.traceparent),
    )


def _attempt(asked: events_pb2.DeliveryRequested) -> Attempt:
    return Attempt(
        key=asked.key,
        number=asked.number,
        address=asked.address,
        title=asked.title,
        body=asked.body,
        link=asked.link,
        locale=asked.locale,
        urgent=asked.urgent,
        group=asked.group,
        receipt_url=asked.receipt_url,
        answer_token=asked.answer_token,
    )


def _outcome(result: HookResult) -> Outcome:
    value: Any = result.value
    if isinstance(value, Outcome):
        return value
    return Outcome(Verdict.FAILED, "channel-error")


def _told(
    asked: events_pb2.DeliveryRequested, outcome: Outcome, *, twice: bool = False
) -> events_pb2.DeliveryAttempted:
    return events_pb2.DeliveryAttempted(
        attempt=asked.attempt,
        verdict=str(outcome.verdict),
        reason=outcome.reason[:64],
        reference=outcome.reference[:128],
        maybe_twice=twice,
    )
