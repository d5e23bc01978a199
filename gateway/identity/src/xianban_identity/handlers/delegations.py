"""Use cases of 亲属账户."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from xianban_sdk.errors import NotFound
from xianban_sdk.names import named
from xianban_sdk.rpc import Scope
from xianban_sdk.storage import UnitOfWork

from xianban_identity.domain.ages import ADULT, birthday_instant
from xianban_identity.domain.delegation import (
    OPEN,
    Delegation,
    Kind,
    Limits,
    Opening,
    Side,
    State,
    check_limits,
    end_of,
    opening,
)
from xianban_identity.domain.errors import Conflict, Invalid, LimitReached, NotAllowed
from xianban_identity.domain.people import Person, clean_name, same_name
from xianban_identity.events import publish_relation, tell
from xianban_identity.repository import delegations, people
from xianban_identity.repository.delegations import Event, Record

__all__ = [
    "END_TIMER",
    "RequestDelegation",
    "approve",
    "decide_review",
    "end_by_clock",
    "match_waiting",
    "reject",
    "request",
    "revoke",
]

END_TIMER = "delegation-end"
SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class RequestDelegation:
    """What a person asks for; `side` is their own side."""

    kind: Kind
    side: Side
    other_phone: str
    other_name: str
    scopes: tuple[str, ...]
    until: datetime | None


def request(command: RequestDelegation, *, uow: UnitOfWork, scope: Scope, limits: Limits) -> Record:
    """Starts a delegation. A stranger's number, known or not, gets the same answer."""
    now = uow.clock.now()
    asker = people.subject(uow.conn, scope)
    _check_asker(asker, command, now)
    people.lock(uow.conn, asker.id)
    if delegations.open_requests(uow.conn, asker.id, now) >= limits.open_requests:
        raise LimitReached("TOO_MANY_REQUESTS", None, {"limit": limits.open_requests})
    record = _draft(command, asker, uow, limits)
    if delegations.open_between(uow.conn, record.delegation, asker.id, command.other_phone, now):
        raise Conflict("DELEGATION_EXISTS", "other_phone")
    delegations.add(uow.conn, record, command.other_phone)
    _note(uow, record.delegation, "requested", asker.id)
    _end_timer(uow, record.delegation)
    other = people.by_phone(uow.conn, command.other_phone)
    return _match(uow, record, other, limits) if other else record


def _check_asker(asker: Person, command: RequestDelegation, now: datetime) -> None:
    if not asker.name:
        raise NotAllowed("NAME_NEEDED")
    if command.other_phone == asker.phone:
        raise Invalid("DELEGATION_TO_SELF", "other_phone")
    if command.until is not None and command.until <= now:
        raise Invalid("EXPIRY_IN_PAST", "expire_time")
    if command.side is Side.DELEGATE and asker.is_minor(now):
        raise NotAllowed("DELEGATE_IS_MINOR")


def _draft(command: RequestDelegation, asker: Person, uow: UnitOfWork, limits: Limits) -> Record:
    now = uow.clock.now()
    answer_by = now + limits.unanswered
    item = Delegation(
        id=uow.ids.new(),
        kind=command.kind,
        delegate=asker.id if command.side is Side.DELEGATE else "",
        subject=asker.id if command.side is Side.SUBJECT else "",
        scopes=("*",) if "*" in command.scopes else tuple(sorted(set(command.scopes))),
        state=State.IN_REVIEW if command.kind is Kind.GUARDIAN else State.PENDING,
        requested_by=command.side,
        created_at=now,
        ends_at=min(answer_by, command.until) if command.until else answer_by,
    )
    return Record(item, clean_name(command.other_name), command.until)


def match_waiting(person: Person, *, uow: UnitOfWork, limits: Limits) -> None:
    """Requests made to this phone before its person was known find them now."""
    for record in delegations.unmatched(uow.conn, person.phone):
        if record.delegation.state_at(uow.clock.now()) in OPEN:
            _match(uow, record, person, limits)


def _match(uow: UnitOfWork, record: Record, other: Person, limits: Limits) -> Record:
    """Fills in the side that was asked, when the name agrees; else the request just waits."""
    if other.deceased or not same_name(record.asked_name, other.name):
        return record
    asked_side = record.delegation.requested_by.other()
    filled = _with_side(record.delegation, asked_side, other.id)
    delegate = people.find(uow.conn, filled.delegate)
    subject = people.find(uow.conn, filled.subject)
    if delegate is None or subject is None or delegate.is_minor(uow.clock.now()):
        return record
    start = opening(filled.kind, delegate, subject, uow.clock.now())
    return replace(record, delegation=_open(uow, filled, record, start, limits))


def _with_side(item: Delegation, side: Side, person: str) -> Delegation:
    if side is Side.DELEGATE:
        return replace(item, delegate=person)
    return replace(item, subject=person)


def _open(
    uow: UnitOfWork, item: Delegation, record: Record, start: Opening, limits: Limits
) -> Delegation:
    opened = replace(item, state=start.state, auto_rule=start.auto_rule)
    if start.state is State.ACTIVE:
        opened = replace(opened, ends_at=_end(uow, opened, record.asked_until))
        return _activate(uow, opened, SYSTEM, limits)
    delegations.save(uow.conn, opened)
    if start.state is State.IN_REVIEW:
        _note(uow, opened, "sent_to_review", SYSTEM)
    asked = _person_on(opened, opened.requested_by.other())
    _tell(uow, opened, "delegation-requested", asked)
    return opened


