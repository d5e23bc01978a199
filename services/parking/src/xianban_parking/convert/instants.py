"""Timestamps on the wire."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from xianban_sdk.errors import InvalidArgument

__all__ = ["instant", "optional_instant", "put"]


def instant(stamp: Timestamp, field: str) -> datetime:
    """An aware instant; what no calendar holds names its field."""
    try:
        return stamp.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise InvalidArgument("TIME_OUT_OF_RANGE", field=field) from None


def optional_instant(request: Message, field: str) -> datetime | None:
    return instant(getattr(request, field), field) if request.HasField(field) else None


def put(stamp: Timestamp, at: datetime | None) -> None:
    """Sets a message's timestamp field; None leaves it absent."""
    if at is not None:
        stamp.FromDatetime(at)
