"""What plugins bring is as they are now: who comes is used, who goes is not, a clash is named."""

from types import SimpleNamespace

import pytest
from xianban_sdk.plugins import Brought, BroughtByName, PluginRefused
from xianban_sdk.plugins.building import build, hookimpl, hookspec


@hookspec
def register_thing() -> list[str]:
    """Brings things."""


SPECS = SimpleNamespace(register_thing=register_thing)


def made(results, refuse):
    found = {}
    for result in results:
        for thing in result.value:
            if thing in found:
                refuse(result.plugin, f"{thing} is there twice")
            else:
                found[thing] = result.plugin
    return found


def brings(*things, name):
    class One:
        @hookimpl
        def register_thing(self):
            return list(things)

    One.__name__ = name
    return One()


def hooks_of(*plugins):
    return build("test", SPECS, plugins)


def things_of(hooks):
    return BroughtByName(Brought(hooks, "register_thing", made))


def test_what_a_plugin_brings_is_there_by_name():
    things = things_of(hooks_of(brings("a", "b", name="One")))
    assert dict(things) == {"a": "One", "b": "One"}


def test_who_goes_takes_it_along_and_who_comes_back_brings_it():
    hooks = hooks_of(brings("a", name="One"), brings("b", name="Two"))
    things, gone = things_of(hooks), hooks.plugins["Two"]
    hooks.let_go("Two")
    assert set(things) == {"a"}
    hooks.take_up(gone)
    assert set(things) == {"a", "b"}


def test_two_that_clash_in_process_stop_the_start():
    with pytest.raises(PluginRefused, match="Two: a is there twice"):
        things_of(hooks_of(brings("a", name="One"), brings("a", name="Two")))


def test_one_that_comes_later_and_clashes_costs_only_itself():
    later = hooks_of(brings("a", "b", name="Two")).plugins["Two"]
    hooks = hooks_of(brings("a", name="One"))
    things = things_of(hooks)
    hooks.take_up(later)
    assert dict(things) == {"a": "One", "b": "Two"}
