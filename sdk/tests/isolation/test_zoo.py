"""The host survives every plugin of the zoo, and so do the other plugins' answers."""

import os
import resource
from dataclasses import replace

import pytest
from xianban_sdk.plugins import NOBODY, PluginRefused

GOOD = [("good", 10)]
# Plugin → what its call ends with.
FAILS = {
    "raises": "PluginFailed",
    "hangs": "Overrun",
    "sleeps": "Overrun",
    "swallows": "Overrun",
    "forks": "OSError",
    "escapes": "OSError",
    "exits": "PluginGone",
    "segfaults": "PluginGone",
    "fills-disk": "OSError",
    "stops-thread": "PluginFailed",
    "lies": "PluginLied",
    "lies-inside": "PluginLied",
    "huge-reply": "PluginLied",
}
# Plugin → what it found out.
ANSWERS = {"opens-sockets": "", "reads-secrets": "", "html": "<script>alert(1)</script>"}
REFUSED = {"misspelt": "unknown hook", "bad-import": "a_package_that_nobody_has"}


def ask(hooks, stay):
    results = hooks.each("tariff_concessions", about=NOBODY, seconds=0.5, request=stay)
    return {result.plugin.removeprefix("zoo-"): result for result in results}


def memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.parametrize("name", sorted(FAILS))
def test_a_bad_plugin_costs_its_own_answer_alone(opened, stay, name):
    hooks, pid = opened("good", name), os.getpid()
    ask(hooks, stay)
    before = memory()
    for _ in range(2):
        results = ask(hooks, stay)
        assert [(one.key, one.percent) for one in results["good"].value] == GOOD
        assert results[name].error is not None
    assert os.getpid() == pid
    assert memory() - before < 20 * 1024


@pytest.mark.parametrize("name", sorted(FAILS))
def test_what_went_wrong_is_told(opened, stay, name):
    error = ask(opened(name), stay)[name].error
    assert type(error).__name__ == FAILS[name]


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_a_curious_plugin_finds_nothing(opened, stay, name, settings):
    settings.data.mkdir(parents=True)
    secret = settings.data / "parking.db"
    secret.write_text("somebody's plates")
    hooks = opened(name)
    [result] = hooks.each(
        "tariff_concessions", about=NOBODY, request=replace(stay, lot=str(secret))
    )
    assert result.error is None
    assert result.value[0].names["en"] == ANSWERS[name]


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_plugin_that_does_not_fit_is_refused_with_the_reason(opened, name):
    with pytest.raises(PluginRefused, match=REFUSED[name]):
        opened(name)


def test_a_leaking_plugin_runs_out_of_its_own_memory_and_starts_anew(opened, stay):
    hooks, answers = opened("good", "leaks"), []
    for _ in range(8):
        results = ask(hooks, stay)
        assert results["good"].error is None
        answers.append(type(results["leaks"].error).__name__)
    assert "MemoryError" in answers
    # After it, the count of what it holds begins again.
    assert answers[-1] == "NoneType" or answers.count("MemoryError") > 1
    assert answers.index("MemoryError") < 4
