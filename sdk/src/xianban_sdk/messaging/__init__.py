"""Events: from the outbox of one service, over a bus, into the inboxes of the others."""

from xianban_sdk.messaging.bus import Bus, BusUnavailable, Deliver, DeliveryStopped, Subscription
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
