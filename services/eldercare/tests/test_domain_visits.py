"""Visits' rules against oracles that say the same in the plainest way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from xianban_eldercare.domain.distances import metres_between
from xianban_eldercare.domain.errors import Refused
from xianban_eldercare.domain.staff import NEEDED, Licence, LicenceKind, Staff, rosterable
from xianban_eldercare.domain.visits import (
    EARLIEST,
    FARTHEST,
    MISSED_AFTER,
    CheckIn,
    Task,
    Visit,
    VisitKind,
    VisitState,
    collides,
)

START = datetime(2026, 11, 23, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
HERE = CheckIn(located=True, distance=10)
TASKS = (Task("洗漱"), Task("测血压"))


def minutes(count):
    return START + timedelta(minutes=count)


@st.composite
def visits(draw):
    begin = draw(st.integers(0, 300))
    length, travel = draw(st.integers(1, 90)), draw(st.integers(0, 45))
    return Visit(
        minutes(begin),
        minutes(begin + length),
        timedelta(minutes=travel),
        state=draw(st.sampled_from(VisitState)),
    )


def taken(visit):
    """The oracle: every single minute of a visit and of the way to it."""
    first, last = (
        int((at - START) / timedelta(minutes=1)) for at in (visit.leaves_at, visit.end_at)
    )
    return set(range(first, last))


@given(visits(), st.lists(visits(), max_size=6))
def test_a_carer_is_in_one_place_at_a_time(wanted, others):
    found = collides(wanted, others)
    standing = [one for one in others if one.state is not VisitState.CANCELLED]
    clashes = [one for one in standing if taken(one) & taken(wanted)]
    assert (found is not None) == bool(clashes)
    assert found is None or found in clashes


ALLOWED = {
    ("planned", "in"): "checked-in",
    ("planned", "cancel"): "cancelled",
    ("planned", "miss"): "missed",
    ("checked-in", "out"): "done",
}


class AVisitsLife(RuleBasedStateMachine):
    """Any deeds at any time, beside a table of which are allowed."""

    def __init__(self):
        super().__init__()
        self.visit = Visit(START, START + HOUR, timedelta(0), TASKS)
        self.state, self.now = "planned", START - 3 * HOUR

    @rule(hours=st.integers(1, 6))
    def later(self, hours):
        self.now += hours * HOUR

    @rule(deed=st.sampled_from(["in", "out", "cancel", "miss"]))
    def does(self, deed):
        in_time = {
            "in": START - EARLIEST <= self.now < START + HOUR + MISSED_AFTER,
            "miss": self.now >= START + HOUR + MISSED_AFTER,
        }.get(deed, True)
        wanted = ALLOWED.get((self.state, deed)) if in_time else None
        before = self.visit
        try:
            self.visit = self._step(deed)
        except Refused:
            assert wanted is None
            assert self.visit is before
        else:
            assert self.visit.state.value == wanted
            self.state = wanted

    def _step(self, deed):
        if deed == "in":
            return self.visit.checked_in(self.now, HERE)
        if deed == "out":
            return self.visit.checked_out(self.now, [0, 1], "")
        return self.visit.cancelled("住院") if deed == "cancel" else self.visit.missed(self.now)

    @invariant()
    def is_as_the_table_says(self):
        assert self.visit.state.value == self.state
        assert (self.visit.checked_out_at is None) or self.visit.state is VisitState.DONE
        assert self.visit.checked_in_at is None or self.state in ("checked-in", "done")


TestAVisitsLife = AVisitsLife.TestCase


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (CheckIn(True, 301), "CHECK_IN_FAR"),
        (CheckIn(True, 5000, accuracy=4000), "CHECK_IN_FAR"),
        (CheckIn(False), "CHECK_IN_UNLOCATED"),
    ],
)
def test_who_is_not_at_the_home_says_why(found, reason):
    visit = Visit(START, START + HOUR, timedelta(0))
    with pytest.raises(Refused) as refused:
        visit.checked_in(START, found)
    assert (refused.value.reason, refused.value.field) == (reason, "away_reason")
    kept = visit.checked_in(START, replace(found, away_reason="陪同就医"))
    assert (kept.distance, kept.away_reason) == (found.distance, "陪同就医")


@pytest.mark.parametrize("found", [CheckIn(True, 300), CheckIn(True, 420, 150), CheckIn(True)])
def test_who_is_near_or_has_no_known_home_to_be_near_need_not(found):
    assert Visit(START, START + HOUR, timedelta(0)).checked_in(START, found).checked_in_at == START


def test_a_mistyped_year_is_refused_before_any_clock_counts_with_it():
    for start, refusal in ((START + FARTHEST, None), (START.replace(year=9999), "VISIT_FAR")):
        visit = Visit(start, start + HOUR, timedelta(0))
        if refusal is None:
            assert visit.planned(START) == visit
            continue
        with pytest.raises(Refused, match=refusal):
            visit.planned(START)


def test_what_was_left_undone_needs_a_word():
    visit = Visit(START, START + HOUR, timedelta(0), TASKS).checked_in(START, HERE)
    with pytest.raises(Refused, match="NOTE_NEEDED"):
        visit.checked_out(START, [0], " ")
    with pytest.raises(Refused, match="TASK_UNKNOWN"):
        visit.checked_out(START, [2], "x")
    done = visit.checked_out(START, [0], "血压计没电")
    assert [one.done for one in done.tasks] == [True, False]


def test_a_check_in_is_neither_too_early_nor_after_everything():
    visit = Visit(START, START + HOUR, timedelta(0))
    for at, reason in (
        (START - EARLIEST - HOUR, "VISIT_TOO_EARLY"),
        (START + HOUR + MISSED_AFTER, "VISIT_OVER"),
    ):
        with pytest.raises(Refused, match=reason):
            visit.checked_in(at, HERE)


days = st.dates(date(2026, 1, 1), date(2026, 3, 1))


@given(
    st.lists(st.tuples(st.sampled_from(LicenceKind), days, days), max_size=5),
    st.sampled_from(VisitKind),
    days,
    days,
    st.none() | days,
    st.booleans(),
)
def test_who_is_rostered_is_employed_and_licensed_on_that_day(
    held, kind, day, employed, leaves, active
):
    staff = Staff(employed, leaves, active, tuple(Licence(k, "1", a, b) for k, a, b in held))
    licensed = all(
        any(k is needed and a <= day <= b for k, a, b in held) for needed in NEEDED[kind]
    )
    there = employed <= day and (leaves is None or day <= leaves)
    if active and licensed and there:
        rosterable(staff, kind, [day])
        return
    with pytest.raises(Refused) as refused:
        rosterable(staff, kind, [day])
    assert refused.value.field in ("visit.carer", "visit.start_time")


def test_an_expired_licence_is_named():
    old = Licence(LicenceKind.HEALTH, "沪健 1", date(2025, 1, 1), date(2026, 1, 1))
    staff = Staff(date(2020, 1, 1), None, True, (old,))
    with pytest.raises(Refused) as refused:
        rosterable(staff, VisitKind.MEAL, [date(2026, 1, 2)])
    assert refused.value.reason == "LICENCE_NOT_VALID"
    assert refused.value.params == {"licence": "health", "number": "沪健 1", "until": "2026-01-01"}


def test_a_thousandth_of_a_degree_north_is_about_a_hundred_metres():
    assert 110 <= metres_between((30.918, 121.456), (30.919, 121.456)) <= 112
