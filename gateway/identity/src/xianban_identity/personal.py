"""Identity's personal data: the register of people and what ties them to each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, Table, func, or_, select
from xianban_sdk.personal import PSEUDONYM, Fate, Hold, Holding, PersonalData, holdings
from xianban_sdk.storage import UnitOfWork

from xianban_identity.handlers.erasure import erase_person
from xianban_identity.repository.tables import (
    authorization_code,
    client_approval,
    consent,
    delegation,
    delegation_event,
    federated_identity,
    login_code,
    membership,
    passkey,
    person,
    refresh_token,
    relation_log,
    second_factor,
    session,
)

__all__ = ["PERSONAL"]

_YEAR: Final = 365


def _logged_in(person_id: str) -> ColumnElement[bool]:
    phone = select(person.c.phone_hash).where(person.c.id == person_id)
    return login_code.c.phone_hash.in_(phone)


def _delegated(person_id: str) -> ColumnElement[bool]:
    sides = or_(delegation.c.delegate == person_id, delegation.c.subject == person_id)
    return delegation_event.c.delegation.in_(select(delegation.c.id).where(sides))


def _technical(table: Table, category: str) -> Holding:
    """Secrets that end with the log-in: never shown to anybody."""
    return Holding(
        table=table,
        category=category,
        subjects=("person",),
        fate=Fate.ERASED,
        exported=False,
        reason="secret",
    )


def _holds(conn: Connection, person_id: str, now: datetime) -> Iterator[Hold]:
    wards = select(func.count()).where(
        delegation.c.delegate == person_id,
        delegation.c.kind == "guardian",
        delegation.c.state == "active",
        or_(delegation.c.ends_at.is_(None), delegation.c.ends_at > now),
    )
    if count := conn.execute(wards).scalar_one():
        yield Hold("GUARDIAN", {"count": count})
    roles = select(membership.c.role).where(membership.c.person == person_id, membership.c.active)
    for role in conn.execute(roles.order_by(membership.c.id)).scalars():
        yield Hold("STAFF_ROLE", {"role": role})


_HOLDINGS: Final = (
    Holding(
        table=login_code,
        category="login-codes",
        through=_logged_in,
        fate=Fate.ERASED,
        exported=False,
        reason="secret",
        days=1,
    ),
    Holding(
        table=delegation_event,
        category="delegation-history",
        through=_delegated,
        actors=("actor",),
        fate=Fate.PSEUDONYMISED,
        reason="other-side",
        blank={"reason": ""},
    ),
    Holding(
        table=delegation,
        category="delegations",
        subjects=("delegate", "subject"),
        fate=Fate.PSEUDONYMISED,
        reason="other-side",
        blank={"asked_name": "", "asked_phone_hash": PSEUDONYM},
        secret=frozenset({"asked_phone_hash"}),
    ),
    Holding(
        table=consent,
        category="consents",
        subjects=("subject",),
        actors=("decided_by",),
        fate=Fate.PSEUDONYMISED,
        reason="consent-proof",
        days=3 * _YEAR,
    ),
    Holding(
        table=session,
        category="sessions",
        subjects=("person",),
        fate=Fate.ERASED,
        secret=frozenset({"cookie_hash"}),
    ),
    Holding(table=client_approval, category="applications", subjects=("person",), fate=Fate.ERASED),
    Holding(
        table=federated_identity,
        category="linked-accounts",
        subjects=("person",),
        fate=Fate.ERASED,
        secret=frozenset({"subject_hash"}),
    ),
    Holding(
        table=second_factor,
        category="second-factors",
        subjects=("person",),
        fate=Fate.ERASED,
        secret=frozenset({"secret"}),
    ),
    Holding(
        table=passkey,
        category="passkeys",
        subjects=("person",),
        fate=Fate.ERASED,
        secret=frozenset({"credential_hash", "credential", "attested"}),
    ),
    _technical(authorization_code, "authorisation-codes"),
    _technical(refresh_token, "refresh-tokens"),
    Holding(table=membership, category="memberships", subjects=("person",), fate=Fate.ERASED),
    Holding(
        table=relation_log,
        category="relation-log",
        subjects=("actor", "subject"),
        fate=Fate.KEPT,
        exported=False,
        reason="revocation",
    ),
    Holding(
        table=person,
        category="person",
        subjects=("id",),
        fate=Fate.ERASED,
        secret=frozenset({"phone_hash"}),
    ),
)


def _erase(uow: UnitOfWork, person_id: str) -> str:
    held = list(_holds(uow.conn, person_id, uow.clock.now()))
    return erase_person(person_id, uow=uow, held=held, holdings=holdings(PERSONAL))


PERSONAL: Final = PersonalData(
    holdings=_HOLDINGS,
    unfindable={
        "signin_flow": "a log-in under way; it is gone within a day",
        "signing_key": "the installation's own keys",
        "erasure": "the receipts; the person stands in them as a keyed hash",
    },
    holds=_holds,
    erase=_erase,
)
