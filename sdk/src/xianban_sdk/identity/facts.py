"""What is known of an actor and a subject at one instant, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from xianban.common.v1 import relations_pb2 as pb

__all__ = ["ALL_SCOPES", "Basis", "Facts"]

ALL_SCOPES: Final = "*"

# The strongest tie first: it is the one that is written into the audit.
_KINDS: Final = (
    (pb.RELATION_KIND_GUARDIAN, "guardian"),
    (pb.RELATION_KIND_FAMILY, "family"),
    (pb.RELATION_KIND_CARER, "carer"),
    (pb.RELATION_KIND_ASSIGNMENT, "assignment"),
)


@dataclass(frozen=True, slots=True)
class Basis:
    """Why an actor may act for a subject."""

    name: str
    scopes: frozenset[str]
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Relations actor → subject, the subject's consents and ages, the actor's memberships."""

    relations: tuple[pb.RelationState, ...] = ()
    consents: tuple[pb.ConsentState, ...] = ()
    memberships: tuple[pb.MembershipState, ...] = ()
    person: pb.PersonState | None = None

    @classmethod
    def of(cls, records: Iterable[pb.RelationRecord], actor: str, subject: str) -> Facts:
        """Sorts log records; records about other people are left out."""
        found = list(records)
        relations = [r.relation for r in found if r.HasField("relation")]
        consents = [r.consent for r in found if r.HasField("consent")]
        memberships = [r.membership for r in found if r.HasField("membership")]
        persons = [r.person for r in found if r.HasField("person") and r.person.person == subject]
        return cls(
            tuple(r for r in relations if r.actor == actor and r.subject == subject),
            tuple(c for c in consents if c.subject == subject),
            tuple(m for m in memberships if m.person == actor),
            persons[-1] if persons else None,
        )

    def basis(self, scope: str, now: datetime) -> Basis | None:
        """The relation under which the actor may use the scope for the subject."""
        if not scope:
            return None
        live = [r for r in self.relations if _live(r, now)]
        for kind, name in _KINDS:
            for relation in live:
                if relation.kind == kind and _reaches(relation, scope):
                    return Basis(name, frozenset(relation.scopes), relation.id)
        return None

    def live_consents(self, now: datetime) -> frozenset[str]:
        """The purposes for which the subject's consent holds now."""
        return frozenset(
            consent.purpose
            for consent in self.consents
            if consent.active and not _over(consent, now)
        )

    def agrees_to(self, purpose: str, now: datetime) -> bool:
        """Whether the subject's consent for this purpose holds now."""
        return purpose in self.live_consents(now)

    def roles(self) -> frozenset[str]:
        """The actor's staff roles."""
        return frozenset(m.role for m in self.memberships if m.active)

    def areas(self, roles: frozenset[str]) -> tuple[str, ...]:
        """The areas in which the actor holds any of the roles."""
        held = [m for m in self.memberships if m.active and m.role in roles]
        return tuple(sorted({area for membership in held for area in membership.areas}))

    def minor(self, now: datetime) -> bool:
        """Under 18."""
        return self.person is not None and _before(now, self.person.adult_time)

    def child(self, now: datetime) -> bool:
        """Under 14 (PIPL art. 28)."""
        return self.person is not None and _before(now, self.person.fourteen_time)


def _live(relation: pb.RelationState, now: datetime) -> bool:
    if not relation.active or _over(relation, now):
        return False
    return not relation.HasField("start_time") or _reached(relation.start_time, now)


def _reaches(relation: pb.RelationState, scope: str) -> bool:
    return scope in relation.scopes or ALL_SCOPES in relation.scopes


def _over(state: pb.RelationState | pb.ConsentState, now: datetime) -> bool:
    return state.HasField("expire_time") and _reached(state.expire_time, now)


def _before(now: datetime, birthday: Timestamp) -> bool:
    # An age that identity did not tell (the epoch) is nobody's childhood.
    return birthday.seconds != 0 and not _reached(birthday, now)


def _reached(instant: Timestamp, now: datetime) -> bool:
    return instant.seconds + instant.nanos / 1e9 <= now.timestamp()
