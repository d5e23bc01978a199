"""Between the wire and the domain; pure."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from xianban.common.v1 import relations_pb2
from xianban.identity.v1 import identity_pb2 as pb
from xianban_sdk.wire import stamp

from xianban_identity.domain.consent import Consent, Decision
from xianban_identity.domain.delegation import Delegation, Kind, Side, State
from xianban_identity.domain.people import Membership, Person, mask_phone
from xianban_identity.domain.sessions import Session
from xianban_identity.repository.consents import WordedPurpose
from xianban_identity.repository.delegations import Event, Record

__all__ = [
    "acting_for",
    "consent",
    "decision",
    "delegation",
    "delegation_event",
    "instant",
    "is_veiled",
    "kind",
    "known_actors",
    "last_id",
    "person",
    "profile_name",
    "purpose",
    "session",
]

_KINDS = {
    Kind.GUARDIAN: relations_pb2.RELATION_KIND_GUARDIAN,
    Kind.FAMILY: relations_pb2.RELATION_KIND_FAMILY,
    Kind.CARER: relations_pb2.RELATION_KIND_CARER,
}
_FROM_KIND = {wire: kind for kind, wire in _KINDS.items()}
_STATES = {
    State.PENDING: pb.DELEGATION_STATE_PENDING,
    State.IN_REVIEW: pb.DELEGATION_STATE_IN_REVIEW,
    State.ACTIVE: pb.DELEGATION_STATE_ACTIVE,
    State.REJECTED: pb.DELEGATION_STATE_REJECTED,
    State.REVOKED: pb.DELEGATION_STATE_REVOKED,
    State.EXPIRED: pb.DELEGATION_STATE_EXPIRED,
}
_DECISIONS = {
    Decision.GIVEN: pb.CONSENT_DECISION_GIVEN,
    Decision.REFUSED: pb.CONSENT_DECISION_REFUSED,
    Decision.WITHDRAWN: pb.CONSENT_DECISION_WITHDRAWN,
}
_PROFILES = {
    "standard": pb.PRESENTATION_PROFILE_STANDARD,
    "elder": pb.PRESENTATION_PROFILE_ELDER,
}


def instant(stamp: Timestamp) -> datetime | None:
    """An absent timestamp is none."""
    return stamp.ToDatetime(UTC) if stamp.seconds or stamp.nanos else None


def last_id(name: str) -> str:
    """The last part of a resource name."""
    return name.rpartition("/")[2]


def kind(wire: int) -> Kind:
    """The domain's word; the request was validated before."""
    return {int(key): value for key, value in _FROM_KIND.items()}[wire]


def decision(wire: int) -> Decision:
    """Given or refused; the request was validated before."""
    return Decision.GIVEN if wire == pb.CONSENT_DECISION_GIVEN else Decision.REFUSED


def profile_name(wire: int) -> str:
    """ "" for unchanged."""
    return {int(value): name for name, value in _PROFILES.items()}.get(wire, "")


def person(item: Person, memberships: list[Membership]) -> pb.Person:
    """A person as seen by themselves."""
    return pb.Person(
        name=f"residents/{item.id}",
        display_name=item.name,
        phone_masked=mask_phone(item.phone),
        birth_date=item.birth.isoformat() if item.birth else "",
        real_name_level=pb.RealNameLevel.ValueType(int(item.level)),
        locale=item.locale,
        profile=_PROFILES.get(item.profile, pb.PRESENTATION_PROFILE_STANDARD),
        household=item.household,
        memberships=[_membership(found) for found in memberships],
    )


def _membership(item: Membership) -> relations_pb2.MembershipState:
    return relations_pb2.MembershipState(
        id=item.id,
        person=item.person,
        organisation=item.organisation,
        role=item.role,
        areas=item.areas,
        active=item.active,
    )


