"""Whose data it is decides: every RPC with a subject, for everybody who might ask.

What must happen is worked out from the access rule alone; the service has its own way to its
answer. Another person's id, or a thing of theirs, answers to the byte as one that does not
exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from askers import ASKERS, SUBJECT, Asker, tie
from samples import sample
from things import ABSENT, things_of
from wire import Answer, Wire, methods
from xianban_sdk.demo import person_id
from xianban_sdk.errors import InvalidArgument
from xianban_sdk.rpc import Method
from xianban_sdk.rpc.validation import validate
from xianban_sdk.testing import ServiceUnderTest

STRONG = "urn:xianban:acr:2"
_THING = re.compile(r"residents/[^/]+/(?P<kind>[a-z-]+)/[^/]+")

_requests = count(1)


def asked(method: Method, request: Any) -> Any:
    """With a request id of its own: nobody shall hear an earlier answer."""
    if method.has_request_id:
        request.request_id = f"request-{next(_requests):06d}"
    return request


def about(method: Method, subject: str) -> Any:
    return asked(method, sample(method, subject))


def with_subject(service: ServiceUnderTest) -> list[Method]:
    return [method for method in methods(service) if method.rule.subject]


@pytest.fixture(scope="module")
def tied(service: ServiceUnderTest) -> ServiceUnderTest:
    """With everybody's relations to the subject."""
    tie(service, service.resources.clock)
    return service


def is_refused_as_absent(answer: Answer, absent: Answer) -> bool:
    return answer == absent and (answer.code, answer.reason) == ("NOT_FOUND", "RESIDENT_NOT_FOUND")


def judged(asker: Asker, method: Method, answer: Answer, absent: Answer) -> str:
    """What is wrong with the answer; "" when it is as the rule says."""
    if asker.may(method.rule):
        known = answer.reason != "RESIDENT_NOT_FOUND" and answer.code != "UNAUTHENTICATED"
        return "" if known else f"turned away: {answer.code} {answer.reason}"
    if is_refused_as_absent(answer, absent):
        return ""
    return f"{answer.code} {answer.reason} {answer.status}, but absent: {absent.reason}"


def test_everybody_gets_what_the_access_rule_says_and_strangers_learn_nothing(
    tied: ServiceUnderTest, wire: Wire
) -> None:
    subject = person_id(SUBJECT)
    wrong: list[str] = []
    for method in with_subject(tied):
        for asker in ASKERS:
            caller = {"person": asker.alias, "acr": STRONG}
            absent = wire.call(method, about(method, ABSENT), **caller)
            answer = wire.call(method, about(method, subject), **caller)
            fault = judged(asker, method, answer, absent)
            wrong += [f"{method.path} for {asker.name}: {fault}"] if fault else []
    assert not wrong, "\n".join(wrong)


def test_an_absent_resident_is_not_found_by_anybody(tied: ServiceUnderTest, wire: Wire) -> None:
    wrong: list[str] = []
    for method in with_subject(tied):
        statuses = {
            wire.call(method, about(method, ABSENT), asker.alias, acr=STRONG).status.message
            for asker in ASKERS
        }
        wrong += [f"{method.path}: {statuses}"] if len(statuses) != 1 else []
    assert not wrong, "\n".join(wrong)


def well_formed(request: Any) -> bool:
    """A limit's id is a word, an alert's is not: as an alert's name it says nothing to anybody."""
    try:
        validate(request)
    except InvalidArgument:
        return False
    return True


def renamed(request: Any, owner: str, thing: str) -> Iterator[Any]:
    """Copies of the request with each name of a resident's thing pointing at another one."""
    for field, value in request.ListFields():
        found = _THING.fullmatch(value) if isinstance(value, str) else None
        if found:
            changed = type(request)()
            changed.CopyFrom(request)
            setattr(changed, field.name, f"residents/{owner}/{found['kind']}/{thing}")
            yield changed


@pytest.mark.parametrize("theirs", ["elder", "child"])
def test_a_thing_of_somebody_else_is_as_absent_under_ones_own_name_as_under_theirs(
    service: ServiceUnderTest, wire: Wire, theirs: str
) -> None:
    things = things_of(service, theirs)
    me, them = person_id(SUBJECT), person_id(theirs)
    wrong: list[str] = []
    for method in with_subject(service):
        for kind, thing in things:
            for owner in (me, them):
                pairs = zip(
                    renamed(about(method, me), owner, thing),
                    renamed(about(method, me), owner, ABSENT),
                    strict=True,
                )
                for existing, absent in pairs:
                    if not well_formed(existing):
                        continue
                    got = wire.call(method, asked(method, existing), SUBJECT, acr=STRONG)
                    expected = wire.call(method, asked(method, absent), SUBJECT, acr=STRONG)
                    # What the policy leaves to others is refused before anything is looked for.
                    unasked = got.reason == "POLICY_DENIED"
                    if got != expected or not (unasked or got.code == "NOT_FOUND"):
                        where = f"{method.path} {kind} under {owner}"
                        wrong.append(f"{where}: {got.code} {got.reason}, absent {expected.reason}")
    assert not wrong, "\n".join(wrong)
