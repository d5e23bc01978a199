"""Weekly plans: the same visits, however often and in whatever order somebody looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban_eldercare.domain.errors import Refused
from xianban_eldercare.domain.holidays import is_holiday
from xianban_eldercare.domain.visit_plans import AHEAD_DAYS, BEHIND_DAYS, HolidayChoice, VisitPlan

NOON = datetime(2026, 11, 25, 4, tzinfo=UTC)  # a Wednesday, 12:00 in Shanghai
TODAY = date(2026, 11, 25)
DAY = timedelta(days=1)


@st.composite
def plans(draw):
    first = TODAY + draw(st.integers(-30, 30)) * DAY
    ends = draw(st.booleans())
    return VisitPlan(
        weekdays=frozenset(draw(st.sets(st.integers(1, 7), min_size=1))),
        starts=time(draw(st.integers(0, 23)), draw(st.integers(0, 59))),
        length=timedelta(minutes=draw(st.integers(1, 720))),
        first_on=first,
        last_on=first + draw(st.integers(0, 40)) * DAY if ends else None,
    )


@given(plans(), st.sets(st.integers(-3, 20)))
def test_due_is_every_wanted_day_of_two_weeks_that_has_none_and_is_not_over(plan, made):
    days = {TODAY + count * DAY for count in made}
    wanted = []
    for count in range(AHEAD_DAYS):
        day = TODAY + timedelta(days=count)
        inside = plan.first_on <= day <= (plan.last_on or date.max)
        ends = datetime.combine(day, plan.starts) - timedelta(hours=8) + plan.length
        if inside and day.weekday() + 1 in plan.weekdays and day not in days:
            wanted += [day] if ends > NOON.replace(tzinfo=None) else []
    assert plan.due(days, NOON) == wanted


@given(plans(), st.data())
def test_any_number_of_passes_in_any_order_of_days_makes_the_same_visits(plan, data):
    once = {day: plan.span(day) for day in plan.due(set(), NOON)}
    made = {}
    while due := plan.due(set(made), NOON):
        # A pass may be cut short anywhere, and begin at any day.
        for day in data.draw(st.lists(st.sampled_from(due), min_size=1, unique=True)):
            assert day not in made
            made[day] = plan.span(day)
    assert made == once
    assert not plan.due(set(made), NOON)


@given(plans(), st.integers(1, 60))
def test_as_days_go_by_no_day_is_made_twice_and_none_is_left_out(plan, days):
    made = set()
    for count in range(days):
        now = NOON + timedelta(days=count)
        due = plan.due(made, now)
        assert made.isdisjoint(due)
        made |= set(due)
    ahead = [TODAY + timedelta(days=count) for count in range(days - 1 + AHEAD_DAYS)]
    wanted = {day for day in ahead if plan.comes_on(day) and plan.span(day)[1] > NOON}
    assert made == wanted


@given(plans())
def test_a_plan_is_refused_exactly_when_it_would_never_bring_anybody(plan):
    last = plan.last_on
    days = range(80)
    never = last is not None and not any(plan.comes_on(TODAY + count * DAY) for count in days)
    try:
        plan.planned(NOON)
    except Refused:
        assert never
    else:
        assert not never


@pytest.mark.parametrize(
    ("first", "last", "weekdays", "reason"),
    [
        ("2026-11-27", "2026-11-26", {5}, "PLAN_REVERSED"),
        ("2026-11-01", "2026-11-24", {1}, "PLAN_OVER"),
        ("2026-11-26", "2026-11-28", {1, 2}, "PLAN_WITHOUT_DAYS"),
    ],
)
def test_what_is_wrong_is_named(first, last, weekdays, reason):
    plan = VisitPlan(
        frozenset(weekdays),
        time(9),
        timedelta(hours=1),
        date.fromisoformat(first),
        date.fromisoformat(last),
    )
    with pytest.raises(Refused) as refused:
        plan.planned(NOON)
    assert refused.value.reason == reason


def test_the_local_day_counts():
    plan = VisitPlan(frozenset({4}), time(7, 30), timedelta(hours=1), TODAY)
    assert plan.span(date(2026, 11, 26))[0] == datetime(2026, 11, 25, 23, 30, tzinfo=UTC)


# -- statutory holidays ---------------------------------------------------------------------------

HOLIDAYS = st.builds(
    lambda first, length: {TODAY + (first + n) * DAY for n in range(length)},
    st.integers(-5, 12),
    st.integers(1, 9),
)


def with_holidays(plan, days, choice):
    return replace(plan, holidays=choice, is_holiday=days.__contains__)


@given(plans(), HOLIDAYS)
def test_kept_a_holiday_is_a_day_like_any_other(plan, days):
    kept = with_holidays(plan, days, HolidayChoice.KEEP)
    assert kept.due(set(), NOON) == plan.due(set(), NOON)


@given(plans(), HOLIDAYS)
def test_skipped_a_holiday_has_no_visit_and_the_other_days_are_as_before(plan, days):
    skipped = with_holidays(plan, days, HolidayChoice.SKIP)
    assert skipped.due(set(), NOON) == [day for day in plan.due(set(), NOON) if day not in days]


@given(plans(), HOLIDAYS)
def test_moved_no_visit_lies_on_a_holiday_and_no_day_has_two(plan, days):
    moved = with_holidays(plan, days, HolidayChoice.MOVE)
    every = [TODAY + n * DAY for n in range(-BEHIND_DAYS, AHEAD_DAYS + 7)]
    on = [moved.kept_on(day) for day in every if moved.comes_on(day)]
    kept = [day for day in on if day is not None]
    assert len(kept) == len(set(kept))
    assert not days.intersection(kept)
    assert all(plan.last_on is None or day <= plan.last_on for day in kept)
    # What moves, moves behind the holiday and no further than a week.
    assert all(timedelta() < day - max(days) <= 7 * DAY for day in kept if not plan.comes_on(day))


@given(plans(), HOLIDAYS, st.integers(1, 40))
def test_as_days_go_by_a_moved_visit_is_made_once(plan, days, count):
    moved = with_holidays(plan, days, HolidayChoice.MOVE)
    made = set()
    for n in range(count):
        due = moved.due(made, NOON + n * DAY)
        assert not made.intersection(due)
        made.update(due)
    assert len({moved.kept_on(day) for day in made}) == len(made)


@pytest.mark.parametrize(
    ("day", "holiday"),
    [
        (date(2026, 10, 1), True),
        (date(2026, 11, 28), False),  # a Saturday
        (date(2026, 2, 14), False),  # a Saturday on which people make up for the Spring Festival
        (date(2099, 1, 1), False),  # nobody knows yet
    ],
)
def test_a_holiday_is_what_was_announced(day, holiday):
    assert is_holiday(day) is holiday
