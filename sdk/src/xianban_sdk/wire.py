"""Instants and days on the wire: `google.protobuf.Timestamp`, and "2026-11-29" for a local day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import overload

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from xianban_sdk.errors import InvalidArgument

__all__ = ["day", "instant", "optional_instant", "put", "stamp"]


@overload
def stamp(at: datetime) -> Timestamp: ...
@overload
def stamp(at: None) -> None: ...
@overload
def stamp(at: datetime | None) -> Timestamp | None: ...
def stamp(at: datetime | None) -> Timestamp | None:
    """For a message's constructor; None leaves the field absent."""
    if at is None:
        return None
    made = Timestamp()
    made.FromDatetime(at)
    return made


def put(field: Timestamp, at: datetime | None) -> None:
    """Sets a message's field; None leaves it absent."""
    if at is not None:
        field.FromDatetime(at)


def instant(told: Timestamp) -> datetime:
    """An aware instant; the call chain has refused what no calendar holds (`rpc.storable`)."""
    return told.ToDatetime(UTC)


def optional_instant(request: Message, field: str) -> datetime | None:
    """The request's own field of this name, if it is there."""
    return instant(getattr(request, field)) if request.HasField(field) else None


def day(written: str, field: str) -> date:
    """A day of the calendar as ISO 8601 writes it; any other names its field."""
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise InvalidArgument("DAY_UNKNOWN", field=field) from None
