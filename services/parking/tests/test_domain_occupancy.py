"""Occupancy: no number without its age, no number at all when it can't be true."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban_parking.domain.errors import MeasureError
from xianban_parking.domain.honesty import MIN_SLOTS, Slot, derive_occupied, honesty_of
from xianban_parking.domain.occupancy import (
    Feed,
    Implausibility,
    Observation,
    Verdict,
    judge,
    latest,
    next_change,
)
from xianban_parking.domain.sessions import Direction, GateEvent

T0 = datetime(2026, 3, 3, tzinfo=UTC)
FEED = Feed(timedelta(minutes=5))
COUNT = st.none() | st.integers(-50, 250)


def observed(minute: int = 0, free: int | None = 30, occupied: int | None = None, capacity=100):
    at = T0 + timedelta(minutes=minute)
    return Observation("a", "gate", capacity, at, at, free, occupied)


@pytest.mark.parametrize(
    ("minutes", "verdict", "free", "live"),
    [
        (0, Verdict.FRESH, 30, True),
        (10, Verdict.FRESH, 30, True),
        (11, Verdict.LATE, 30, True),
        (21, Verdict.STALE, 30, False),
        (61, Verdict.SILENT, None, False),
    ],
)
def test_a_feed_that_stops_flips_its_label_in_the_stated_time(
    minutes: int, verdict: Verdict, free: int | None, live: bool
) -> None:
    shown = judge(observed(), FEED, T0 + timedelta(minutes=minutes))
    assert (shown.verdict, shown.free, shown.live) == (verdict, free, live)
    assert shown.age == timedelta(minutes=minutes)


@given(COUNT, COUNT, st.integers(-10, 200), st.integers(-30, 120), st.integers(-30, 30))
def test_a_shown_count_is_always_within_capacity_and_adds_up(
    free: int | None, occupied: int | None, capacity: int, age: int, step: int
) -> None:
    observation = replace(
        observed(0, free, occupied, capacity), received_at=T0 + timedelta(minutes=step)
    )
    shown = judge(observation, FEED, T0 + timedelta(minutes=age))
    if shown.free is None:
        assert shown.verdict in (Verdict.IMPLAUSIBLE, Verdict.SILENT)
        return
    assert 0 <= shown.free <= capacity
    assert occupied is None or shown.free + occupied == capacity
    assert shown.age is not None
    assert (observation.free, observation.occupied) == (free, occupied), "raw stays raw"


@pytest.mark.parametrize(
    ("observation", "reason"),
    [
        (observed(free=101), Implausibility.OVER_CAPACITY),
        (observed(free=-1), Implausibility.NEGATIVE),
        (observed(free=None, occupied=101), Implausibility.OVER_CAPACITY),
        (observed(free=10, occupied=10), Implausibility.DOES_NOT_ADD_UP),
        (observed(free=None), Implausibility.NO_COUNT),
        (observed(free=0, capacity=0), Implausibility.CAPACITY_NOT_POSITIVE),
        (observed(minute=10), Implausibility.FROM_THE_FUTURE),
    ],
)
def test_an_implausible_count_says_why_and_shows_nothing(
    observation: Observation, reason: Implausibility
) -> None:
    shown = judge(observation, FEED, T0)
    assert (shown.verdict, shown.free) == (Verdict.IMPLAUSIBLE, None)
    assert reason in shown.reasons


@given(st.permutations(range(6)))
def test_late_batches_never_replace_a_later_observation(order: list[int]) -> None:
    newest = latest(observed(minute) for minute in order)
    assert newest is not None
    assert newest.observed_at == T0 + timedelta(minutes=5)


@given(st.integers(0, 100))
def test_the_next_change_is_the_moment_the_verdict_changes(minute: int) -> None:
    now = T0 + timedelta(minutes=minute)
    flips = next_change(observed(), FEED, now)
    if flips is None:
        assert judge(observed(), FEED, now).verdict is Verdict.SILENT
        return
    same = judge(observed(), FEED, flips).verdict
    assert judge(observed(), FEED, now).verdict is same
    assert judge(observed(), FEED, flips + timedelta(microseconds=1)).verdict is not same


def test_nothing_ever_received_is_silence() -> None:
    assert judge(None, FEED, T0).verdict is Verdict.SILENT
    assert latest([]) is None


def test_a_feed_with_bounds_that_do_not_ascend_is_refused() -> None:
    with pytest.raises(MeasureError):
        Feed(timedelta(minutes=5), late_after=4, stale_after=4)
    with pytest.raises(MeasureError):
        Feed(timedelta())


def test_gate_counts_move_the_baseline_once_per_event() -> None:
    def passed(event_id: str, way: Direction) -> GateEvent:
        return GateEvent(event_id, "a", "g", way, "沪A12345", T0, T0)

    events = [passed("1", Direction.IN), passed("1", Direction.IN), passed("2", Direction.OUT)]
    assert derive_occupied(40, [*events, passed("3", Direction.IN)]) == 41


def test_an_honest_operator_scores_100_and_a_silent_one_0() -> None:
    assert honesty_of([Slot(100, 50, 51)] * MIN_SLOTS).score == 100
    assert honesty_of([Slot(100, None, 51)] * MIN_SLOTS).score == 0
    assert honesty_of([Slot(100, 50, 51)] * (MIN_SLOTS - 1)).score is None


def test_claiming_bays_that_are_not_there_costs_points_and_shows_as_bias() -> None:
    honesty = honesty_of([Slot(100, 20, 8)] * MIN_SLOTS)
    assert (honesty.score, honesty.bias_bays_per_mille) == (50, 12_000)
    assert honesty_of([Slot(100, 140, 8)] * MIN_SLOTS).implausible == MIN_SLOTS


@given(st.lists(st.tuples(COUNT, st.integers(0, 100)), min_size=MIN_SLOTS, max_size=40))
def test_a_score_stays_in_0_to_100_and_moving_a_claim_to_the_truth_never_lowers_it(
    rows: list[tuple[int | None, int]],
) -> None:
    slots = [Slot(100, claimed, seen) for claimed, seen in rows]
    honest = [replace(slots[0], claimed_free=slots[0].observed_free), *slots[1:]]
    score, better = honesty_of(slots).score, honesty_of(honest).score
    assert score is not None
    assert better is not None
    assert 0 <= score <= better <= 100
