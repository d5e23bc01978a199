"""Cedar as we use it: default deny, schema, and no mercy for errors."""

from dataclasses import replace

import pytest
from xianban_sdk.identity import Policy, PolicyError, Question, schema_for

QUESTION = Question(
    action="Look",
    actor="a",
    roles=frozenset(),
    level=2,
    resource_type="Resident",
    resource="a",
    basis="self",
    scopes=frozenset({"*"}),
    consents=frozenset(),
    acr=1,
    minor=False,
    child=False,
)
SCHEMA = schema_for(["Look", "Change"])
ALL = "permit (principal, action, resource);"


def test_nothing_is_allowed_that_no_policy_permits():
    policy = Policy('permit (principal, action == Action::"Look", resource);', SCHEMA)
    assert policy.allows(QUESTION)
    assert not policy.allows(replace(QUESTION, action="Change"))


def test_attributes_and_context_reach_the_policy():
    policy = Policy(
        'permit (principal, action, resource) when { principal.roles.contains("x")'
        ' && context.acr >= 2 && !context.minor && context.consents.contains("p") };',
        SCHEMA,
    )
    good = replace(QUESTION, roles=frozenset({"x"}), acr=2, consents=frozenset({"p"}))
    assert policy.allows(good)
    for worse in ({"roles": frozenset()}, {"acr": 1}, {"minor": True}, {"consents": frozenset()}):
        assert not policy.allows(replace(good, **worse))


def test_a_call_without_a_basis_is_forbidden_whatever_the_service_permits():
    assert not Policy(ALL, SCHEMA).allows(replace(QUESTION, basis=""))


def test_a_policy_that_does_not_fit_the_schema_stops_the_start():
    for wrong in (
        "permit (principal, action, resource) when { principal.age > 3 };",
        'permit (principal, action == Action::"Loook", resource);',
        "permit (principal, action, resource",
        'permit (principal, action, resource) when { context.acr == "high" };',
    ):
        with pytest.raises(PolicyError):
            Policy(wrong, SCHEMA)


def test_a_forbid_that_errors_denies():
    overflow = f"{ALL} forbid (principal, action, resource) when {{ context.acr * 9 > 0 }};"
    policy = Policy(overflow, SCHEMA)
    assert not policy.allows(replace(QUESTION, acr=2**62))


def test_strange_ids_are_ids_and_nothing_else():
    policy = Policy('permit (principal == Person::"admin", action, resource);', SCHEMA)
    for actor in ('x" || true', "admin\n", "管理员", "\x00"):
        assert not policy.allows(replace(QUESTION, actor=actor))


def test_remembered_decisions_are_dropped_when_told():
    policy = Policy(ALL, SCHEMA)
    policy.allows(QUESTION)
    assert policy._decided
    policy.forget()
    assert not policy._decided
