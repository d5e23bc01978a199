"""Rows of organisations, staff, beds and visits: the columns' names as fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

__all__ = [
    "BedRow",
    "LicenceRow",
    "OrganisationRow",
    "StaffRow",
    "UnmadeRow",
    "VisitPlanRow",
    "VisitRow",
]


@dataclass(frozen=True, slots=True)
class OrganisationRow:
    id: str
    display_name: str
    kind: str
    area: str
    licence_number: str
    licence_expires_on: date | None
    address: str
    phone: str
    capacity: int
    version: int


@dataclass(frozen=True, slots=True)
class StaffRow:
    organisation: str
    person: str
    display_name: str
    qualification: str
    employed_on: date
    leaves_on: date | None
    active: bool
    version: int


@dataclass(frozen=True, slots=True)
class LicenceRow:
    organisation: str
    person: str
    kind: str
    number: str
    issued_on: date
    expires_on: date


@dataclass(frozen=True, slots=True)
class BedRow:
    organisation: str
    id: str
    room: str
    kind: str
    state: str
    resident: str | None
    hold_until: datetime | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRow:
    """What is not said is as of a visit that is only wanted."""

    id: str = ""
    resident: str
    organisation: str
    carer: str
    carer_display: str = ""
    kind: str
    start_at: datetime
    end_at: datetime
    travel_minutes: int
    tasks: str
    state: str = "planned"
    cancel_reason: str = ""
    checked_in_at: datetime | None = None
    checked_in_place: str = ""
    distance_metres: int | None = None
    away_reason: str = ""
    checked_out_at: datetime | None = None
    note: str = ""
    version: int = 0
    plan: str | None = None
    plan_day: date | None = None
    order_id: str | None = None


@dataclass(frozen=True, slots=True)
class VisitPlanRow:
    id: str
    resident: str
    organisation: str
    carer: str
    carer_display: str
    kind: str
    weekdays: str
    starts: str
    minutes: int
    travel_minutes: int
    tasks: str
    first_on: date
    last_on: date | None
    ended_at: datetime | None
    version: int
    holidays: str = "keep"
    follows: str = ""


@dataclass(frozen=True, slots=True)
class UnmadeRow:
    plan: str
    day: date
    reason: str
    params: str
