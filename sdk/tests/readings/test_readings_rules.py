from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xianban_sdk.readings import Breach, Cleared, Raised, Severity, Trend
from xianban_sdk.readings.rules import Change, Standing, judge, snooze, wake
from xianban_sdk.readings.snoozing import Snoozes
from xianban_sdk.storage.instant import to_micros
from xianban_sdk.timers import Timers

MINUTE = 60_000_000
LOW = Breach(
    name="oxygen-low",
    kind="oxygen-saturation",
    severity=Severity.SEVERE,
    side="below",
    level=90,
    clear_level=92,
    lasting=timedelta(minutes=4),
    clear_after=timedelta(minutes=2),
    gap=timedelta(minutes=3),
)
AT_ONCE = Breach(
    name="heart-fast",
    kind="heart-rate",
    severity=Severity.MODERATE,
    side="above",
    level=120,
    clear_level=110,
)

SLOW = replace(AT_ONCE, name="heart-slow", side="below", level=40, clear_level=45)


def minutes(*pairs: tuple[float, float]) -> list[tuple[int, float]]:
    return [(int(minute * MINUTE), value) for minute, value in pairs]


def told(rule: Any, points: Any, standing: Standing | None = None) -> list[tuple[bool, float]]:
    _after, changes = judge(rule, standing or Standing(), points, 0)
    return [(change.raised, change.at / MINUTE) for change in changes]


def test_a_breach_must_last() -> None:
    assert told(LOW, minutes((1, 85), (3, 85), (4.9, 85))) == []
    assert told(LOW, minutes((1, 85), (3, 85), (5, 85))) == [(True, 5)]


def test_one_good_reading_begins_it_anew() -> None:
    assert told(LOW, minutes((1, 85), (3, 95), (5, 85), (7, 85))) == []


def test_a_gap_tells_nothing_of_the_time_between() -> None:
    assert told(LOW, minutes((1, 85), (6, 85))) == []


def test_between_the_levels_a_raised_rule_stays_raised() -> None:
    points = minutes((1, 85), (3, 85), (5, 85), (6, 91), (8, 91), (10, 91))
    assert told(LOW, points) == [(True, 5)]
    assert told(LOW, [*points, *minutes((11, 92), (13, 93))]) == [(True, 5), (False, 13)]


def test_a_value_that_dances_on_the_level_raises_once() -> None:
    points = minutes(*((n, 121 if n % 2 else 119) for n in range(1, 60)))
    assert told(AT_ONCE, points) == [(True, 1)]


def test_history_raises_nothing() -> None:
    old = minutes((1, 85), (3, 85), (5, 85))
    assert told(LOW, [*old, *minutes((90, 95))]) == []


def test_levels_that_cross_are_refused() -> None:
    with pytest.raises(ValueError, match="clear_level"):
        Breach(name="x", kind="k", severity=Severity.MINOR, side="above", level=5, clear_level=6)


RISING = Trend(
    name="weight-rising",
    kind="weight",
    severity=Severity.MODERATE,
    side="rising",
    per_hour=2.0,
    clear_per_hour=1.0,
    over=timedelta(hours=2),
)


@given(st.floats(-10, 10), st.floats(-50, 50), st.integers(5, 40))
def test_the_slope_of_a_straight_line_is_its_slope(slope: float, start: float, count: int) -> None:
    step = 120 / count
    points = minutes(*((n * step, start + slope * n * step / 60) for n in range(count + 1)))
    assert RISING.slope(points) == pytest.approx(slope, abs=1e-6)


def test_a_trend_begins_and_ends_with_hysteresis() -> None:
    line = [minutes(*((n * 10, rate * n / 6) for n in range(13))) for rate in (1.5, 2.5, 1.5, 0.5)]
    standing = Standing()
    heard: list[bool] = []
    for points in line:
        standing, changes = judge(RISING, standing, points, 0)
        heard += [change.raised for change in changes]
    assert heard == [True, False]


def test_too_few_or_too_close_readings_have_no_trend() -> None:
    assert RISING.slope(minutes((1, 1), (2, 9), (100, 50))) is None
    assert RISING.slope(minutes(*((n, n) for n in range(20)))) is None


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 100)), max_size=30), st.integers(0, 100))
def test_whoever_heard_of_a_beginning_hears_of_the_end(
    moves: list[tuple[bool, int]], until: int
) -> None:
    """Told changes alternate; after the snooze what stands has been told."""
    standing = snooze(Standing(), until)
    heard: list[bool] = []
    for number, (high, now) in enumerate(sorted(moves, key=lambda move: move[1])):
        if now >= until:
            standing, again = wake(standing, now)
            heard += [True] if again else []
        point: list[tuple[int, float]] = [(number + 1, 130 if high else 100)]
        standing, changes = judge(AT_ONCE, standing, point, now)
        assert not any(change.raised and now < until for change in changes)
        heard += [change.raised for change in changes]
    assert all(one != other for one, other in pairwise(heard))
    if moves and max(now for _, now in moves) >= until:
        assert standing.told == standing.raised == bool(heard and heard[-1])


