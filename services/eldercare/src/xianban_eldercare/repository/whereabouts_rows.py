"""Rows of places and searches: the columns' names as fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["FenceRow", "SearchRow"]


@dataclass(frozen=True, slots=True)
class FenceRow:
    id: str
    resident: str
    display_name: str
    center: str
    radius_m: int
    start_minute: int
    end_minute: int
    active: bool
    version: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SearchRow:
    id: str
    resident: str
    display_name: str
    area: str
    reason: str
    state: str
    started_by: str
    started_by_display: str
    started_at: datetime
    until: datetime
    ended_at: datetime | None
    ended_by: str
    ended_by_display: str
    end_note: str
    alert: str

    @property
    def name(self) -> str:
        """The resource's name."""
        return f"residents/{self.resident}/searches/{self.id}"

    def runs(self, now: datetime) -> bool:
        """Its timer may be late; nothing is shared any more all the same."""
        return self.ended_at is None and self.until > now
