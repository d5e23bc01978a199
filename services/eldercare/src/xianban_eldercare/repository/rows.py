"""Rows as the handlers see them: one frozen dataclass per table, the columns' names as fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from xianban_sdk.repository import columns

__all__ = ["CareFileRow", "columns"]


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
