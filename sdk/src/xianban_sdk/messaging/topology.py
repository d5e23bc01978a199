"""What exists on the broker: exchanges, a quorum queue per group, dead letters, unrouted."""

# kombu ships partial types:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Sequence
from typing import Any

from amqp.exceptions import NotFound
from kombu.connection import Connection
from kombu.entity import Exchange, Queue

__all__ = [
    "CONTENT_TYPE",
    "EVENTS",
    "TRANSIENT",
    "UNROUTED_NAME",
    "dead_name",
    "dead_queue",
    "declare_common",
    "declare_group",
    "depths",
    "exists",
    "group_queue",
    "queue_name",
    "server_version",
]

CONTENT_TYPE = "application/cloudevents-batch+protobuf"

# A frame is delivered this often before it is taken for one that kills its consumer.
_DELIVERY_LIMIT = 50
_UNROUTED_KEPT = 100_000

_UNROUTED = Exchange("xianban.unrouted", "fanout", durable=True)
EVENTS = Exchange(
    "xianban.events", "topic", durable=True, arguments={"alternate-exchange": _UNROUTED.name}
)
TRANSIENT = Exchange("xianban.transient", "topic", durable=False)
_DEAD = Exchange("xianban.dead", "direct", durable=True)

# The net under the topic exchange: events that no group asked for (yet).
UNROUTED_NAME = "xianban.unrouted"
_UNROUTED_QUEUE = Queue(
    UNROUTED_NAME,
    _UNROUTED,
    durable=True,
    queue_arguments={"x-queue-type": "quorum", "x-max-length": _UNROUTED_KEPT},
)


def queue_name(group: str) -> str:
    return f"xianban.{group}"


def dead_name(group: str) -> str:
    return f"xianban.{group}.dead"


def group_queue(group: str) -> Queue:
    return Queue(
        queue_name(group),
        durable=True,
        queue_arguments={
            "x-queue-type": "quorum",
            # Order needs one consumer at a time; another process takes over when it goes.
            "x-single-active-consumer": True,
            "x-delivery-limit": _DELIVERY_LIMIT,
            "x-dead-letter-exchange": _DEAD.name,
            "x-dead-letter-routing-key": group,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        },
    )


def dead_queue(group: str, version: tuple[int, ...]) -> Queue:
    arguments: dict[str, Any] = {"x-queue-type": "quorum"}
    if version >= (4, 0):
        arguments["x-delivery-limit"] = -1  # 4.x would drop what was looked at 20 times
    return Queue(
        dead_name(group),
        _DEAD,
        routing_key=group,
        durable=True,
        queue_arguments=arguments,
    )


def declare_common(connection: Connection) -> None:
    channel: Any = connection.default_channel
    for entity in (_UNROUTED, EVENTS, TRANSIENT, _DEAD, _UNROUTED_QUEUE):
        entity(channel).declare()


def declare_group(connection: Connection, group: str, patterns: Sequence[str]) -> None:
    """The dead queue first: nothing may be dead-lettered into nowhere."""
    channel: Any = connection.default_channel
    dead_queue(group, server_version(connection))(channel).declare()
    queue = group_queue(group)(channel)
    queue.declare()
    for pattern in patterns:
        queue.bind_to(exchange=EVENTS.name, routing_key=pattern)


def server_version(connection: Connection) -> tuple[int, ...]:
    transport: Any = connection.connection
    properties: dict[str, Any] = transport.server_properties
    words = str(properties.get("version", "0")).split(".")
    return tuple(int(word) for word in words if word.isdigit())


def depths(connection: Connection, names: Sequence[str]) -> dict[str, int]:
    """How many messages wait in each of these queues; those that are not there are left out."""
    found: dict[str, int] = {}
    for name in names:
        opened: Any = connection.channel()
        with opened as channel:
            try:
                found[name] = channel.queue_declare(name, passive=True).message_count
            except NotFound:
                continue
    return found


def exists(connection: Connection, group: str) -> bool:
    opened: Any = connection.channel()
    with opened as channel:
        try:
            channel.queue_declare(queue_name(group), passive=True)
        except NotFound:
            return False
    return True