def approve(delegation_id: str, *, uow: UnitOfWork, scope: Scope, limits: Limits) -> Record:
    """By the side that was asked."""
    record = _claimed(uow, scope, delegation_id)
    ends_at = _end(uow, record.delegation, record.asked_until)
    approved = record.delegation.approve(scope.actor, uow.clock.now(), ends_at)
    return replace(record, delegation=_activate(uow, approved, scope.actor, limits))


def reject(delegation_id: str, *, uow: UnitOfWork, scope: Scope) -> Record:
    """By the side that was asked."""
    record = _claimed(uow, scope, delegation_id)
    rejected = record.delegation.reject(scope.actor, uow.clock.now())
    return replace(record, delegation=_close(uow, rejected, "rejected", scope.actor))


def revoke(delegation_id: str, *, uow: UnitOfWork, scope: Scope) -> Record:
    """By either side; the other services hear of it in the same breath."""
    record = _claimed(uow, scope, delegation_id)
    now = uow.clock.now()
    by_minor = people.subject(uow.conn, scope).is_minor(now)
    revoked = record.delegation.revoke(scope.actor, now, by_minor=by_minor)
    was_active = record.delegation.state is State.ACTIVE
    closed = _close(uow, revoked, "revoked", scope.actor)
    if was_active:
        publish_relation(uow, closed)
    return replace(record, delegation=closed)


def decide_review(
    delegation_id: str,
    *,
    approved: bool,
    reason: str,
    uow: UnitOfWork,
    scope: Scope,
    limits: Limits,
) -> Record:
    """By a clerk who saw the papers; nobody decides on their own case."""
    record = delegations.claim_for_clerk(uow.conn, scope, delegation_id)
    if record is None:
        raise NotFound("DELEGATION_NOT_FOUND", field="delegation")
    if record.delegation.side_of(scope.actor) is not None:
        raise NotAllowed("CLERK_IS_PARTY")
    ends_at = _end(uow, record.delegation, record.asked_until)
    decided = record.delegation.decide(approved, uow.clock.now(), ends_at)
    if approved:
        done = _activate(uow, decided, scope.actor, limits, reason)
    else:
        done = _close(uow, decided, "rejected", scope.actor, reason)
    return replace(record, delegation=done)


def end_by_clock(delegation_id: str, *, uow: UnitOfWork) -> None:
    """Writes down what the clock already did, and tells everybody."""
    record = delegations.load(uow.conn, delegation_id)
    if record is None or record.delegation.state not in OPEN:
        return
    was_active = record.delegation.state is State.ACTIVE
    expired = record.delegation.expire(uow.clock.now())
    if expired.state is not State.EXPIRED:
        return
    closed = _close(uow, expired, _why_ended(uow, expired, was_active), SYSTEM)
    if was_active:
        publish_relation(uow, closed)


def _why_ended(uow: UnitOfWork, item: Delegation, was_active: bool) -> str:
    subject = people.find(uow.conn, item.subject)
    if not was_active or item.kind is not Kind.GUARDIAN or subject is None or not subject.birth:
        return "expired"
    return "came_of_age" if item.ends_at == birthday_instant(subject.birth, ADULT) else "expired"


def _end(uow: UnitOfWork, item: Delegation, asked: datetime | None) -> datetime | None:
    subject = people.find(uow.conn, item.subject)
    if subject is None:
        return asked
    return end_of(item.kind, subject, asked, uow.clock.now())


def _activate(
    uow: UnitOfWork, item: Delegation, actor: str, limits: Limits, reason: str = ""
) -> Delegation:
    people.lock(uow.conn, item.delegate, item.subject)
    check_limits(
        *delegations.counts(uow.conn, item.delegate, item.subject, uow.clock.now()), limits
    )
    item = replace(item, answered_at=uow.clock.now())
    delegations.save(uow.conn, item)
    _note(uow, item, "approved", actor, reason)
    _end_timer(uow, item)
    publish_relation(uow, item)
    for person in (item.delegate, item.subject):
        _tell(uow, item, "delegation-approved", person)
    return item


def _close(
    uow: UnitOfWork, item: Delegation, action: str, actor: str, reason: str = ""
) -> Delegation:
    delegations.save(uow.conn, item)
    uow.cancel(END_TIMER, item.id)
    _note(uow, item, action, actor, reason)
    for person in (item.delegate, item.subject):
        _tell(uow, item, f"delegation-{action.replace('_', '-')}", person)
    return item


def _claimed(uow: UnitOfWork, scope: Scope, delegation_id: str) -> Record:
    record = delegations.claim(uow.conn, scope, delegation_id)
    if record is None:
        raise NotFound("DELEGATION_NOT_FOUND", field="name")
    return record


def _end_timer(uow: UnitOfWork, item: Delegation) -> None:
    if item.ends_at is None:
        uow.cancel(END_TIMER, item.id)
    else:
        uow.schedule(END_TIMER, item.id, item.ends_at)


def _note(uow: UnitOfWork, item: Delegation, action: str, actor: str, reason: str = "") -> None:
    event = Event(uow.ids.new(), uow.clock.now(), action, actor, reason)
    delegations.write_event(uow.conn, item.id, event)


def _person_on(item: Delegation, side: Side) -> str:
    return item.delegate if side is Side.DELEGATE else item.subject


def _tell(uow: UnitOfWork, item: Delegation, template: str, person: str) -> None:
    other = item.subject if person == item.delegate else item.delegate
    if not person:
        return
    name = people.names(uow.conn, {other}).get(other, "")
    link = f"/me/delegations/{item.id}"
    said = named("name", other, name)
    tell(uow, person, template, link, item.id, **said, kind=item.kind.value)
