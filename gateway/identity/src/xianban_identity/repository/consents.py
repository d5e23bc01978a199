"""Purposes and the consent ledger. Lines are added and closed, never removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select
from xianban_sdk.rpc import Scope

from xianban_identity.domain.consent import Consent, Decision, Purpose
from xianban_identity.repository.tables import consent, purpose

__all__ = [
    "WordedPurpose",
    "add",
    "claim",
    "current_purpose",
    "end_term",
    "find",
    "last_wording",
    "latest",
    "list_purposes",
    "of",
    "outdated",
    "plugin_terms",
    "put_purpose",
    "revisions",
    "save",
    "wording",
]


@dataclass(frozen=True, slots=True)
class WordedPurpose:
    """A purpose with its wording in both languages."""

    purpose: Purpose
    title_zh: str
    text_zh: str
    title_en: str
    text_en: str
    plugin: str = ""
    """Of a plugin's own purpose; empty: it is the suite's."""
    domain: str = ""
    """The service that the plugin extends."""
    ended_at: datetime | None = None
    """When its plugin went; nobody is asked any more."""

    def title(self, locale: str) -> str:
        """The heading a person reads."""
        return self.title_en if locale == "en" else self.title_zh

    def text(self, locale: str) -> str:
        """The wording a person consents to."""
        return self.text_en if locale == "en" else self.text_zh


def current_purpose(conn: Connection, purpose_id: str) -> WordedPurpose | None:
    """The wording in force."""
    found = last_wording(conn, purpose_id)
    return found if found is not None and found.ended_at is None else None


def last_wording(conn: Connection, purpose_id: str) -> WordedPurpose | None:
    """The latest wording, also of what has ended."""
    query = select(purpose).where(purpose.c.id == purpose_id)
    row = conn.execute(query.order_by(purpose.c.revision.desc()).limit(1)).first()
    return _purpose(row) if row else None


def plugin_terms(conn: Connection, domain: str) -> dict[str, WordedPurpose]:
    """What the plugins of a service ask for now, by id."""
    query = select(purpose).where(purpose.c.domain == domain, purpose.c.ended_at.is_(None))
    rows = conn.execute(query.order_by(purpose.c.revision))
    return {row.id: _purpose(row) for row in rows}


def end_term(conn: Connection, purpose_id: str, now: datetime) -> None:
    """Nobody is asked any more; what people said to it stays in the ledger."""
    standing = (purpose.c.id == purpose_id, purpose.c.ended_at.is_(None))
    conn.execute(purpose.update().where(*standing).values(ended_at=now))


def wording(conn: Connection, purpose_id: str, revision: int) -> WordedPurpose | None:
    """One wording, in force or not."""
    where = (purpose.c.id == purpose_id, purpose.c.revision == revision)
    row = conn.execute(select(purpose).where(*where)).first()
    return _purpose(row) if row else None


def list_purposes(conn: Connection, *, after: str, size: int) -> list[WordedPurpose]:
    """The wordings in force, by id. Public: no person's data."""
    newest = select(purpose.c.id, func.max(purpose.c.revision).label("revision"))
    last = newest.group_by(purpose.c.id).subquery()
    same = (purpose.c.id == last.c.id) & (purpose.c.revision == last.c.revision)
    query = select(purpose).join(last, same)
    query = query.where(purpose.c.id > after, purpose.c.ended_at.is_(None))
    return [_purpose(row) for row in conn.execute(query.order_by(purpose.c.id).limit(size))]


def revisions(conn: Connection) -> dict[str, int]:
    """The revision in force of each purpose."""
    standing = purpose.c.ended_at.is_(None)
    query = select(purpose.c.id, func.max(purpose.c.revision)).where(standing)
    query = query.group_by(purpose.c.id)
    return {row[0]: row[1] for row in conn.execute(query)}


