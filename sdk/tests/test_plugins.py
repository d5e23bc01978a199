"""Plugins are called one at a time; whoever raises, hangs or lies loses only its own say."""

import sys
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from xianban_sdk.deadline import Deadline, current_deadline
from xianban_sdk.plugins import Manifest, PluginRefused, build, hookimpl, hookspec


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


def test_a_capability_that_fails_late_is_not_asked_again_and_the_others_are_there():
    class Meter:
        @hookimpl
        def register_meter(self):
            return "meter"

    class Broken:
        reads = 0

        @hookimpl
        def register_meter(self):
            self.reads += 1
            raise OSError("no meter here")

        @hookimpl
        def discounts(self):
            return [50]

    broken = Broken()
    hooks = load(broken, Meter())
    with pytest.raises(PluginRefused, match="no meter here"):
        hooks.registered("register_meter")
    for _ in range(3):
        assert [r.value for r in hooks.registered("register_meter")] == ["meter"]
    assert broken.reads == 1
    assert "no meter here" in hooks.quarantined["broken"]
    assert hooks.each("discounts", plate="x", hour=1) == []
    # It holds no thread: there is nothing that a restart would end.
    assert hooks.hung == {}


def test_a_capability_that_hangs_late_is_not_asked_again_either():
    class Meter:
        @hookimpl
        def register_meter(self):
            return "meter"

    hooks = load(Good(), Meter())
    hooks.plugins["meter"].runner.set_aside = "discounts: no answer within 1.000 s"
    with pytest.raises(PluginRefused, match="no answer"):
        hooks.registered("register_meter")
    assert hooks.registered("register_meter") == []
    assert "meter" in hooks.hung


def test_a_capability_that_failed_is_asked_once_more_when_its_plugin_is_taken_up_anew():
    class Late:
        works = False

        @hookimpl
        def register_meter(self):
            if not self.works:
                raise OSError("no meter here")
            return "meter"

    late = Late()
    hooks = load(late)
    [plugin] = hooks.plugins.values()
    with pytest.raises(PluginRefused):
        hooks.registered("register_meter")
    late.works = True
    hooks.let_go("late")
    hooks.take_up(plugin)
    assert [r.value for r in hooks.registered("register_meter")] == ["meter"]


@contextmanager
def waiting(seconds):
    token = current_deadline.set(Deadline(seconds))
    try:
        yield
    finally:
        current_deadline.reset(token)


def test_a_call_for_which_nobody_waits_is_not_begun_and_costs_no_plugin_its_place():
    hangs = Hangs()
    hooks = load(hangs)
    with waiting(0):
        [result] = hooks.each("discounts", plate="x", hour=1)
    assert type(result.error).__name__ == "CallerGone"
    assert hangs.calls == 0
    assert hooks.quarantined == {}


def test_a_caller_in_a_hurry_costs_no_plugin_its_place_but_one_that_hangs():
    hangs = Hangs()
    hooks = load(hangs)
    with waiting(0.05):
        [result] = hooks.each("discounts", seconds=60, plate="x", hour=1)
        assert type(result.error).__name__ == "CallerGone"
    hangs.let_go.set()
    assert hooks.quarantined == {}
    assert hooks.values("discounts", seconds=60, plate="x", hour=1) == [[]]
    hangs.let_go.clear()
    with waiting(0.05):
        hooks.each("discounts", seconds=0.2, plate="x", hour=1)
    assert eventually(lambda: "hangs" in hooks.quarantined)
    hangs.let_go.set()


def eventually(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


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


def test_what_a_plugin_brought_is_refused_once_the_plugin_is_let_go():
    hooks = load(Good())
    hooks.let_go("good")
    result = hooks.run("good", "meter.read", lambda: 7)
    assert isinstance(result.error, PluginRefused)
    assert hooks.each("discounts", plate="x", hour=1) == []