def session(item: Session, current: str) -> pb.Session:
    """A log-in; `current` is the session of the token that asks."""
    return pb.Session(
        name=f"residents/{item.person}/sessions/{item.id}",
        client=item.client,
        device=item.device,
        create_time=stamp(item.created_at),
        last_use_time=stamp(item.last_used_at),
        expire_time=stamp(item.expires_at),
        current=item.id == current,
        authentication_methods=item.amr,
    )


def delegation(record: Record, viewer: str, names: dict[str, str], now: datetime) -> pb.Delegation:
    """A delegation as one of its sides, or a clerk, may see it.

    Until the other side has agreed, who asked sees only what they typed themselves: neither that
    the number is known, nor whose it is, nor how old its owner is.
    """
    item = record.delegation
    state = item.state_at(now)
    veiled = is_veiled(item, viewer)
    shown = {item.delegate: names.get(item.delegate, ""), item.subject: names.get(item.subject, "")}
    other = item.requested_by.other()
    sides = {Side.DELEGATE: item.delegate, Side.SUBJECT: item.subject}
    texts = {side: shown.get(person_id, "") for side, person_id in sides.items()}
    if veiled:
        sides[other], texts[other] = "", record.asked_name
        state = _veiled_state(item, state)
    return pb.Delegation(
        name=f"residents/{viewer}/delegations/{item.id}",
        kind=_KINDS[item.kind],
        delegate=sides[Side.DELEGATE],
        delegate_display=texts[Side.DELEGATE],
        subject=sides[Side.SUBJECT],
        subject_display=texts[Side.SUBJECT],
        scopes=item.scopes,
        state=_STATES[state],
        create_time=stamp(item.created_at),
        expire_time=stamp(item.ends_at),
        auto_rule=item.auto_rule,
        requested_by=item.requested_by.value,
    )


def is_veiled(item: Delegation, viewer: str) -> bool:
    """Whether the viewer asked and has not been answered yet."""
    asker = item.delegate if item.requested_by is Side.DELEGATE else item.subject
    return viewer == asker and item.answered_at is None


def known_actors(item: Delegation, events: list[Event]) -> set[str]:
    """Whose names the two sides may read: each other's and a clerk's."""
    return {event.actor for event in events} | {item.delegate, item.subject}


def _veiled_state(item: Delegation, state: State) -> State:
    if state not in (State.PENDING, State.IN_REVIEW):
        return state
    return State.IN_REVIEW if item.kind is Kind.GUARDIAN else State.PENDING


def delegation_event(event: Event, names: dict[str, str]) -> pb.DelegationEvent:
    """One line of the history."""
    return pb.DelegationEvent(
        id=event.id,
        occur_time=stamp(event.occurred_at),
        action=event.action,
        actor_display=names.get(event.actor, "") or event.actor,
        reason=event.reason,
    )


def acting_for(item: Delegation, names: dict[str, str]) -> pb.ActingFor:
    """Somebody one may act for."""
    return pb.ActingFor(
        subject=item.subject,
        subject_display=names.get(item.subject, ""),
        kind=_KINDS[item.kind],
        scopes=item.scopes,
        expire_time=stamp(item.ends_at),
    )


def purpose(item: WordedPurpose, locale: str) -> pb.Purpose:
    """A purpose in the caller's language."""
    return pb.Purpose(
        id=item.purpose.id,
        revision=item.purpose.revision,
        title=item.title(locale),
        text=item.text(locale),
        controller=item.purpose.controller,
        retention_days=item.purpose.retention_days,
        plugin=item.plugin,
    )


def consent(item: Consent, current_revision: int, now: datetime) -> pb.Consent:
    """One line of the ledger."""
    return pb.Consent(
        name=f"residents/{item.subject}/consents/{item.id}",
        purpose=item.purpose,
        revision=item.revision,
        decision=_DECISIONS[item.decision],
        decide_time=stamp(item.decided_at),
        expire_time=stamp(item.expires_at),
        withdraw_time=stamp(item.withdrawn_at),
        decided_by=item.decided_by,
        live=item.is_live(current_revision, now),
    )
