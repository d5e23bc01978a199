"""Notify's tables, read and written."""

from xianban_notify.repository.messages import Messages, add
from xianban_notify.repository.tables import (
    KEPT,
    address,
    attempt,
    delivery,
    message,
    metadata,
    preference,
)

__all__ = [
    "KEPT",
    "Messages",
    "add",
    "address",
    "attempt",
    "delivery",
    "message",
    "metadata",
    "preference",
]
