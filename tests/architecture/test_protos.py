"""What every proto says: a sensitivity per field, an access rule per RPC, an id per change."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2
from xianban.common.v1 import options_pb2

ROOT = Path(__file__).parents[2]


def files() -> list[descriptor_pb2.FileDescriptorProto]:
    raw = (ROOT / "protos/src/xianban/descriptors.binpb").read_bytes()
    found = descriptor_pb2.FileDescriptorSet.FromString(raw).file
    return [file for file in found if file.package.startswith("xianban.")]


def messages(file):
    waiting = [(file.package, m) for m in file.message_type]
    while waiting:
        scope, message = waiting.pop()
        if not message.options.map_entry:
            yield f"{scope}.{message.name}", message
        waiting += [(f"{scope}.{message.name}", nested) for nested in message.nested_type]


FIELDS = [
    (f"{name}.{field.name}", field)
    for file in files()
    for name, message in messages(file)
    for field in message.field
]
METHODS = [
    (f"{file.package}.{service.name}.{method.name}", method)
    for file in files()
    for service in file.service
    for method in service.method
]


def access(method) -> options_pb2.Access:
    return method.options.Extensions[options_pb2.access]


def test_there_is_something_to_look_at():
    assert len(FIELDS) > 100
    assert len(METHODS) > 20
    assert resources.files("xianban_sdk")


def test_every_field_is_classified():
    bare = [
        name
        for name, field in FIELDS
        if field.options.Extensions[options_pb2.sensitivity] == options_pb2.SENSITIVITY_UNSPECIFIED
    ]
    assert bare == []


def test_every_rpc_says_who_may_call_it():
    bare = [name for name, method in METHODS if not method.options.HasExtension(options_pb2.access)]
    assert bare == []


@pytest.mark.parametrize(("name", "method"), METHODS, ids=[name for name, _ in METHODS])
def test_an_access_rule_is_of_one_kind(name, method):
    rule = access(method)
    # With a subject, roles let staff in too: they act within their areas.
    kinds = [rule.anonymous, bool(rule.subject or rule.roles), rule.workload]
    assert sum(kinds) == 1, f"{name}: anonymous, subject and roles, or workload"


def test_every_change_by_a_person_carries_a_request_id():
    inputs = {f".{name}": message for file in files() for name, message in messages(file)}
    reads = descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS
    bare = [
        name
        for name, method in METHODS
        if method.options.idempotency_level != reads
        and (access(method).subject or access(method).roles)
        and "request_id" not in {field.name for field in inputs[method.input_type].field}
    ]
    assert bare == []


def test_every_event_says_its_routing_key():
    for file in files():
        if not file.name.endswith("events.proto"):
            continue
        notes = {tuple(x.path): x.leading_comments for x in file.source_code_info.location}
        for index, message in enumerate(file.message_type):
            note = notes.get((4, index), "")
            assert "Event:" in note, message.name
            assert "Routing key " in note, message.name
