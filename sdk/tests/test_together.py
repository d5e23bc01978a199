"""Many calls in one turn: each has its own answer, its own failure and its own capability."""

import threading

import pytest
from xianban_sdk.carrying import current_capability
from xianban_sdk.plugins import NOBODY, CapabilityToken, PluginRefused, Wanted, run_together
from xianban_sdk.plugins.hooks import HookResult, Hooks
from xianban_sdk.plugins.loaded import Plugin
from xianban_sdk.plugins.manifest import Manifest
from xianban_sdk.plugins.tokens import TokenMissing
from xianban_sdk.plugins.workers import Overrun, Workers

WHAT = "reader.read"


@pytest.fixture
def hooks():
    made = Hooks("parking", {})
    manifest = Manifest("acme", "0", "test", ">=0", frozenset())
    made.take_up(Plugin(manifest, {}, Workers("acme"), 0))
    return made


def raising(error):
    def call():
        raise error

    return call


def together(hooks, *calls, seconds=5.0):
    return run_together(hooks, "acme", WHAT, [Wanted(one, NOBODY) for one in calls], seconds)


def capability(**changes):
    facts = {"plugin": "acme", "call": WHAT, "purpose": "", "people": frozenset({"x"})}
    return CapabilityToken(**facts | {"booked": True} | changes)


def test_each_has_its_answer_in_order(hooks):
    found = together(hooks, lambda: 1, lambda: 2, lambda: 3)
    assert [one.value for one in found] == [1, 2, 3]
    assert hooks.figures.of("acme")[0].calls == 1


def test_what_the_plugin_says_no_to_is_no_failure_of_the_turn(hooks):
    found = together(hooks, lambda: 1, raising(ValueError("no message of mine")), lambda: 3)
    assert [one.value for one in found] == [1, None, 3]
    assert isinstance(found[1].error, ValueError)
    assert not hooks.figures.of("acme")[0].errors


def test_a_failure_costs_only_its_own_call_and_is_counted(hooks):
    found = together(hooks, lambda: 1, raising(RuntimeError("mine")), lambda: 3)
    assert [one.value for one in found] == [1, None, 3]
    assert isinstance(found[1].error, RuntimeError)
    assert hooks.figures.of("acme")[0].errors == {"RuntimeError": 1}


def test_one_that_hangs_sets_the_plugin_aside_and_the_rest_is_not_asked(hooks):
    free, asked = threading.Event(), []
    found = together(hooks, lambda: 1, lambda: free.wait(20), lambda: asked.append(3), seconds=0.3)
    free.set()
    assert found[0].value == 1
    assert isinstance(found[1].error, Overrun)
    assert isinstance(found[2].error, PluginRefused)
    assert hooks.is_set_aside("acme")
    assert asked == []


def test_each_goes_by_its_own_capability(hooks):
    first, second = capability(id="line-1"), capability(id="line-2")
    wanted = [Wanted(current_capability, first), Wanted(current_capability, second)]
    assert [one.value for one in run_together(hooks, "acme", WHAT, wanted, 5)] == [
        "line-1",
        "line-2",
    ]
    assert first.spent


@pytest.mark.parametrize("wrong", [{"spent": True}, {"booked": False}, {"call": "other"}])
def test_a_capability_for_something_else_reaches_nobody(hooks, wrong):
    asked = []
    with pytest.raises(TokenMissing):
        run_together(hooks, "acme", WHAT, [Wanted(lambda: asked.append(1), capability(**wrong))], 5)
    assert asked == []


class Impatient:
    """Hooks whose every turn is over before its first call has answered."""

    def __init__(self, free):
        self.free = free
        self.turns = []

    def run(self, plugin, what, call, seconds, *, about):
        begun = threading.Event()
        turn = threading.Thread(target=lambda: (begun.set(), call()))
        self.turns.append(turn)
        turn.start()
        begun.wait(20)
        return HookResult(plugin, None, Overrun("no answer"), 0.0)


def test_what_is_answered_after_the_turn_is_over_is_nobody_s():
    free, asked = threading.Event(), []
    hooks = Impatient(free)

    def late():
        asked.append(1)
        free.wait(20)
        return "late"

    found = together(hooks, late, late)
    free.set()
    for turn in hooks.turns:
        turn.join()
    assert [one.value for one in found] == [None, None]
    assert len(asked) <= len(hooks.turns)