def put_purpose(conn: Connection, item: WordedPurpose) -> None:
    """Adds a wording; one that is there stays as it is, for people have read it."""
    here = conn.execute(
        select(purpose.c.id).where(
            purpose.c.id == item.purpose.id, purpose.c.revision == item.purpose.revision
        )
    ).first()
    if here is None:
        conn.execute(
            purpose.insert().values(
                id=item.purpose.id,
                revision=item.purpose.revision,
                controller=item.purpose.controller,
                retention_days=item.purpose.retention_days,
                title_zh=item.title_zh,
                text_zh=item.text_zh,
                title_en=item.title_en,
                text_en=item.text_en,
                plugin=item.plugin,
                domain=item.domain,
            )
        )


def of(conn: Connection, scope: Scope, *, before: str, size: int) -> list[Consent]:
    """The person's ledger, newest first."""
    query = select(consent).where(consent.c.subject == scope.subject)
    if before:
        query = query.where(consent.c.id < before)
    return [_consent(row) for row in conn.execute(query.order_by(consent.c.id.desc()).limit(size))]


def find(conn: Connection, scope: Scope, consent_id: str) -> Consent | None:
    """One line of the person's own ledger."""
    row = conn.execute(_own(scope, consent_id)).first()
    return _consent(row) if row else None


def claim(conn: Connection, scope: Scope, consent_id: str) -> Consent | None:
    """As `find`, and held until the transaction ends."""
    row = conn.execute(_own(scope, consent_id).with_for_update()).first()
    return _consent(row) if row else None


def _own(scope: Scope, consent_id: str) -> Select[Any]:
    return select(consent).where(consent.c.id == consent_id, consent.c.subject == scope.subject)


def outdated(conn: Connection, purpose_id: str, revision: int) -> list[Consent]:
    """Everybody's standing consents to older wordings: for the purpose's own revision only."""
    query = select(consent).where(
        consent.c.purpose == purpose_id,
        consent.c.revision < revision,
        consent.c.decision == Decision.GIVEN.value,
        consent.c.superseded_at.is_(None),
    )
    return [_consent(row) for row in conn.execute(query.order_by(consent.c.id))]


def latest(conn: Connection, scope: Scope, purpose_id: str) -> Consent | None:
    """The decision on a purpose that counts now."""
    query = select(consent).where(
        consent.c.subject == scope.subject,
        consent.c.purpose == purpose_id,
        consent.c.superseded_at.is_(None),
    )
    row = conn.execute(query.order_by(consent.c.id.desc()).limit(1)).first()
    return _consent(row) if row else None


def add(conn: Connection, item: Consent) -> None:
    """A new line."""
    conn.execute(
        consent.insert().values(
            id=item.id,
            subject=item.subject,
            purpose=item.purpose,
            revision=item.revision,
            decided_at=item.decided_at,
            decided_by=item.decided_by,
            expires_at=item.expires_at,
            **_changing(item),
        )
    )


def save(conn: Connection, item: Consent) -> None:
    """Closes a line: withdrawn, or decided anew."""
    conn.execute(consent.update().where(consent.c.id == item.id).values(**_changing(item)))


def _changing(item: Consent) -> dict[str, Any]:
    return {
        "decision": item.decision.value,
        "withdrawn_at": item.withdrawn_at,
        "superseded_at": item.superseded_at,
    }


def _consent(row: Row[Any]) -> Consent:
    return Consent(
        id=row.id,
        subject=row.subject,
        purpose=row.purpose,
        revision=row.revision,
        decision=Decision(row.decision),
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        expires_at=row.expires_at,
        withdrawn_at=row.withdrawn_at,
        superseded_at=row.superseded_at,
    )


def _purpose(row: Row[Any]) -> WordedPurpose:
    facts = Purpose(row.id, row.revision, row.controller, row.retention_days)
    words = (row.title_zh, row.text_zh, row.title_en, row.text_en)
    return WordedPurpose(facts, *words, row.plugin, row.domain, row.ended_at)
