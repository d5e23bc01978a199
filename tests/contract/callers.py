"""Somebody whom an RPC lets in, and what there is to ask about."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from policies import granted, lets_the_subject_in
from samples import names_in, sample
from wire import OK, Wire, methods
from xianban_sdk.demo import PEOPLE, person_id
from xianban_sdk.rpc import Method
from xianban_sdk.testing import ServiceUnderTest

ME = person_id("resident")
# Codes that no caller can bring about: whoever sees one has found a fault of ours.
NOT_OURS = frozenset({"UNKNOWN", "INTERNAL", "CANCELLED", "DATA_LOSS", "DEADLINE_EXCEEDED"})


def allowed_caller(service: ServiceUnderTest, method: Method) -> dict[str, Any]:
    """Somebody whom rule and policy let in: the subject, a member of staff, or a process."""
    rule = method.rule
    if rule.workload:
        return {"workload": min(granted(service, method, "workload"), default="portal")}
    if rule.purpose:
        service.world.consent("resident", rule.purpose)
    staff = rule.roles and not (rule.subject and lets_the_subject_in(service, method))
    roles = rule.roles & granted(service, method, "role") or rule.roles
    person = member_with(service, roles) if staff else "resident"
    return {"person": person, "acr": "urn:xianban:acr:2"}


def member_with(service: ServiceUnderTest, roles: Set[str]) -> str:
    """One of the demo's staff; identity has its own, the others hear of the operator."""
    for role in roles:
        service.world.member("operator", role)
    facts = service.resources.relations.facts
    return next(name for name in PEOPLE if roles & facts(person_id(name), "").roles())


def existing_names(service: ServiceUnderTest, wire: Wire) -> list[str]:
    """What the service's own lists tell, so that requests reach further than NOT_FOUND."""
    found: list[str] = []
    for method in (m for m in methods(service) if m.read_only and not m.server_streaming):
        answer = wire.call(method, sample(method, ME), **allowed_caller(service, method))
        if answer.code == OK:
            found += names_in(method.response_type.FromString(answer.first))
    return list(dict.fromkeys(found))