# -- against an oracle: all readings ever taken, judged anew at each arrival -----------------------


class Oracle:
    """Knows everything and computes it the slow way."""

    def __init__(self, rule: Breach) -> None:
        self.rule = rule
        self.values: dict[int, float] = {}
        self.raised, self.settled = False, -(10**18)

    def arrive(self, batch: Sequence[tuple[int, float]]) -> list[tuple[bool, int]]:
        for at, value in batch:
            self.values.setdefault(at, value)
        changes: list[tuple[bool, int]] = []
        while (at := self._next()) is not None:
            self.raised, self.settled = not self.raised, at
            changes.append((self.raised, at))
        return changes

    def _next(self) -> int | None:
        later = sorted(at for at in self.values if at > self.settled)
        ends = (end for end in later if any(self._run(s, end, later) for s in later if s <= end))
        return next(ends, None)

    def _run(self, start: int, end: int, later: list[int]) -> bool:
        rule, micro = self.rule, timedelta(microseconds=1)
        inside = [at for at in later if start <= at <= end]
        holds = rule.clears if self.raised else rule.breaks
        lasting = (rule.clear_after if self.raised else rule.lasting) // micro
        return (
            end - start >= lasting
            and all(holds(self.values[at]) for at in inside)
            and all(b - a <= rule.gap // micro for a, b in pairwise(inside))
            and (self.raised or end >= max(self.values) - rule.recent // micro)
        )


def _rule(lasting: int, clear_after: int, gap: int, recent: int) -> Breach:
    return Breach(
        name="oxygen-low",
        kind="oxygen-saturation",
        severity=Severity.SEVERE,
        side="below",
        level=90,
        clear_level=93,
        lasting=timedelta(minutes=lasting),
        clear_after=timedelta(minutes=clear_after),
        gap=timedelta(minutes=gap),
        recent=timedelta(minutes=recent),
    )


RULES = st.builds(
    _rule, st.integers(0, 6), st.integers(0, 4), st.integers(1, 4), st.sampled_from([10, 60])
)
VALUES = st.sampled_from([85.0, 89.0, 90.0, 91.0, 93.0, 97.0])
# Lost, reordered, doubled: any readings of any minutes in any order, in batches.
BATCHES = st.lists(
    st.tuples(
        st.lists(st.tuples(st.integers(0, 40), VALUES), min_size=1, max_size=6),
        st.sampled_from(["", "restart", "forward", "back"]),
    ),
    max_size=14,
)


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rule=RULES, cadence=st.sampled_from([0, 1, 2, 10]), batches=BATCHES)
def test_ingest_tells_what_an_oracle_over_all_readings_tells(
    world: Any, rule: Breach, cadence: int, batches: Any
) -> None:
    """Over loss, reorder, duplicates, restarts and clock steps, whatever cadence was promised."""
    oracle = Oracle(rule)
    subject = f"residents/{world.ids.new()}"
    start = world.clock.now() - timedelta(hours=20)
    world.rules, world.facts = [rule], []
    world.restart()
    if cadence:
        # Nothing of it is left to chance: the oracle's gap is the rule's or the promise's.
        oracle.rule = replace(rule, gap=max(rule.gap, 2.5 * timedelta(minutes=cadence)))
        world.bind(subject[-20:], subject, "oxygen-saturation", timedelta(minutes=cadence))
    for batch, event in batches:
        _disturb(world, event)
        world.facts.clear()
        points = [(to_micros(start) + minute * MINUTE, value) for minute, value in batch]
        world.take(*(_raw(world, subject, at, value) for at, value in points))
        facts: list[Raised | Cleared] = world.facts
        assert [_told(fact) for fact in facts] == oracle.arrive(points)


def _disturb(world: Any, event: str) -> None:
    if event == "restart":
        world.restart()
    elif event == "forward":
        world.clock.advance(timedelta(hours=1))
    elif event == "back":
        world.clock.advance(-timedelta(minutes=50))


def _raw(world: Any, subject: str, at: int, value: float) -> Any:
    changes = {"subject": subject, "device": subject[-20:], "kind": "oxygen-saturation"}
    return world.raw(value, **changes, unit="%", observe_micros=at)


def _told(fact: Raised | Cleared) -> tuple[bool, int]:
    return isinstance(fact, Raised), to_micros(fact.reasons[0].observed_at)


# -- through ingest --------------------------------------------------------------------------------


def fast(world: Any, value: float, at: datetime | None = None) -> None:
    world.take(world.raw(value, at))
    world.clock.advance(timedelta(minutes=1))


def test_a_fact_says_why(world: Any) -> None:
    world.rules = [AT_ONCE]
    fast(world, 130)
    raised = world.facts[0]
    assert (raised.rule, raised.subject, raised.device) == ("heart-fast", world.elder, world.band)
    assert raised.reasons[0].text == "reason-heart-fast"
    assert raised.reasons[0].params["value"] == "130"
    assert raised.reasons[0].params["level"] == "120"


def smoke(world: Any, *values: float, every: timedelta) -> list[bool]:
    """Raised and cleared in turn, of a set that says 1 for smoke."""
    world.rules = [
        Breach(
            name="smoke",
            kind="body-temperature",
            severity=Severity.EXTREME,
            side="above",
            level=39.0,
            clear_level=38.0,
            clear_after=timedelta(minutes=1),
        )
    ]
    for value in values:
        world.take(world.raw(value, kind="body-temperature", unit="Cel"))
        world.clock.advance(every)
    return [isinstance(fact, Raised) for fact in world.facts]


def test_what_is_told_every_ten_minutes_ends_in_ten_minutes(world: Any) -> None:
    every = timedelta(minutes=10)
    world.bind(world.band, world.elder, "body-temperature", every)
    assert smoke(world, 40, 37, 37, every=every) == [True, False]


def test_a_lost_one_between_is_no_end_and_one_number_alone_ends_nothing(world: Any) -> None:
    world.bind(world.band, world.elder, "body-temperature", timedelta(minutes=10))
    assert smoke(world, 40, 37, every=timedelta(minutes=20)) == [True]
    assert smoke(world, 37, every=timedelta(minutes=20)) == [True, False]


def test_without_a_promise_a_long_gap_still_tells_nothing(world: Any) -> None:
    assert smoke(world, 40, 37, 37, every=timedelta(minutes=10)) == [True]


def test_a_promise_of_another_s_device_changes_nothing(world: Any) -> None:
    every = timedelta(minutes=10)
    world.bind(world.band, "residents/01OTHER", "body-temperature", every)
    assert smoke(world, 40, 37, 37, every=every) == [True]


def test_zeros_and_spikes_raise_nothing(world: Any) -> None:
    world.rules = [AT_ONCE, SLOW]
    for value in (70, 0, 350, float("nan"), 71):
        fast(world, value)
    assert world.facts == []


def test_a_snooze_holds_back_and_ends_by_itself_after_a_restart_too(world: Any) -> None:
    world.rules = [AT_ONCE]
    fast(world, 100)
    snoozes = Snoozes(world.kinds, world._rules, world._hear)
    with world.unit() as uow:
        until = world.clock.now() + timedelta(minutes=30)
        assert snoozes.snooze(uow, world.elder, AT_ONCE, until) == 1
    fast(world, 130)
    fast(world, 131)
    assert world.facts == []
    world.restart()
    timers = Timers(world.db, snoozes.timers(), clock=world.clock, ids=world.ids)
    assert timers.fire_due() == 0
    world.clock.advance(timedelta(minutes=30))
    assert timers.fire_due() == 1
    assert [(fact.rule, fact.again) for fact in world.facts] == [("heart-fast", True)]
    fast(world, 100)
    assert isinstance(world.facts[-1], Cleared)


def test_a_snooze_of_the_high_side_leaves_the_low_side_awake(world: Any) -> None:
    world.rules = [AT_ONCE, SLOW]
    fast(world, 100)
    with world.unit() as uow:
        until = world.clock.now() + timedelta(minutes=30)
        Snoozes(world.kinds, world._rules, world._hear).snooze(uow, world.elder, AT_ONCE, until)
    world.clock.advance(timedelta(minutes=5))
    fast(world, 130)
    world.clock.advance(timedelta(minutes=5))
    fast(world, 35)
    assert [fact.rule for fact in world.facts] == ["heart-slow"]


def test_a_trend_is_found_in_what_was_stored(world: Any) -> None:
    climbing = Trend(
        name="heart-climbing",
        kind="heart-rate",
        severity=Severity.MINOR,
        side="rising",
        per_hour=20,
        clear_per_hour=5,
        over=timedelta(minutes=30),
        every=timedelta(minutes=1),
    )
    world.rules = [climbing]
    for step in range(30):
        fast(world, 60 + step)
    assert [fact.rule for fact in world.facts] == ["heart-climbing"]


def test_a_change_knows_its_reading() -> None:
    _standing, changes = judge(AT_ONCE, Standing(), minutes((1, 130)), 0)
    assert changes == [Change(True, MINUTE, MINUTE, 130)]
