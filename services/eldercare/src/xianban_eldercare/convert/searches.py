"""Searches for lost persons: rows → protobuf."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import orjson
from xianban.common.v1 import readings_pb2
from xianban.eldercare.v1 import whereabouts_pb2 as pb
from xianban_sdk import i18n
from xianban_sdk.storage.instant import from_micros

from xianban_eldercare.events import search_told
from xianban_eldercare.repository.whereabouts_rows import SearchRow

__all__ = ["search", "trail_point"]

_PACKAGE: Final = "xianban_eldercare"


def search(row: SearchRow, now: datetime, locale: str) -> pb.Search:
    """Without position: that is the servicer's to add."""
    made = search_told(row)
    made.reason = row.reason
    made.end_note = row.end_note
    made.basis = i18n.text("search-basis", locale, _PACKAGE)
    if row.ended_at is None and row.until <= now:
        # Its timer is late; nothing is shared any more all the same.
        made.state = pb.SEARCH_STATE_EXPIRED
        made.end_time.FromDatetime(row.until)
    return made


def trail_point(at: int, place: str) -> pb.TrailPoint:
    made = pb.TrailPoint(position=readings_pb2.Position(**orjson.loads(place)))
    made.observe_time.FromDatetime(from_micros(at))
    return made
