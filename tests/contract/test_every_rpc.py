"""What holds for every RPC of every installed service, read from the descriptors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import garbage
import pytest
from callers import ME, NOT_OURS, allowed_caller, existing_names
from google.protobuf.descriptor import FieldDescriptor
from samples import extremes, sample
from wire import OK, Answer, Wire, methods
from xianban_sdk.demo import person_id
from xianban_sdk.rpc import Method
from xianban_sdk.rpc.validation import validate
from xianban_sdk.testing import ServiceUnderTest
from xianban_sdk.testing.forgery import forged_tokens

MAX_HEADERS = 32 * 1024
REASON = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
CHINESE = re.compile(r"[\u4e00-\u9fff]")

Wrong = list[str]


def faults_of(answer: Answer, locale: str) -> str:
    """What an error lacks of reason and text; "" when it is well."""
    if not REASON.fullmatch(answer.reason):
        return f"reason {answer.reason!r}"
    if answer.info.domain != "xianban":
        return f"domain {answer.info.domain!r}"
    said = answer.text
    if said.locale != locale or said.message != answer.status.message or not said.message:
        return f"text {said.message!r} in {said.locale!r}"
    if answer.reason.lower().replace("_", "-") in said.message or "{" in said.message:
        return f"a raw key or a hole in {said.message!r}"
    if bool(CHINESE.search(said.message)) != (locale == "zh-CN"):
        return f"{said.message!r} is not {locale}"
    return ""


def refused(
    answer: Answer, code: str, where: str, *, reason: str = "", locale: str = "en"
) -> Wrong:
    """Nothing when the call was refused so and said it well."""
    if answer.code != code or reason not in ("", answer.reason):
        return [f"{where}: {answer.code} {answer.reason}, not {code} {reason}"]
    fault = faults_of(answer, locale)
    return [f"{where}: {fault}"] if fault else []


def string_fields(method: Method) -> list[int]:
    fields = method.request_type.DESCRIPTOR.fields
    return [f.number for f in fields if f.type == FieldDescriptor.TYPE_STRING]


def test_every_rpc_has_an_example_that_holds_its_field_rules(service: ServiceUnderTest) -> None:
    for method in methods(service):
        validate(sample(method))


def test_malformed_bytes_are_the_callers_fault_and_never_ours(
    service: ServiceUnderTest, wire: Wire
) -> None:
    wrong: Wrong = []
    for method in methods(service):
        kinds = garbage.MALFORMED | garbage.broken_text(string_fields(method)[:2])
        callers = [{}, allowed_caller(service, method)]
        for kind, raw in kinds.items():
            for caller in callers:
                answer = wire.call(method, raw, **caller)
                where = f"{method.path} {kind} {caller}"
                wrong += refused(answer, "INVALID_ARGUMENT", where, reason="MALFORMED_REQUEST")
    assert not wrong, "\n".join(wrong)


def test_values_at_the_end_of_their_type_never_break_a_handler(
    service: ServiceUnderTest, wire: Wire
) -> None:
    known = existing_names(service, wire)
    wrong: Wrong = []
    for method in methods(service):
        caller = allowed_caller(service, method)
        for change, request in extremes(method, sample(method, ME, known)):
            answer = wire.call(method, request, **caller)
            if answer.code in NOT_OURS:
                wrong.append(f"{method.path} {change}: {answer.code}")
            elif answer.code != OK and (fault := faults_of(answer, "en")):
                wrong.append(f"{method.path} {change}: {fault}")
    assert not wrong, "\n".join(wrong)


def hardly_messages(method: Method, known: list[str]) -> Iterator[bytes]:
    """Bytes of which nobody can say beforehand whether they are a request."""
    numbers = [field.number for field in method.request_type.DESCRIPTOR.fields]
    yield from garbage.wrong_types(numbers).values()
    yield from garbage.mutations(
        sample(method, ME, known).SerializeToString(), 40, seed=len(numbers)
    )
    yield from garbage.noise(30, seed=len(numbers))


def test_mutilated_requests_of_allowed_callers_never_break_a_handler(
    service: ServiceUnderTest, wire: Wire
) -> None:
    wrong: Wrong = []
    known = existing_names(service, wire)
    for method in methods(service):
        caller = allowed_caller(service, method)
        for raw in hardly_messages(method, known):
            answer = wire.call(method, raw, **caller)
            if answer.code in NOT_OURS:
                wrong.append(f"{method.path} {raw.hex()[:400]}: {answer.code}")
            elif answer.code != OK and (fault := faults_of(answer, "en")):
                wrong.append(f"{method.path}: {fault}")
            if method.server_streaming and answer.code == OK:
                break  # each accepted stream takes its time; one is enough
    assert not wrong, "\n".join(wrong)


def test_who_sends_no_token_is_asked_for_one_unless_anybody_may(
    service: ServiceUnderTest, wire: Wire
) -> None:
    wrong: Wrong = []
    for method in methods(service):
        answer = wire.call(method, sample(method, ME))
        if method.rule.anonymous:
            if answer.code == "UNAUTHENTICATED" and answer.reason.startswith("TOKEN"):
                wrong.append(f"{method.path}: asks for a token")
        else:
            wrong += refused(answer, "UNAUTHENTICATED", method.path, reason="TOKEN_MISSING")
    assert not wrong, "\n".join(wrong)


def test_every_forged_token_is_refused_by_the_service_itself(
    service: ServiceUnderTest, wire: Wire
) -> None:
    wrong: Wrong = []
    forged = forgeries(service)
    for method in methods(service):
        asked = sample(method, ME)
        for kind, token in forged.items():
            if len(token) <= MAX_HEADERS:
                answer = wire.call(method, asked, token=token)
                wrong += refused(answer, "UNAUTHENTICATED", f"{method.path} {kind}")
    assert not wrong, "\n".join(wrong)


def test_a_token_beyond_the_limit_of_headers_ends_at_each_server(service: ServiceUnderTest) -> None:
    """grpc's own limit stands before ours and before any method; it may end the connection."""
    [token] = [one for one in forgeries(service).values() if len(one) > MAX_HEADERS]
    for method in {each.lane: each for each in methods(service)}.values():
        wire = Wire(service)
        try:
            answer = wire.call(method, sample(method, ME), token=token)
        finally:
            wire.close()
        ends = ("RESOURCE_EXHAUSTED", "UNAVAILABLE", "UNAUTHENTICATED", "INTERNAL")
        assert answer.code in ends, method.path


