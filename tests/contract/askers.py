"""Everybody who might ask for one person's data, and what the access rule says to each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from xianban.identity.v1 import identity_pb2 as pb
from xianban.identity.v1.identity_pb2_grpc import IdentityServiceStub
from xianban_sdk.demo import person_id, phone
from xianban_sdk.identity.relations import Relations
from xianban_sdk.rpc import AccessRule
from xianban_sdk.testing import ServiceUnderTest

SUBJECT = "resident"
# In no domain's options; identity knows it all the same.
OTHER_SCOPE = "culture"
SHORT = timedelta(minutes=2)


@dataclass(frozen=True)
class Asker:
    """One person who asks, and the scopes under which the subject lets them in."""

    name: str
    alias: str
    scopes: tuple[str, ...] = ()

    def may(self, rule: AccessRule) -> bool:
        """By the access rule's own words; what the policy then makes of it is another matter."""
        if self.name == "self":
            return True
        return bool(rule.scope) and ("*" in self.scopes or rule.scope in self.scopes)


ASKERS = (
    Asker("self", SUBJECT),
    Asker("family with every scope", "daughter", ("*",)),
    Asker("family with another scope", "doctor", (OTHER_SCOPE,)),
    Asker("carer with another scope", "carer", (OTHER_SCOPE,)),
    Asker("family whose leave was taken back", "teacher"),
    Asker("family whose leave is over", "dispatcher"),
    Asker("one for whom the subject acts", "relic-guardian"),
    Asker("a stranger", "vendor"),
    Asker("staff of this service", "operator"),
    Asker("staff of the district", "auditor"),
    Asker("a clerk", "admin"),
    Asker("an elder", "elder"),
    Asker("a child", "child"),
)


def tie(service: ServiceUnderTest, clock: Any) -> None:
    """Brings the askers' relations about: by identity's own RPCs there, by its log elsewhere."""
    hears = isinstance(service.resources.relations, Relations)
    grant, revoke = _by_log(service) if hears else _by_rpc(service)
    grant("daughter", SUBJECT, "family", ["*"], None)
    grant("doctor", SUBJECT, "family", [OTHER_SCOPE], None)
    grant("carer", SUBJECT, "carer", [OTHER_SCOPE], None)
    grant("teacher", SUBJECT, "family", ["*"], None)
    revoke("teacher", SUBJECT)
    grant("dispatcher", SUBJECT, "family", ["*"], clock.now() + SHORT)
    grant(SUBJECT, "relic-guardian", "family", ["*"], None)
    for role in ("parking-operator", "auditor", "identity-clerk"):
        holder = {"auditor": "auditor", "identity-clerk": "admin"}.get(role, "operator")
        service.world.member(holder, role, ["310120/elsewhere"])
    clock.advance(SHORT + timedelta(seconds=1))
    service.world.beat()


Grant = Callable[..., None]
Revoke = Callable[[str, str], None]


def _by_log(service: ServiceUnderTest) -> tuple[Grant, Revoke]:
    world = service.world

    def grant(actor: str, subject: str, kind: str, scopes: list[str], expires: Any) -> None:
        world.grant(actor, subject, kind, scopes, expires=expires)

    return grant, world.revoke


def _by_rpc(service: ServiceUnderTest) -> tuple[Grant, Revoke]:
    made: dict[tuple[str, str], str] = {}
    kinds = {"family": 2, "carer": 3}

    def stub(alias: str) -> IdentityServiceStub:
        return service.stub(IdentityServiceStub, alias, acr="urn:xianban:acr:2")

    def grant(actor: str, subject: str, kind: str, scopes: list[str], expires: Any) -> None:
        asked = pb.CreateDelegationRequest(
            parent=_resident(subject),
            kind=kinds[kind],
            other_is_delegate=True,
            other_phone=phone(actor),
            other_name=_name_of(stub(actor), actor),
            scopes=scopes,
            request_id=f"grant-{actor}-{subject}",
        )
        if expires is not None:
            asked.expire_time.FromDatetime(expires)
        name = stub(subject).CreateDelegation(asked).name.rpartition("/")[2]
        mine = f"{_resident(actor)}/delegations/{name}"
        approval = pb.ApproveDelegationRequest(name=mine, request_id=f"yes-{actor}-{subject}")
        assert stub(actor).ApproveDelegation(approval).state == pb.DELEGATION_STATE_ACTIVE
        made[(actor, subject)] = name

    def revoke(actor: str, subject: str) -> None:
        name = f"{_resident(subject)}/delegations/{made[(actor, subject)]}"
        asked = pb.RevokeDelegationRequest(name=name, request_id=f"no-{actor}-{subject}")
        stub(subject).RevokeDelegation(asked)

    return grant, revoke


def _name_of(stub: IdentityServiceStub, alias: str) -> str:
    return stub.GetPerson(pb.GetPersonRequest(name=_resident(alias))).display_name


def _resident(alias: str) -> str:
    return f"residents/{person_id(alias)}"
