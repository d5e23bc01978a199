"""Two ways cameras tell a passage.

Flat, one object per passage:
    {"id": "c1-000017", "lot": "nanqiao-park", "gate": "east-1", "direction": "in",
     "plate": "沪A12345", "time": "2026-11-23T12:00:00+08:00", "confidence": 0.98, "token": ""}

Nested, the shape of network cameras' alarm messages; the channel's name is "<lot>/<gate>":
    {"eventId": "…", "eventType": "ANPR", "dateTime": "2026-11-23T12:00:00+08:00",
     "channel": {"name": "nanqiao-park/east-1"},
     "anpr": {"licensePlate": {"text": "沪A12345", "confidence": 98}, "lane": {"way": "entry"},
              "voucher": ""}}
"""

from __future__ import annotations

from datetime import UTC
from typing import Final, Literal, cast

from xianban_parking.hookspecs import GateEvent

from xianban_plugin_parking_lpr.fields import FieldError, Fields

__all__ = ["read_flat", "read_nested"]

_DIRECTIONS: Final = {"in": "in", "out": "out"}
_WAYS: Final = {"entry": "in", "exit": "out"}
_LONGEST_TOKEN: Final = 4096
_LONGEST_PLATE: Final = 32

Direction = Literal["in", "out"]


def read_flat(event: Fields) -> GateEvent:
    """A flat message."""
    return GateEvent(
        event_id=event.text("id"),
        lot=event.text("lot"),
        gate=event.text("gate"),
        direction=cast("Direction", event.choice("direction", _DIRECTIONS)),
        plate=event.text("plate", longest=_LONGEST_PLATE),
        occurred_at=event.instant("time").astimezone(UTC),
        confidence=event.share("confidence", 1),
        token=event.text("token", "", _LONGEST_TOKEN),
    )


def read_nested(event: Fields) -> GateEvent:
    """A nested message."""
    if event.text("eventType") != "ANPR":
        raise FieldError("eventType", "NOT_A_PASSAGE")
    anpr = event.inner("anpr")
    plate = anpr.inner("licensePlate")
    lot, slash, gate = event.inner("channel").text("name").partition("/")
    if not (lot and slash and gate):
        raise FieldError("channel.name", "NOT_LOT_AND_GATE")
    return GateEvent(
        event_id=event.text("eventId"),
        lot=lot,
        gate=gate,
        direction=cast("Direction", anpr.inner("lane").choice("way", _WAYS)),
        plate=plate.text("text", longest=_LONGEST_PLATE),
        occurred_at=event.instant("dateTime").astimezone(UTC),
        confidence=plate.share("confidence", 100),
        token=anpr.text("voucher", "", _LONGEST_TOKEN),
    )