def forgeries(service: ServiceUnderTest) -> dict[str, str]:
    return forged_tokens(service.issuer, service.resources.clock, "resident", service.app.name)


def test_rpcs_between_processes_refuse_people(service: ServiceUnderTest, wire: Wire) -> None:
    wrong: Wrong = []
    for method in (each for each in methods(service) if each.rule.workload):
        for person in ("resident", "admin", "operator"):
            answer = wire.call(method, sample(method), person, acr="urn:xianban:acr:2")
            wrong += refused(answer, "PERMISSION_DENIED", method.path, reason="WORKLOAD_ONLY")
    assert not wrong, "\n".join(wrong)


def test_a_process_alone_is_nobody_where_a_person_is_asked_for(
    service: ServiceUnderTest, wire: Wire
) -> None:
    wrong: Wrong = []
    for method in methods(service):
        if not method.rule.workload and not method.rule.anonymous:
            answer = wire.call(method, sample(method, ME), workload="portal")
            wrong += refused(answer, "UNAUTHENTICATED", method.path, reason="TOKEN_MISSING")
    assert not wrong, "\n".join(wrong)


def test_staff_rpcs_refuse_people_without_the_role(service: ServiceUnderTest, wire: Wire) -> None:
    wrong: Wrong = []
    for method in methods(service):
        if method.rule.roles and not method.rule.subject:
            answer = wire.call(method, sample(method), "resident", acr="urn:xianban:acr:2")
            wrong += refused(answer, "PERMISSION_DENIED", method.path, reason="ROLE_MISSING")
    assert not wrong, "\n".join(wrong)


def test_rpcs_that_ask_for_a_stronger_log_in_refuse_a_weak_one(
    service: ServiceUnderTest, wire: Wire
) -> None:
    wrong: Wrong = []
    for method in (each for each in methods(service) if each.rule.step_up):
        caller = allowed_caller(service, method) | {"acr": "urn:xianban:acr:1"}
        answer = wire.call(method, sample(method, ME), **caller)
        wrong += refused(answer, "UNAUTHENTICATED", method.path, reason="STEP_UP_REQUIRED")
    assert not wrong, "\n".join(wrong)


def every_refusal(service: ServiceUnderTest, method: Method) -> list[dict[str, Any]]:
    """One call for each way in which the RPC may be refused."""
    allowed = allowed_caller(service, method)
    empty = method.request_type()
    return [
        {"request": b"\xff\xff"},
        {"request": sample(method, ME)},
        {"request": sample(method, ME), "token": "not-a-token"},
        {"request": sample(method, ME), "person": "vendor"},
        {"request": sample(method, ME), **allowed},
        {"request": sample(method, person_id("elder")), **allowed},
        {"request": empty, **allowed},
    ]


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_every_error_has_a_reason_and_a_sentence_in_the_callers_language(
    service: ServiceUnderTest, wire: Wire, locale: str
) -> None:
    wrong: Wrong = []
    for method in methods(service):
        for call in every_refusal(service, method):
            answer = wire.call(method, locale=locale, **call)
            if answer.code != OK:
                fault = faults_of(answer, locale)
                wrong += [f"{method.path} {answer.reason}: {fault}"] if fault else []
    assert not wrong, "\n".join(wrong)


def test_a_mutation_asks_for_a_request_id(service: ServiceUnderTest, wire: Wire) -> None:
    wrong: Wrong = []
    for method in (each for each in methods(service) if each.has_request_id):
        request = sample(method, ME)
        request.request_id = ""
        answer = wire.call(method, request, **allowed_caller(service, method))
        wrong += refused(answer, "INVALID_ARGUMENT", method.path)
    assert not wrong, "\n".join(wrong)
