"""The form of values on the wire: what goes in comes out, what lies is refused."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import SimpleNamespace
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban.plugin.v1.plugin_pb2 import Call, ToPlugin, Value
from xianban_eldercare import hookspecs as eldercare
from xianban_identity import hookspecs as identity
from xianban_notify import hookspecs as notify
from xianban_parking import hookspecs as parking
from xianban_sdk.sandbox.codec import Domain, Lie, NoForm
from xianban_sdk.sandbox.session import Session
from xianban_sensing import hookspecs as sensing


class Colour(StrEnum):
    RED = "r"
    BLUE = "b"


@dataclass(frozen=True)
class Inner:
    name: str
    of: "Inner | None" = None


@dataclass(frozen=True)
class Whole:
    colour: Colour
    side: Literal["in", "out", 3]
    when: datetime
    took: timedelta
    raw: bytes
    inner: Inner | None = None
    words: dict[str, str] = field(default_factory=dict[str, str])
    numbers: tuple[int, ...] = ()
    points: tuple[tuple[float, float], ...] = ()
    rights: frozenset[str] = frozenset()
    mixed: list[int | str | None] = field(default_factory=list)


DOMAIN = Domain(SimpleNamespace(__name__="none"), None)  # type: ignore[arg-type]
texts = st.text(st.characters(codec="utf-8"), max_size=20)
numbers = st.integers(-(2**63), 2**63 - 1)
floats = st.floats(allow_nan=False)
inners = st.recursive(st.builds(Inner, texts), lambda of: st.builds(Inner, texts, of), max_leaves=5)
wholes = st.builds(
    Whole,
    st.sampled_from(Colour),
    st.sampled_from(["in", "out", 3]),
    st.datetimes(timezones=st.just(UTC)),
    st.timedeltas(timedelta(days=-9999), timedelta(days=9999)),
    st.binary(max_size=20),
    st.none() | inners,
    st.dictionaries(texts, texts, max_size=3),
    st.lists(numbers, max_size=5).map(tuple),
    st.lists(st.tuples(floats, floats), max_size=3).map(tuple),
    st.frozensets(texts, max_size=3),
    st.lists(numbers | texts | st.none(), max_size=4),
)


def through(hint, value):
    codec, slot = DOMAIN.codec(hint), Value()
    codec.put(value, slot)
    return codec.get(Value.FromString(slot.SerializeToString()))


@given(wholes)
def test_what_goes_in_comes_out(value):
    assert through(Whole, value) == value


@given(st.binary(max_size=300))
def test_whatever_is_sent_is_read_or_is_a_lie(raw):
    try:
        slot = Value.FromString(raw)
    except Exception:
        return
    for hint in (Whole, Inner | None, list[int], frozenset[str], dict[str, Inner]):
        try:
            DOMAIN.codec(hint).get(slot)
        except Lie:
            continue


@given(wholes, st.data())
def test_a_value_with_one_field_of_another_kind_is_a_lie(value, data):
    slot = Value()
    DOMAIN.codec(Whole).put(value, slot)
    name = data.draw(st.sampled_from(["colour", "side", "when", "took", "raw"]))
    slot.record.fields[name].truth = True
    with pytest.raises(Lie):
        DOMAIN.codec(Whole).get(slot)


LIES = {
    "another class": (Inner, Whole),
    "a naive datetime": (datetime, datetime(2026, 1, 1)),  # noqa: DTZ001
    "a number beyond 64 bits": (int, 2**63),
    "a float beyond all numbers": (float, 10**400),
    "a literal that is not listed": (Literal["a"], "b"),
    "a text without end": (str, "x" * 300_000),
    "a text with half a character": (str, "\ud800"),
    "a text for a list": (list[str], "ab"),
    "a key that is no text": (dict[str, int], {1: 1}),
    "a shorter tuple": (tuple[float, float], (1.0,)),
    "a number for a flag": (bool, 1),
    "more items than anybody reads": (list[int], [1] * 100_001),
    "a wrong field": (Inner, Inner(7)),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("what", sorted(LIES))
def test_a_lie_is_told_already_where_it_is_made(what):
    hint, value = LIES[what]
    with pytest.raises(Lie):
        through(hint, value)


def test_fields_nobody_knows_and_fields_that_lack_are_lies():
    for names in (["name", "extra"], []):
        slot = Value()
        slot.record.type = "Inner"
        for name in names:
            slot.record.fields[name].text = "x"
        with pytest.raises(Lie):
            DOMAIN.codec(Inner).get(slot)


def test_a_sequence_stays_what_it_was():
    assert through(sensing.Motion, sensing.Motion(50, [1, 2])).milli_g == [1, 2]
    assert through(sensing.Motion, sensing.Motion(50, (1, 2))).milli_g == (1, 2)


@pytest.mark.parametrize("hint", [object, dict[int, str], complex, lambda: None])
def test_a_hint_without_a_form_is_refused_and_named(hint):
    with pytest.raises(NoForm):
        DOMAIN.codec(hint)


@pytest.mark.parametrize("hookspecs", [eldercare, identity, notify, parking, sensing])
def test_every_hook_of_every_domain_has_a_form(hookspecs):
    domain = Domain(hookspecs, None)  # type: ignore[arg-type]
    project = hookspecs.hookspec.project_name
    hooks = [name for name, one in vars(hookspecs).items() if hasattr(one, f"{project}_spec")]
    assert hooks
    for name in hooks:
        assert domain.hook(name).returns is not None
    for kind in domain.kinds.values():
        assert {*kind.attributes, *kind.methods}


class Band:
    """An adapter from before words named what they answer."""

    model, names, promises, has_display = "band", {}, (), True

    def parse(self, payload, now):
        return iter(())

    def render(self, command, text):
        return f"{command} {text}".encode()


def test_a_method_may_leave_out_what_has_a_default():
    hook = "register_device_adapter"
    brings = SimpleNamespace(function=lambda: [Band()], argnames=())
    session = Session(sensing, {hook: brings}, 10_000)
    call = Call(hook=hook, thing=0, method="render")
    for text in ("coming", "有人来", "p1"):
        call.arguments.add(text=text)
    assert session.answer(ToPlugin(call=call)).value.octets == "coming 有人来".encode()
