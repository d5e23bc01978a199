"""Notify's tables, read and written."""

from xianban_notify.repository.messages import Messages, add
from xianban_notify.repository.tables import (
    KEPT,
    address,
    answer,
    attempt,
    delivery,
    message,
    message_name,
    metadata,
    preference,
)

__all__ = [
    "KEPT",
    "Messages",
    "add",
    "address",
    "answer",
    "attempt",
    "delivery",
    "message",
    "message_name",
    "metadata",
    "preference",
]
