"""Events: from the outbox of one service, over a bus, into the inboxes of the others.

Names are looked up when they are used: a delivery worker (eventlet) must not meet grpc, which the
inbox brings along.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xianban_sdk.messaging.bus import (
        Bus,
        BusUnavailable,
        Deliver,
        DeliveryStopped,
        Subscription,
    )
    from xianban_sdk.messaging.consumers import Consumer, consumer
    from xianban_sdk.messaging.dead_letters import DeadLetter, count_dead, inspect, list_dead
    from xianban_sdk.messaging.event import Event, event_type, matches, routing_key
    from xianban_sdk.messaging.inbox import Inbox, Replayed
    from xianban_sdk.messaging.memory_bus import MemoryBus
    from xianban_sdk.messaging.outbox import Pending, Shard, pending
    from xianban_sdk.messaging.relay import Relay

__all__ = [
    "Bus",
    "BusUnavailable",
    "Consumer",
    "DeadLetter",
    "Deliver",
    "DeliveryStopped",
    "Event",
    "Inbox",
    "MemoryBus",
    "Pending",
    "Relay",
    "Replayed",
    "Shard",
    "Subscription",
    "consumer",
    "count_dead",
    "event_type",
    "inspect",
    "list_dead",
    "matches",
    "pending",
    "routing_key",
]

_HOMES = {
    "bus": ("Bus", "BusUnavailable", "Deliver", "DeliveryStopped", "Subscription"),
    "consumers": ("Consumer", "consumer"),
    "dead_letters": ("DeadLetter", "count_dead", "inspect", "list_dead"),
    "event": ("Event", "event_type", "matches", "routing_key"),
    "inbox": ("Inbox", "Replayed"),
    "memory_bus": ("MemoryBus",),
    "outbox": ("Pending", "Shard", "pending"),
    "relay": ("Relay",),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
