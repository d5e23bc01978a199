"""What elder care tells the others."""

from __future__ import annotations

from xianban.eldercare.v1 import assessment_events_pb2 as pb
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.convert.care_files import LEVELS
from xianban_eldercare.repository.rows import AssessmentRow, CareFileRow

__all__ = ["tell_completed"]


def tell_completed(row: AssessmentRow, file: CareFileRow, *, uow: UnitOfWork) -> None:
    """The level is known; `file` is the care file as it was before."""
    whose = f"residents/{row.resident}"
    event = pb.AssessmentCompleted(
        assessment=f"{whose}/assessments/{row.id}",
        resident=whose,
        area=file.area,
        care_level=LEVELS[row.level],
        level_before=LEVELS[file.care_level],
        rules=row.rules,
        replaces=f"{whose}/assessments/{row.replaces}" if row.replaces else "",
    )
    if row.completed_at is not None:
        event.complete_time.FromDatetime(row.completed_at)
    uow.emit(event, aggregate=whose)
