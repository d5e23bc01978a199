"""The way to a car park as a page says it: never how it flows without how old that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp
from xianban.parking.v1 import resources_pb2 as pb

from xianban_parking.web.shown import VERDICTS

__all__ = ["ShownWay", "shown_way"]

_FLOWS = {
    pb.TRAFFIC_FLOW_FREE: ("free", "ok"),
    pb.TRAFFIC_FLOW_SLOW: ("slow", "warn"),
    pb.TRAFFIC_FLOW_CONGESTED: ("congested", "danger"),
    pb.TRAFFIC_FLOW_CLOSED: ("closed", "danger"),
}


@dataclass(frozen=True)
class ShownWay:
    """How it flows in one word, or why that is not known; minutes are rounded up."""

    word: str
    """"free" … "closed", or "stale", "implausible", "silent", "unknown"."""
    tone: str
    verdict: str
    road: str
    at: Timestamp | None
    minutes: int | None
    usual: int | None
    reopens: Timestamp | None
    closed: Sequence[str]


def shown_way(lot: pb.Lot) -> ShownWay | None:
    """None: nobody told of a road there."""
    if not lot.HasField("approach"):
        return None
    one = lot.approach
    verdict = VERDICTS.get(one.verdict, "silent")
    word, tone = _FLOWS.get(one.flow, ("", "plain"))
    if not word:
        word = "unknown" if verdict in ("fresh", "late") else verdict
    return ShownWay(
        word=word,
        tone=tone,
        verdict=verdict,
        road=one.way_display_name,
        at=one.observe_time if one.HasField("observe_time") else None,
        minutes=_minutes(one.drive_seconds) if one.HasField("drive_seconds") else None,
        usual=_minutes(one.usual_drive_seconds) if one.HasField("usual_drive_seconds") else None,
        reopens=one.reopen_time if one.HasField("reopen_time") else None,
        closed=list(one.closed_ways),
    )


def _minutes(seconds: int) -> int:
    return -(-seconds // 60)
