"""Plugins are called one at a time; whoever raises, hangs or lies loses only its own say."""

import sys
import threading
import time
from types import SimpleNamespace

import pytest
from xianban_sdk.plugins import Manifest, PluginRefused, build, hookimpl, hookspec
from xianban_sdk.plugins.manifest import _manifest


class Specs:
    """A small domain's hooks."""

    API_VERSION = "1.2"

    @hookspec
    def discounts(self, plate: str, hour: int) -> list[int]:
        """Contribution."""

    @hookspec
    def register_meter(self) -> object:
        """Capability."""


# pluggy's specs are functions of a module; so are ours.
specs = SimpleNamespace(
    API_VERSION="1.2", discounts=Specs.discounts, register_meter=Specs.register_meter
)


def named(plugin, **changes):
    """Gives a plugin a manifest."""
    fields = {
        "id": type(plugin).__name__.lower(),
        "version": "1",
        "vendor": "test",
        "api": ">=1,<2",
        "hooks": frozenset({"discounts", "register_meter"}),
    }
    plugin.manifest = Manifest(**{**fields, **changes})
    return plugin


class Good:
    @hookimpl
    def discounts(self, plate):
        return [len(plate)]


class Raises:
    @hookimpl
    def discounts(self):
        raise ValueError("vendor bug")


class Exits:
    @hookimpl
    def discounts(self):
        sys.exit(3)


class Lies:
    @hookimpl
    def discounts(self):
        return ["free for all"]


class Hangs:
    def __init__(self):
        self.calls = 0
        self.let_go = threading.Event()

    @hookimpl
    def discounts(self):
        self.calls += 1
        self.let_go.wait(5)
        return []


def load(*plugins):
    return build("test", specs, [named(plugin) for plugin in plugins])


def test_each_plugin_answers_for_itself():
    hooks = load(Good(), Raises(), Exits(), Lies())
    results = {r.plugin: r for r in hooks.each("discounts", plate="沪A12345", hour=3)}
    assert results["good"].value == [7]
    assert results["good"].error is None
    failed = {name: type(r.error).__name__ for name, r in results.items() if r.error}
    assert failed == {"raises": "ValueError", "exits": "RuntimeError", "lies": "PluginLied"}


def test_values_are_those_of_plugins_that_answered():
    assert load(Good(), Raises()).values("discounts", plate="ab", hour=1) == [[2]]


def test_a_hanging_plugin_costs_its_time_once_and_is_then_skipped():
    hangs = Hangs()
    hooks = load(Good(), hangs)
    started = time.monotonic()
    first = hooks.each("discounts", seconds=0.1, plate="x", hour=1)
    assert time.monotonic() - started < 1
    second = hooks.each("discounts", seconds=0.1, plate="x", hour=1)
    hangs.let_go.set()
    assert [r.error is None for r in first] == [r.error is None for r in second] == [True, False]
    assert hangs.calls == 1
    assert "hangs" in hooks.quarantined


def test_a_misspelt_hook_is_refused():
    class Misspelt:
        @hookimpl
        def discount(self):
            return []

    with pytest.raises(PluginRefused, match="discount"):
        load(Misspelt())


def test_an_argument_that_the_hook_does_not_give_is_refused():
    class Curious:
        @hookimpl
        def discounts(self, owner_name):
            return []

    with pytest.raises(PluginRefused, match="owner_name"):
        load(Curious())


def test_an_undeclared_hook_is_refused():
    with pytest.raises(PluginRefused, match="does not declare discounts"):
        build("test", specs, [named(Good(), hooks=frozenset())])


def test_a_plugin_for_another_api_is_refused():
    with pytest.raises(PluginRefused, match=r"wants API >=2, test has 1\.2"):
        build("test", specs, [named(Good(), api=">=2")])
    with pytest.raises(PluginRefused, match="no version range"):
        build("test", specs, [named(Good(), api="newest")])


def test_two_plugins_of_one_name_are_refused():
    with pytest.raises(PluginRefused, match="two plugins"):
        load(Good(), Good())


def test_capabilities_are_read_once_and_a_broken_one_stops_the_start():
    class Meter:
        reads = 0

        @hookimpl
        def register_meter(self):
            self.reads += 1
            return "meter"

    class Broken:
        @hookimpl
        def register_meter(self):
            raise OSError("no meter here")

    meter = Meter()
    hooks = load(meter)
    assert [r.value for r in hooks.registered("register_meter")] == ["meter"]
    hooks.registered("register_meter")
    assert meter.reads == 1
    with pytest.raises(PluginRefused, match="no meter here"):
        load(Broken()).registered("register_meter")


def test_a_capability_is_called_in_isolation_too():
    hooks = load(Good())
    assert hooks.run("good", "pay", lambda: 5).value == 5
    assert isinstance(hooks.run("good", "pay", lambda: 1 / 0).error, ZeroDivisionError)


def test_unknown_hooks_are_refused():
    with pytest.raises(PluginRefused):
        load(Good()).each("bribes")


def test_a_guard_is_asked_before_every_call():
    def refuse():
        raise RuntimeError("inside a transaction")

    with pytest.raises(RuntimeError, match="inside a transaction"):
        load(Good()).guarded(refuse).each("discounts", plate="x", hour=1)


def test_calls_at_the_same_time_do_not_wait_for_each_other():
    both = threading.Barrier(2, timeout=3)

    class Meets:
        @hookimpl
        def discounts(self):
            both.wait()
            return []

    hooks = load(Meets())
    results = []
    other = threading.Thread(
        target=lambda: results.extend(hooks.each("discounts", plate="x", hour=1, seconds=3))
    )
    other.start()
    results.extend(hooks.each("discounts", plate="x", hour=1, seconds=3))
    other.join()
    assert [r.error for r in results] == [None, None]


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": ""},
        {"hooks": "discounts"},
        {"purposes": [1]},
        {"version": 1},
    ],
)
def test_a_wrong_manifest_is_refused(wrong):
    table = {
        "id": "x",
        "version": "1",
        "vendor": "v",
        "api": ">=1",
        "licence": "Apache-2.0",
        "contact": "a@b",
        "hooks": [],
        "purposes": [],
        "hosts": [],
    }
    assert _manifest("x", table).id == "x"
    with pytest.raises(PluginRefused):
        _manifest("x", {**table, **wrong})
    with pytest.raises(PluginRefused, match="lacks"):
        _manifest("x", {name: value for name, value in table.items() if name != "licence"})
