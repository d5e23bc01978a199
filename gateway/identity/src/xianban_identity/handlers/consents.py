"""Use cases of the consent ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from xianban_sdk.errors import NotFound
from xianban_sdk.rpc import Scope
from xianban_sdk.storage import UnitOfWork

from xianban_identity.domain.consent import (
    Consent,
    Decision,
    check_decider,
    check_expiry,
    check_wording,
)
from xianban_identity.events import publish_consent, tell
from xianban_identity.repository import consents, people
from xianban_identity.repository.consents import WordedPurpose

__all__ = ["RecordDecision", "publish_purpose", "record", "withdraw"]


@dataclass(frozen=True, slots=True)
class RecordDecision:
    """What a person, or their guardian, says to a purpose."""

    purpose: str
    revision: int
    decision: Decision
    until: datetime | None


def record(command: RecordDecision, *, uow: UnitOfWork, scope: Scope, basis: str) -> Consent:
    """Writes a decision; the one before it stays in the ledger, closed."""
    now = uow.clock.now()
    worded = consents.current_purpose(uow.conn, command.purpose)
    if worded is None:
        raise NotFound("PURPOSE_NOT_FOUND", field="purpose")
    check_wording(worded.purpose, command.revision)
    check_expiry(command.until, now)
    subject = people.subject(uow.conn, scope)
    check_decider(subject, basis, now)
    people.lock(uow.conn, subject.id)
    _close_earlier(uow, scope, command.purpose)
    decided = _line(command, uow, subject.id, scope.actor)
    consents.add(uow.conn, decided)
    publish_consent(uow, decided, live=decided.is_live(worded.purpose.revision, now))
    _tell_subject(uow, decided, scope)
    return decided


def _line(command: RecordDecision, uow: UnitOfWork, subject: str, actor: str) -> Consent:
    return Consent(
        id=uow.ids.new(),
        subject=subject,
        purpose=command.purpose,
        revision=command.revision,
        decision=command.decision,
        decided_at=uow.clock.now(),
        decided_by=actor,
        expires_at=command.until,
    )


def _close_earlier(uow: UnitOfWork, scope: Scope, purpose: str) -> None:
    earlier = consents.latest(uow.conn, scope, purpose)
    if earlier is not None:
        consents.save(uow.conn, earlier.supersede(uow.clock.now()))


def withdraw(consent_id: str, *, uow: UnitOfWork, scope: Scope, basis: str) -> Consent:
    """From now on nobody may rely on it; the line stays."""
    now = uow.clock.now()
    found = consents.claim(uow.conn, scope, consent_id)
    if found is None:
        raise NotFound("CONSENT_NOT_FOUND", field="name")
    check_decider(people.subject(uow.conn, scope), basis, now)
    withdrawn = found.withdraw(now)
    consents.save(uow.conn, withdrawn)
    publish_consent(uow, withdrawn, live=False)
    _tell_subject(uow, withdrawn, scope)
    return withdrawn


def _tell_subject(uow: UnitOfWork, item: Consent, scope: Scope) -> None:
    """Somebody else decided: the person hears of it."""
    if scope.actor != item.subject:
        tell(uow, item.subject, "consent-decided", "/me/consents", item.id, purpose=item.purpose)


def publish_purpose(worded: WordedPurpose, *, uow: UnitOfWork) -> None:
    """A purpose, or a new wording of one: older consents no longer count."""
    consents.put_purpose(uow.conn, worded)
    facts = worded.purpose
    for item in consents.outdated(uow.conn, facts.id, facts.revision):
        publish_consent(uow, item, live=False)
