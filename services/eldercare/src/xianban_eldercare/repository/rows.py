"""Rows as the handlers see them: one frozen dataclass per table, the columns' names as fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from xianban_sdk.repository import columns

__all__ = [
    "AssessmentRow",
    "CareFileRow",
    "ElderRow",
    "OfficialLevelRow",
    "OxygenScaleRow",
    "columns",
]


@dataclass(frozen=True, slots=True)
class CareFileRow:
    resident: str
    display_name: str
    area: str
    address: str
    home: str
    living: str
    care_level: int
    contacts: str
    conditions: str
    allergies: str
    station: str
    version: int
    updated_at: datetime
    level_assessed_at: datetime | None = None
    level_due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AssessmentRow:
    resident: str
    id: str
    draft_of: str | None
    rules: str
    reason: str
    basics: str
    answers: str
    facts: str
    result: str
    level: int
    replaces: str | None
    opened_by: str
    created_at: datetime
    completed_at: datetime | None
    due_at: datetime | None
    version: int

    @property
    def is_draft(self) -> bool:
        return self.completed_at is None


@dataclass(frozen=True, slots=True)
class ElderRow:
    """An elder on an assessor's list."""

    resident: str
    display_name: str
    area: str
    care_level: int
    level_assessed_at: datetime | None
    level_due_at: datetime | None
    draft: str | None


@dataclass(frozen=True, slots=True)
class OfficialLevelRow:
    resident: str
    level: int
    valid_from: str
    valid_until: str
    decided_by: str
    reference: str
    entered_by: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class OxygenScaleRow:
    resident: str
    scale: int
    reason: str
    set_by: str
    set_by_display: str
    updated_at: datetime
