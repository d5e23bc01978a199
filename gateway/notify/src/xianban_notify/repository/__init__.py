"""Notify's tables, read and written."""

from xianban_notify.repository.messages import Messages, add
from xianban_notify.repository.tables import (
    address,
    attempt,
    delivery,
    message,
    metadata,
    preference,
)

__all__ = [
    "Messages",
    "add",
    "address",
    "attempt",
    "delivery",
    "message",
    "metadata",
    "preference",
]
