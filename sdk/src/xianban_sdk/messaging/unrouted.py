"""Frames that no queue took: kept by the broker's alternate exchange, moved on when one comes."""

# kombu ships partial types:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kombu.connection import Connection
from kombu.message import Message
from kombu.messaging import Producer

from xianban_sdk.messaging import topology
from xianban_sdk.messaging.event import matches

__all__ = ["adopt", "count", "requeue_dead"]


def adopt(connection: Connection, group: str, patterns: Sequence[str]) -> int:
    """Give a new group the unrouted frames of its patterns; returns how many.

    Once before its queue is bound, so that they come before what is published from then on, and
    once after, for what slipped in between.
    """
    topology.declare_group(connection, group, [])
    target = topology.queue_name(group)

    def wanted(message: Message) -> bool:
        info: dict[str, str] = message.delivery_info or {}
        key = info.get("routing_key", "")
        return any(matches(pattern, key) for pattern in patterns)

    moved = _move(connection, topology.UNROUTED_NAME, target, wanted)
    topology.declare_group(connection, group, patterns)
    return moved + _move(connection, topology.UNROUTED_NAME, target, wanted)


def requeue_dead(connection: Connection, group: str) -> int:
    """Give a group its dead-lettered frames once more; returns how many."""
    source = topology.dead_name(group)
    return _move(connection, source, topology.queue_name(group), lambda _message: True)


def count(connection: Connection, queue: str) -> int:
    """How many frames a queue holds."""
    channel: Any = connection.default_channel
    return channel.queue_declare(queue, passive=True).message_count


def _move(
    connection: Connection, source: str, target: str, wanted: Callable[[Message], bool]
) -> int:
    """Needs a connection that confirms: a frame leaves one queue when the other has it."""
    moved = 0
    opened: Any = connection.channel()
    with opened as channel:  # closing it puts back what was not wanted
        producer = Producer(channel, auto_declare=False)
        for message in _frames(channel, source, count(connection, source)):
            if not wanted(message):
                continue
            producer.publish(
                message.body,
                exchange="",
                routing_key=target,
                content_type=message.content_type,
                content_encoding="binary",
                delivery_mode=2,
                headers=message.headers,
                mandatory=True,
                confirm_timeout=10,
            )
            message.ack()
            moved += 1
    return moved


def _frames(channel: Any, source: str, most: int) -> Iterator[Message]:
    for _ in range(most):
        raw = channel.basic_get(source)
        if raw is None:
            return
        yield channel.message_to_python(raw)
