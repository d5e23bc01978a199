"""What elder care tells the others, after commit."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp
from xianban.eldercare.v1 import bed_events_pb2, organisations_pb2, visit_events_pb2, visits_pb2
from xianban_sdk.clock import SHANGHAI

from xianban_eldercare.domain.visits import AROUND, VisitState
from xianban_eldercare.repository.organisation_rows import BedRow, VisitRow

__all__ = ["bed_changed", "day_and_time", "visit_changed"]

_VISITS = {
    "planned": visits_pb2.VISIT_STATE_PLANNED,
    "checked-in": visits_pb2.VISIT_STATE_CHECKED_IN,
    "done": visits_pb2.VISIT_STATE_DONE,
    "missed": visits_pb2.VISIT_STATE_MISSED,
    "cancelled": visits_pb2.VISIT_STATE_CANCELLED,
}
_BEDS = {
    "free": organisations_pb2.BED_STATE_FREE,
    "held": organisations_pb2.BED_STATE_HELD,
    "occupied": organisations_pb2.BED_STATE_OCCUPIED,
    "closed": organisations_pb2.BED_STATE_CLOSED,
}


def visit_changed(row: VisitRow) -> visit_events_pb2.VisitChanged:
    """The visit as it is now, and how long its carer is assigned to the elder."""
    event = visit_events_pb2.VisitChanged(
        visit=f"residents/{row.resident}/visits/{row.id}",
        resident=row.resident,
        organisation=f"organisations/{row.organisation}",
        carer=row.carer,
        state=_VISITS[row.state],
        start_time=_stamp(row.start_at),
        end_time=_stamp(row.end_at),
    )
    if row.state != VisitState.CANCELLED:
        event.assignment_start_time.CopyFrom(_stamp(row.start_at - AROUND))
        event.assignment_expire_time.CopyFrom(_stamp(row.end_at + AROUND))
    return event


def bed_changed(
    before: BedRow, after: BedRow, free: int, *, lapsed: bool = False
) -> bed_events_pb2.BedChanged:
    """What became of a bed; the person is who it is or was kept for."""
    event = bed_events_pb2.BedChanged(
        bed=f"organisations/{after.organisation}/beds/{after.id}",
        organisation=f"organisations/{after.organisation}",
        before=_BEDS[before.state],
        state=_BEDS[after.state],
        resident=after.resident or before.resident or "",
        lapsed=lapsed,
        free_beds=free,
    )
    if after.hold_until is not None:
        event.hold_expire_time.CopyFrom(_stamp(after.hold_until))
    return event


def day_and_time(instant: datetime) -> str:
    """2026-11-23 16:05, as people here read it."""
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _stamp(instant: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(instant)
    return made
