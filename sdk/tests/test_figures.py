"""What is counted of plugins: within the window, in bounded memory, by upper bounds."""

from __future__ import annotations

from xianban_sdk.plugins.figures import WINDOW_SECONDS, Figures, together

NOON = 1_000_000.0


def test_half_and_almost_all_calls_took_no_longer_than_told():
    figures = Figures()
    for number in range(100):
        figures.note("a", "hook", 0.001 if number < 98 else 0.5, NOON)
    (found,) = figures.of("a", NOON)
    assert found.calls == 100
    assert 0.001 <= found.quantile(0.5) < 0.00125
    assert 0.5 <= found.quantile(0.99) < 0.625


def test_what_is_older_than_the_window_no_longer_counts():
    figures = Figures()
    figures.note("a", "hook", 0.001, NOON)
    assert [one.calls for one in figures.of("a", NOON + WINDOW_SECONDS - 60)] == [1]
    assert figures.of("a", NOON + WINDOW_SECONDS + 60) == []


def test_a_minute_that_comes_round_again_begins_empty():
    figures = Figures()
    figures.note("a", "hook", 0.001, NOON)
    figures.note("a", "hook", 0.001, NOON + WINDOW_SECONDS)
    assert [one.calls for one in figures.of("a", NOON + WINDOW_SECONDS)] == [1]


def test_errors_are_counted_by_kind_and_the_newest_is_told_first():
    figures = Figures()
    for kind in ("Overrun", "Overrun", "ValueError"):
        figures.note("a", "hook", 0.001, NOON, kind)
    (found,) = figures.of("a", NOON)
    assert found.errors == {"Overrun": 2, "ValueError": 1}
    assert [fault.kind for fault in figures.faults("a")] == ["ValueError", "Overrun", "Overrun"]


def test_only_so_many_faults_are_kept():
    figures = Figures()
    for number in range(1000):
        figures.note("a", "hook", 0.001, NOON + number, "Overrun")
    assert len(figures.faults("a")) == 20


def test_what_takes_longer_than_any_bound_counts_as_the_last():
    figures = Figures()
    figures.note("a", "hook", 3600.0, NOON)
    assert figures.of("a", NOON)[0].quantile(0.5) > 60


def test_all_hooks_together_and_each_plugin_for_itself():
    figures = Figures()
    figures.note("a", "one", 0.001, NOON)
    figures.note("a", "two", 0.1, NOON, "Overrun")
    figures.note("b", "one", 0.001, NOON)
    total = together(figures.of("a", NOON))
    assert (total.calls, total.errors) == (2, {"Overrun": 1})
    figures.forget("a")
    assert figures.of("a", NOON) == []
    assert figures.of("b", NOON)[0].calls == 1


def test_of_no_calls_there_is_no_time():
    assert together([]).quantile(0.99) == 0.0
