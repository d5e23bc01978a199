"""Rows of warnings, sources, forecasts and rounds: the columns' names as fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["ForecastRow", "ProposalRow", "SourceRow", "WarningRow"]


@dataclass(frozen=True, slots=True)
class SourceRow:
    id: str
    names: str
    plugin: str
    cadence_seconds: int
    read_at: datetime | None = None
    failed_at: datetime | None = None
    error: str = ""
    unread: int = 0


@dataclass(frozen=True, slots=True)
class WarningRow:
    id: str
    source: str
    sender: str
    identifier: str
    part: int
    sent_at: datetime
    hazard: str
    level: int
    effective_at: datetime
    onset_at: datetime | None
    expires_at: datetime
    area: str
    words: str
    web: str
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class ForecastRow:
    source: str
    area: str
    at: datetime
    temperature_c: float | None
    apparent_c: float | None
    wind_mps: float | None
    precipitation_mm: float | None
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRow:
    id: str
    resident: str
    hazard: str
    warning: str
    level: int
    how: str
    points: int
    reasons: str
    state: str = "proposed"
    proposed_at: datetime
    settled_at: datetime | None = None
    settled_by: str = ""
    settled_by_display: str = ""
    visit: str = ""
    note: str = ""
    version: int = 1
