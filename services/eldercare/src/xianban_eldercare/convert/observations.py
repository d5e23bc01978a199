"""Observations and scales: protobuf ⇄ domain."""

from __future__ import annotations

from typing import Final

from xianban.eldercare.v1 import observations_pb2 as pb
from xianban_sdk.wire import stamp

from xianban_eldercare.repository.rows import OxygenScaleRow

__all__ = ["KINDS_SEEN", "oxygen_scale"]

KINDS_SEEN: Final = {
    pb.OBSERVABLE_LESS_THAN_ALERT: "consciousness",
    pb.OBSERVABLE_SUPPLEMENTAL_OXYGEN: "supplemental-oxygen",
}


def oxygen_scale(resident: str, row: OxygenScaleRow | None) -> pb.OxygenScale:
    """Without a row the first holds."""
    shown = pb.OxygenScale(name=f"residents/{resident}/oxygenScale", scale=1)
    if row is not None:
        shown.scale, shown.reason, shown.set_by_display = row.scale, row.reason, row.set_by_display
        shown.set_time.CopyFrom(stamp(row.updated_at))
    return shown
