"""Tells the other services what changed between people."""

from __future__ import annotations

from xianban.common.v1 import messages_pb2, relations_pb2
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.wire import stamp

from xianban_identity.domain.ages import ADULT, FOURTEEN, birthday_instant
from xianban_identity.domain.consent import Consent
from xianban_identity.domain.delegation import Delegation, Kind, State
from xianban_identity.domain.people import Membership, Person
from xianban_identity.repository import people, relation_log

__all__ = [
    "AGGREGATE",
    "publish_consent",
    "publish_membership",
    "publish_person",
    "publish_relation",
    "tell",
]

# One aggregate for all: the log is applied in its own order, by everybody.
AGGREGATE = "relations"

_KINDS = {
    Kind.GUARDIAN: relations_pb2.RELATION_KIND_GUARDIAN,
    Kind.FAMILY: relations_pb2.RELATION_KIND_FAMILY,
    Kind.CARER: relations_pb2.RELATION_KIND_CARER,
}


def publish_relation(uow: UnitOfWork, item: Delegation) -> None:
    """A delegation came into force or ended."""
    state = relations_pb2.RelationState(
        id=item.id,
        kind=_KINDS[item.kind],
        actor=item.delegate,
        subject=item.subject,
        scopes=item.scopes,
        start_time=stamp(item.created_at),
        expire_time=stamp(item.ends_at),
        active=item.state is State.ACTIVE,
    )
    _append(uow, relations_pb2.RelationRecord(relation=state))


def publish_consent(uow: UnitOfWork, item: Consent, *, live: bool) -> None:
    """What counts now for one person and purpose."""
    state = relations_pb2.ConsentState(
        id=f"{item.subject}/{item.purpose}",
        subject=item.subject,
        purpose=item.purpose,
        revision=item.revision,
        expire_time=stamp(item.expires_at),
        active=live,
    )
    _append(uow, relations_pb2.RelationRecord(consent=state))


def publish_membership(uow: UnitOfWork, item: Membership) -> None:
    """A staff role was given or taken; staff act under their name."""
    person = people.find(uow.conn, item.person)
    state = relations_pb2.MembershipState(
        id=item.id,
        person=item.person,
        organisation=item.organisation,
        role=item.role,
        areas=item.areas,
        active=item.active,
        display_name=person.name if person else "",
    )
    _append(uow, relations_pb2.RelationRecord(membership=state))


def publish_person(uow: UnitOfWork, item: Person) -> None:
    """Ages and life, never names."""
    state = relations_pb2.PersonState(person=item.id, deceased=item.deceased)
    if item.birth is not None:
        state.fourteen_time.FromDatetime(birthday_instant(item.birth, FOURTEEN))
        state.adult_time.FromDatetime(birthday_instant(item.birth, ADULT))
    _append(uow, relations_pb2.RelationRecord(person=state))


def tell(
    uow: UnitOfWork, recipient: str, template: str, link: str, key: str, **params: str
) -> None:
    """A message for a person; the same key is told once."""
    message = messages_pb2.MessageRequested(
        recipient=recipient,
        template=template,
        params=params,
        link=link,
        dedupe_key=f"{template}:{key}:{recipient}",
    )
    uow.emit(message, aggregate=f"residents/{recipient}", domain="identity")


def _append(uow: UnitOfWork, record: relations_pb2.RelationRecord) -> None:
    numbered = relation_log.append(uow.conn, record)
    uow.emit(relations_pb2.RelationChanged(record=numbered), aggregate=AGGREGATE, domain="identity")
