"""Delegations: who may open, answer and end them, and what the clock does."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from xianban_identity.domain.ages import birthday_instant, is_younger
from xianban_identity.domain.delegation import (
    OPEN,
    Delegation,
    Kind,
    Limits,
    Side,
    State,
    check_limits,
    end_of,
    opening,
)
from xianban_identity.domain.errors import Invalid, LimitReached, NotAllowed, Refusal
from xianban_identity.domain.people import HouseholdRole, Person

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
MOTHER = Person("M", "13900000001", "母", date(1986, 1, 1), household="h")
MOTHER = replace(MOTHER, household_role=HouseholdRole.HEAD)
CHILD = Person("C", "13900000002", "子", date(2016, 5, 20), household="h")
CHILD = replace(CHILD, household_role=HouseholdRole.CHILD)
STRANGER = Person("S", "13900000003", "客", date(1980, 1, 1))


def made(**changes) -> Delegation:
    base = Delegation("D", Kind.FAMILY, "S", "M", ("*",), State.PENDING, Side.DELEGATE, NOW)
    return replace(base, **changes)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.sampled_from([14, 18]))
def test_the_instant_before_a_birthday_is_younger_and_the_instant_itself_is_not(birth, years):
    turned = birthday_instant(birth, years)
    assert is_younger(birth, years, turned - timedelta(microseconds=1))
    assert not is_younger(birth, years, turned)


def test_a_leap_day_child_is_protected_to_the_end_of_february():
    assert birthday_instant(date(2012, 2, 29), 14) == datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert birthday_instant(date(2012, 2, 29), 16) == datetime(2028, 2, 28, 16, tzinfo=UTC)
    assert birthday_instant(date(2012, 2, 28), 14) == datetime(2026, 2, 27, 16, tzinfo=UTC)


def test_the_register_proves_a_parent_but_not_a_lodger_or_a_sibling():
    assert opening(Kind.GUARDIAN, MOTHER, CHILD, NOW).auto_rule == "household-register"
    lodger = replace(MOTHER, household_role=HouseholdRole.OTHER)
    assert opening(Kind.GUARDIAN, lodger, CHILD, NOW).state is State.IN_REVIEW
    assert opening(Kind.GUARDIAN, STRANGER, CHILD, NOW).state is State.IN_REVIEW
    assert opening(Kind.GUARDIAN, MOTHER, STRANGER, NOW).state is State.IN_REVIEW


def test_family_of_one_household_needs_no_answer_and_a_carer_always_does():
    assert opening(Kind.FAMILY, MOTHER, CHILD, NOW).auto_rule == "same-household"
    assert opening(Kind.FAMILY, STRANGER, MOTHER, NOW).state is State.PENDING
    assert opening(Kind.CARER, MOTHER, replace(MOTHER, id="N"), NOW).state is State.PENDING


def test_a_minor_acts_for_nobody_and_hands_out_no_leave():
    with pytest.raises(NotAllowed, match="DELEGATE_IS_MINOR"):
        opening(Kind.FAMILY, CHILD, MOTHER, NOW)
    assert opening(Kind.CARER, STRANGER, CHILD, NOW).state is State.IN_REVIEW


def test_two_people_without_a_household_share_none():
    assert not STRANGER.shares_household(replace(STRANGER, id="T"))


@given(
    st.dates(date(2009, 1, 1), date(2026, 11, 1)),
    st.none() | st.timedeltas(timedelta(seconds=1), timedelta(days=9000)),
)
def test_guardianship_of_a_minor_never_outlives_the_eighteenth_birthday(birth, asked):
    child = replace(CHILD, birth=birth)
    end = end_of(Kind.GUARDIAN, child, NOW + asked if asked else None, NOW)
    assert end is not None
    assert end <= birthday_instant(birth, 18)
    assert asked is None or end <= NOW + asked


def test_an_end_in_the_past_is_refused():
    with pytest.raises(Invalid, match="EXPIRY_IN_PAST"):
        end_of(Kind.FAMILY, MOTHER, NOW, NOW)


@given(st.integers(0, 20), st.integers(0, 20))
def test_limits_hold_on_both_sides(delegates, subjects):
    limits = Limits()
    full = delegates >= 5 or subjects >= 10
    if full:
        with pytest.raises(LimitReached):
            check_limits(delegates, subjects, limits)
    else:
        check_limits(delegates, subjects, limits)


class Life(RuleBasedStateMachine):
    """Anybody may try anything at any time; what must never happen never does."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.item = made(ends_at=NOW + timedelta(days=30))
        self.asked_said_yes = False
        self.closed: State | None = None

    def attempt(self, act) -> None:
        before = self.item.state_at(self.now)
        try:
            self.item = act()
        except Refusal:
            return
        assert before in OPEN

    @rule(by=st.sampled_from(["S", "M", "X", ""]))
    def approve(self, by):
        was = self.item
        self.attempt(lambda: self.item.approve(by, self.now, self.now + timedelta(days=99)))
        if self.item is not was:
            assert by == "M"
            self.asked_said_yes = True

    @rule(by=st.sampled_from(["S", "M", "X", ""]))
    def reject(self, by):
        was = self.item
        self.attempt(lambda: self.item.reject(by, self.now))
        assert self.item is was or by == "M"

    @rule(by=st.sampled_from(["S", "M"]), minor=st.booleans())
    def revoke(self, by, minor):
        self.attempt(lambda: self.item.revoke(by, self.now, by_minor=minor))

    @rule(yes=st.booleans())
    def decide(self, yes):
        was = self.item
        self.attempt(lambda: self.item.decide(yes, self.now, None))
        assert self.item is was  # it was never with a clerk

    @rule(days=st.integers(0, 60))
    def wait(self, days):
        self.now += timedelta(days=days)

    @precondition(lambda self: self.item.state_at(self.now) is State.EXPIRED)
    @rule()
    def write_down(self):
        self.item = self.item.expire(self.now)

    @invariant()
    def in_force_only_with_a_yes(self):
        if self.item.state_at(self.now) is State.ACTIVE:
            assert self.asked_said_yes
            assert self.item.ends_at is None or self.now < self.item.ends_at

    @invariant()
    def what_ended_stays_ended(self):
        state = self.item.state_at(self.now)
        if self.closed is not None:
            assert state is self.closed
        if state not in OPEN:
            self.closed = state


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=15, deadline=None)
TestLife = Life.TestCase
