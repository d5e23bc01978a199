"""A count of free places as a page says it: never a number without its age and verdict."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp
from xianban.parking.v1 import resources_pb2 as pb

VERDICTS = {
    pb.VERDICT_FRESH: "fresh",
    pb.VERDICT_LATE: "late",
    pb.VERDICT_STALE: "stale",
    pb.VERDICT_IMPLAUSIBLE: "implausible",
    pb.VERDICT_SILENT: "silent",
}
_TRUSTED = frozenset({"fresh", "late"})
# Below this share of its places a car park is called nearly full.
_FEW = 0.1


@dataclass(frozen=True)
class Count:
    """What may be said: `free` is None unless the verdict allows a number."""

    verdict: str
    level: str
    tone: str
    free: int | None
    capacity: int
    at: Timestamp | None
    source: str

    @property
    def marker(self) -> str:
        """The few characters on the map."""
        return str(self.free) if self.free is not None else "?"


def count(occupancy: pb.Occupancy) -> Count:
    """The verdict decides whether there is a number at all."""
    verdict = VERDICTS.get(occupancy.verdict, "silent")
    known = verdict in _TRUSTED and occupancy.HasField("free")
    free = occupancy.free if known else None
    level = _level(free, occupancy.capacity)
    at = occupancy.observe_time if occupancy.HasField("observe_time") else None
    tone = {"plenty": "ok", "few": "warn", "full": "danger"}.get(level, "plain")
    source = occupancy.source.rpartition("/")[2]
    return Count(verdict, level, tone, free, occupancy.capacity, at, source)


def _level(free: int | None, capacity: int) -> str:
    if free is None:
        return "unknown"
    if free <= 0:
        return "full"
    return "few" if free < capacity * _FEW else "plenty"


def honesty_level(share: float) -> str:
    """U10 in words."""
    if share >= 0.9:
        return "high"
    return "middle" if share >= 0.7 else "low"


def tail(name: str) -> str:
    """The id at the end of a resource name."""
    return name.rpartition("/")[2]
