"""Values that protobuf carries and nothing else can hold."""

import pytest
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from xianban.common.v1 import messages_pb2, relations_pb2
from xianban_sdk.rpc.storable import unstorable


def flaws(message):
    return [(flaw.field, flaw.rule) for flaw in unstorable(message)]


def relation(**stamp):
    return relations_pb2.RelationRecord(
        relation=relations_pb2.RelationState(start_time=Timestamp(**stamp))
    )


def test_an_ordinary_message_has_no_flaw():
    assert flaws(relation(seconds=1_795_000_000, nanos=999_999_999)) == []


@pytest.mark.parametrize(
    "stamp", [{"seconds": 2**62}, {"seconds": -(2**62)}, {"nanos": -1}, {"nanos": 10**9}]
)
def test_instants_beyond_any_calendar_are_named(stamp):
    assert flaws(relation(**stamp)) == [("relation.start_time", "timestamp.range")]


def test_a_nul_is_named_wherever_it_hides():
    state = relations_pb2.RelationState(id="a\x00b", scopes=["x", "\x00"])
    assert flaws(state) == [("id", "string.no_nul"), ("scopes[1]", "string.no_nul")]
    asked = messages_pb2.MessageRequested(params={"k\x00": "v", "k": "\x00"})
    assert flaws(asked) == [("params", "string.no_nul")] * 2


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_named_even_deep_inside(value):
    deep = Struct()
    deep.update({"rules": [{"price": value}]})
    assert [rule for _, rule in flaws(deep)] == ["double.finite"]
