"""The consent ledger: what a person said to which wording of which purpose. Nothing is deleted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from xianban_identity.domain.errors import Invalid, NotAllowed
from xianban_identity.domain.people import Person

__all__ = [
    "Consent",
    "Decision",
    "Purpose",
    "check_decider",
    "check_expiry",
    "check_wording",
    "receipt",
]


class Decision(StrEnum):
    """What was decided."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Purpose:
    """Something data may be used for, in one wording; a new wording is a new revision."""

    id: str
    revision: int
    controller: str
    retention_days: int = 0


@dataclass(frozen=True, slots=True)
class Consent:
    """One line of the ledger."""

    id: str
    subject: str
    purpose: str
    revision: int
    decision: Decision
    decided_at: datetime
    decided_by: str
    expires_at: datetime | None = None
    withdrawn_at: datetime | None = None
    superseded_at: datetime | None = None

    def is_live(self, revision: int, now: datetime) -> bool:
        """Given to the wording in force, not withdrawn, not over and not decided anew since."""
        return (
            self.decision is Decision.GIVEN
            and self.revision == revision
            and self.superseded_at is None
            and (self.expires_at is None or now < self.expires_at)
        )

    def withdraw(self, now: datetime) -> Consent:
        """As easy as giving it (PIPL art. 15)."""
        if self.decision is not Decision.GIVEN or self.superseded_at is not None:
            raise NotAllowed("CONSENT_NOT_GIVEN")
        return replace(self, decision=Decision.WITHDRAWN, withdrawn_at=now)

    def supersede(self, now: datetime) -> Consent:
        """A later decision on the same purpose takes its place; the line stays."""
        return replace(self, superseded_at=now)


def check_wording(purpose: Purpose, revision: int) -> None:
    """Consent is to the words that were read, which must be those in force."""
    if revision != purpose.revision:
        params = {"purpose": purpose.id, "revision": purpose.revision}
        raise NotAllowed("PURPOSE_REVISED", "revision", params)


def check_expiry(expires_at: datetime | None, now: datetime) -> None:
    """An end, if there is one, lies ahead."""
    if expires_at is not None and expires_at <= now:
        raise Invalid("EXPIRY_IN_PAST", "expire_time")


def check_decider(subject: Person, basis: str, now: datetime) -> None:
    """Under 14 the guardian decides, from 14 the person alone; a ward's guardian may after 18."""
    if subject.is_under_fourteen(now):
        allowed = {"guardian"}
    elif subject.is_minor(now):
        allowed = {"self"}
    else:
        allowed = {"self", "guardian"}
    if basis not in allowed:
        raise NotAllowed("GUARDIAN_DECIDES" if allowed == {"guardian"} else "PERSON_DECIDES")


def receipt(consent: Consent, purpose: Purpose, title: str, issuer: str) -> dict[str, Any]:
    """The facts of ISO/IEC TS 27560's consent record, ready to be signed."""
    return {
        "schema_version": "ISO/IEC TS 27560:2023",
        "record_id": consent.id,
        "pii_principal_id": consent.subject,
        "pii_processing": [_processing(consent, purpose, title)],
        "party_identification": [
            {"party_role": "PII controller", "party_name": purpose.controller}
        ],
        "event": [_event(consent)],
        "issuer": issuer,
    }


def _processing(consent: Consent, purpose: Purpose, title: str) -> dict[str, Any]:
    return {
        "purpose": purpose.id,
        "purpose_description": title,
        "privacy_notice": f"{purpose.id}@{consent.revision}",
        "lawful_basis": "consent",
        "storage_period_days": purpose.retention_days,
        "jurisdiction": "CN",
        "withdrawal_method": f"/me/consents/{consent.id}",
    }


def _event(consent: Consent) -> dict[str, Any]:
    at = consent.withdrawn_at or consent.decided_at
    event = {
        "event_type": "explicit",
        "event_state": consent.decision.value,
        "event_time": at.isoformat(),
        "entity_id": consent.decided_by,
    }
    if consent.expires_at:
        event["validity_duration_until"] = consent.expires_at.isoformat()
    return event
