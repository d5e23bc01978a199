"""Identity as tests need it: relations, consents, roles and ages that change when told to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from xianban.common.v1 import relations_pb2 as pb

from xianban_sdk.clock import Clock
from xianban_sdk.demo import PEOPLE, person_id
from xianban_sdk.errors import Unavailable
from xianban_sdk.identity.relations import Relations
from xianban_sdk.wire import stamp

__all__ = ["RelationsWorld"]

_KINDS = {
    "guardian": pb.RELATION_KIND_GUARDIAN,
    "family": pb.RELATION_KIND_FAMILY,
    "carer": pb.RELATION_KIND_CARER,
    "assignment": pb.RELATION_KIND_ASSIGNMENT,
}


class RelationsWorld:
    """The relation log, kept in memory; services under test follow it at once.

    People are named by demo alias or by id. ``reachable = False`` is identity being away.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._records: dict[tuple[str, str], pb.RelationRecord] = {}
        self._sequence = 0
        self._followers: list[Relations] = []
        self.reachable = True

    # -- changing ---------------------------------------------------------------------------

    def grant(
        self,
        actor: str,
        subject: str,
        kind: str = "family",
        scopes: Sequence[str] = ("*",),
        *,
        expires: datetime | None = None,
    ) -> str:
        """Lets actor act for subject; returns the relation's id."""
        relation = pb.RelationState(
            id=f"{_id(actor)}-{_id(subject)}",
            kind=_KINDS[kind],
            actor=_id(actor),
            subject=_id(subject),
            scopes=scopes,
            expire_time=stamp(expires),
            active=True,
        )
        self._put("relation", relation.id, pb.RelationRecord(relation=relation))
        return relation.id

    def revoke(self, actor: str, subject: str) -> None:
        """Ends what :meth:`grant` began."""
        key = f"{_id(actor)}-{_id(subject)}"
        record = self._copy("relation", key)
        record.relation.active = False
        self._put("relation", key, record)

    def consent(self, subject: str, purpose: str, *, expires: datetime | None = None) -> None:
        """Gives the subject's consent."""
        consent = pb.ConsentState(
            id=f"{_id(subject)}-{purpose}",
            subject=_id(subject),
            purpose=purpose,
            revision=1,
            expire_time=stamp(expires),
            active=True,
        )
        self._put("consent", consent.id, pb.RelationRecord(consent=consent))

    def withdraw(self, subject: str, purpose: str) -> None:
        """Takes the consent back."""
        key = f"{_id(subject)}-{purpose}"
        record = self._copy("consent", key)
        record.consent.active = False
        self._put("consent", key, record)

    def member(
        self,
        person: str,
        role: str,
        areas: Sequence[str] = ("310120",),
        organisation: str = "test",
    ) -> None:
        """Gives a staff role."""
        membership = pb.MembershipState(
            id=f"{_id(person)}-{role}",
            person=_id(person),
            organisation=organisation,
            role=role,
            areas=areas,
            active=True,
        )
        self._put("membership", membership.id, pb.RelationRecord(membership=membership))

    def dismiss(self, person: str, role: str) -> None:
        """Takes the role away."""
        key = f"{_id(person)}-{role}"
        record = self._copy("membership", key)
        record.membership.active = False
        self._put("membership", key, record)

    def age(self, person: str, years: float) -> None:
        """Makes a person that old now."""
        birthday = self._clock.now() - timedelta(days=years * 365.25)
        state = pb.PersonState(
            person=_id(person),
            fourteen_time=stamp(birthday + timedelta(days=14 * 365.25)),
            adult_time=stamp(birthday + timedelta(days=18 * 365.25)),
        )
        self._put("person", state.person, pb.RelationRecord(person=state))

    def _copy(self, kind: str, key: str) -> pb.RelationRecord:
        record = pb.RelationRecord()
        record.CopyFrom(self._records[(kind, key)])
        return record

    def _put(self, kind: str, key: str, record: pb.RelationRecord) -> None:
        self._sequence += 1
        record.sequence = self._sequence
        self._records[(kind, key)] = record
        if self.reachable:
            for follower in self._followers:
                follower.sync()

    # -- being asked ------------------------------------------------------------------------

    def follow(self, relations: Relations) -> None:
        """Keeps a service's projection up to date from now on."""
        self._followers.append(relations)
        relations.sync()

    def beat(self) -> None:
        """A heartbeat to every follower."""
        beat = pb.RelationsHeartbeat(sequence=self._sequence, observe_time=self._now())
        for follower in self._followers:
            follower.heartbeat(beat)

    def list_after(self, sequence: int) -> pb.ListRelationsResponse:
        """What ListRelations answers."""
        self._check()
        records = sorted(self._records.values(), key=lambda record: record.sequence)
        return pb.ListRelationsResponse(
            records=[record for record in records if record.sequence > sequence],
            complete=True,
            sequence=self._sequence,
            observe_time=self._now(),
        )

    def resolve(self, actor: str, subject: str) -> pb.ResolveRelationsResponse:
        """What ResolveRelations answers."""
        self._check()
        mine = [r for r in self._records.values() if _concerns(r, actor, subject)]
        return pb.ResolveRelationsResponse(records=mine, observe_time=self._now())

    def _check(self) -> None:
        if not self.reachable:
            raise Unavailable("UPSTREAM_UNAVAILABLE")

    def _now(self) -> Timestamp:
        return stamp(self._clock.now()) or Timestamp()


def _concerns(record: pb.RelationRecord, actor: str, subject: str) -> bool:
    kind = record.WhichOneof("record")
    if kind == "relation":
        return (record.relation.actor, record.relation.subject) == (actor, subject)
    if kind == "membership":
        return record.membership.person == actor
    state: Any = record.consent if kind == "consent" else None
    return (state.subject if state is not None else record.person.person) == subject


def _id(person: str) -> str:
    return person_id(person) if person in PEOPLE else person
