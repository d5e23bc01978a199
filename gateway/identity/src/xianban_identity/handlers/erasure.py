"""Use case of the right to erasure (PIPL art. 47): identity forgets first and tells everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from google.protobuf.timestamp_pb2 import Timestamp
from xianban.identity.v1 import events_pb2
from xianban_sdk.errors import FailedPrecondition, NotFound
from xianban_sdk.personal import Hold, Holding, sweep
from xianban_sdk.rpc import Scope
from xianban_sdk.storage import UnitOfWork

from xianban_identity.domain.delegation import OPEN, Delegation, State
from xianban_identity.domain.people import Person
from xianban_identity.events import publish_consent, publish_person, publish_relation
from xianban_identity.handlers.delegations import END_TIMER
from xianban_identity.handlers.sessions import end_session
from xianban_identity.repository import consents, delegations, erasures, people, sessions
from xianban_identity.repository.delegations import Event

__all__ = ["erase_person"]

_PAGE = 200


def erase_person(
    person_id: str, *, uow: UnitOfWork, held: Sequence[Hold], holdings: Sequence[Holding]
) -> str:
    """Returns the receipt; for the same person again the same one, and everybody is told anew."""
    people.lock(uow.conn, person_id)
    receipt = erasures.find(uow.conn, person_id) or _erase(person_id, uow, held, holdings)
    occurred = Timestamp()
    occurred.FromDatetime(uow.clock.now())
    event = events_pb2.PersonErased(person=person_id, receipt=receipt, occur_time=occurred)
    uow.emit(event, aggregate=f"residents/{person_id}")
    return receipt


def _erase(
    person_id: str, uow: UnitOfWork, held: Sequence[Hold], holdings: Sequence[Holding]
) -> str:
    person = people.find(uow.conn, person_id)
    if person is None:
        raise NotFound("RESIDENT_NOT_FOUND", field="person")
    if held:
        raise FailedPrecondition("PERSON_HELD", field="person", reason=held[0].reason)
    scope = Scope(person_id, person_id)
    for session in sessions.of(uow.conn, scope, uow.clock.now()):
        end_session(session, "erased", uow=uow)
    _end_delegations(uow, scope)
    _end_consents(uow, scope)
    publish_person(uow, Person(id=person_id, phone="", locale=person.locale))
    receipt = uow.ids.new()
    erasures.add(uow.conn, receipt, person_id, uow.clock.now())
    sweep(uow.conn, holdings, person_id, receipt)
    return receipt


def _end_delegations(uow: UnitOfWork, scope: Scope) -> None:
    """Nobody acts for, or as, somebody who is no more. The other side is not told a name again."""
    before = ""
    while found := delegations.of(
        uow.conn, scope, current=False, now=uow.clock.now(), before=before, size=_PAGE
    ):
        for record in found:
            if record.delegation.state in OPEN:
                _end_delegation(uow, record.delegation)
        before = found[-1].delegation.id


def _end_delegation(uow: UnitOfWork, item: Delegation) -> None:
    ended = replace(item, state=State.REVOKED, ends_at=uow.clock.now())
    delegations.save(uow.conn, ended)
    uow.cancel(END_TIMER, item.id)
    note = Event(uow.ids.new(), uow.clock.now(), "revoked", "system", "")
    delegations.write_event(uow.conn, item.id, note)
    if item.state is State.ACTIVE:
        publish_relation(uow, ended)


def _end_consents(uow: UnitOfWork, scope: Scope) -> None:
    for purpose in consents.revisions(uow.conn):
        latest = consents.latest(uow.conn, scope, purpose)
        if latest is not None:
            publish_consent(uow, latest, live=False)
