"""Rows of referrals: the columns' names as fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

__all__ = ["ReferralOfferRow", "ReferralRow", "ReferralStepRow"]


@dataclass(frozen=True, slots=True)
class ReferralRow:
    id: str
    resident: str
    under_way_of: str | None
    origin: str
    target: str
    reason: str
    want_on: date
    state: str
    area: str
    referrer: str
    referrer_display: str
    created_at: datetime
    due_at: datetime | None
    organisation: str | None
    consented_by: str | None
    consent_display: str
    consented_at: datetime | None
    admitted_at: datetime | None
    kept: str
    version: int

    @property
    def name(self) -> str:
        return f"residents/{self.resident}/referrals/{self.id}"


@dataclass(frozen=True, slots=True)
class ReferralOfferRow:
    referral: str
    organisation: str
    state: str
    asked_at: datetime
    answered_at: datetime | None
    answer_reason: str
    bed: str


@dataclass(frozen=True, slots=True)
class ReferralStepRow:
    referral: str
    number: int
    state: str
    at: datetime
    actor: str
    actor_display: str
    organisation: str | None
    note: str
