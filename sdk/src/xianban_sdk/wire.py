"""Instants, days and places on the wire: `google.protobuf.Timestamp`, "2026-11-29", `Position`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import overload

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from xianban.common.v1 import readings_pb2

from xianban_sdk.errors import InvalidArgument
from xianban_sdk.findings import Place

__all__ = [
    "day",
    "instant",
    "optional_instant",
    "optional_place",
    "position",
    "put",
    "stamp",
]


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


def position(place: Place) -> readings_pb2.Position:
    """WGS 84 in degrees, and how exact in metres."""
    return readings_pb2.Position(
        latitude=place.latitude, longitude=place.longitude, accuracy_m=place.accuracy_m
    )


def optional_place(request: Message, field: str = "position") -> Place | None:
    """The request's own field of this name, if it is there."""
    if not request.HasField(field):
        return None
    told: readings_pb2.Position = getattr(request, field)
    return Place(told.latitude, told.longitude, told.accuracy_m)


def day(written: str, field: str) -> date:
    """A day of the calendar as ISO 8601 writes it; any other names its field."""
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise InvalidArgument("DAY_UNKNOWN", field=field) from None
