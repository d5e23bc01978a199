"""Referrals: which steps are allowed from which state, and what each leaves of the offers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban_eldercare.domain.errors import Refused
from xianban_eldercare.domain.referrals import (
    OVER,
    OfferState,
    Referral,
    ReferralState,
    until,
)

NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)
ORGANISATIONS = ("east", "north", "south")

# Every allowed step, one by one: what is not written here is refused.
ALLOWED = """
proposed   consent     consented
proposed   refuse      refused
proposed   time        expired
proposed   cancel      cancelled
proposed   call-off    cancelled
consented  offer       requested
consented  time        expired
consented  cancel      cancelled
consented  call-off    cancelled
requested  offer       requested
requested  accept      accepted
requested  reject      requested
requested  reject-last consented
requested  time        consented
requested  cancel      cancelled
requested  call-off    cancelled
accepted   confirm     confirmed
accepted   time        consented
accepted   cancel      cancelled
accepted   call-off    cancelled
confirmed  admit       admitting
confirmed  time        consented
confirmed  cancel      cancelled
confirmed  call-off    cancelled
admitting  hand-over   admitted
admitting  call-off    cancelling
admitted   return      returning
admitted   call-off    cancelling
returning  hand-over   returned
cancelling hand-over   cancelled
"""
MODEL = {tuple(line.split()[:2]): line.split()[2] for line in ALLOWED.split("\n") if line}
STEPS = {
    "consent": lambda one, _: one.consented(),
    "refuse": lambda one, _: one.refused(),
    "offer": lambda one, who: one.offered([who]),
    "accept": lambda one, who: one.accepted(who),
    "reject": lambda one, who: one.rejected(who),
    "confirm": lambda one, _: one.confirmed(),
    "admit": lambda one, _: one.admitted(),
    "hand-over": lambda one, _: one.handed_over(),
    "return": lambda one, _: one.returned(),
    "cancel": lambda one, _: one.cancelled(elders_side=True),
    "call-off": lambda one, _: one.cancelled(elders_side=False),
    "time": lambda one, _: one.timed_out(),
}


class Book:
    """The same by hand: a list of what is written about each organisation."""

    def __init__(self):
        self.state, self.lines = "proposed", {}

    def step(self, name, who):
        """False when the model knows no such step."""
        asked = [one for one, line in self.lines.items() if line == "requested"]
        if name in ("accept", "reject") and who not in asked:
            return False
        if name == "offer" and who in asked:
            return False
        last = name == "reject" and asked == [who]
        after = MODEL.get((self.state, "reject-last" if last else name))
        if after is None:
            return False
        self._write(name, who, asked)
        self.state = after
        return True

    def _write(self, name, who, asked):
        holding = [one for one, line in self.lines.items() if line == "accepted"]
        ends = {"cancel": "withdrawn", "call-off": "withdrawn", "time": "lapsed"}
        if name in ends:
            for one in (*asked, *holding):
                self.lines[one] = ends[name]
        if name == "accept":
            for one in asked:
                self.lines[one] = "withdrawn"
        words = {"offer": "requested", "accept": "accepted", "reject": "rejected"}
        if name in words:
            self.lines[who] = words[name]


steps = st.lists(
    st.tuples(st.sampled_from(sorted(STEPS)), st.sampled_from(ORGANISATIONS)), max_size=40
)


@given(steps)
def test_whatever_is_tried_exactly_the_allowed_steps_are_done(tried):
    referral, book = Referral(), Book()
    for name, who in tried:
        try:
            after = STEPS[name](referral, who)
        except Refused:
            assert not book.step(name, who), (book.state, name)
            continue
        assert book.step(name, who), (book.state, name)
        referral = after
        assert (referral.state.value, {k: v.value for k, v in referral.offers.items()}) == (
            book.state,
            book.lines,
        )


@given(steps)
def test_one_place_is_kept_exactly_while_somebody_waits_for_it_or_lives_there(tried):
    referral = Referral()
    for name, who in tried:
        try:
            referral = STEPS[name](referral, who)
        except Refused:
            continue
        states = list(referral.offers.values())
        kept = {"accepted", "confirmed", "admitting", "admitted", "returning", "returned"}
        assert (states.count(OfferState.ACCEPTED) == 1) == (referral.state.value in kept)
        assert (OfferState.REQUESTED in states) == (referral.state is ReferralState.REQUESTED)
        if referral.state in OVER:
            assert OfferState.REQUESTED not in states


def test_every_state_is_reached_and_thirteen_they_are():
    assert {*MODEL.values(), "proposed"} == {state.value for state in ReferralState}
    assert len(ReferralState) == 13


@pytest.mark.parametrize("state", sorted(OVER))
def test_what_is_over_stays_over(state):
    for step in STEPS.values():
        with pytest.raises(Refused):
            step(Referral(state, {"east": OfferState.LAPSED}), "east")


def test_who_comes_second_hears_that_the_other_was_first():
    referral = Referral(ReferralState.CONSENTED).offered(["east", "north"]).accepted("north")
    with pytest.raises(Refused) as refused:
        referral.accepted("east")
    assert refused.value.reason == "OFFER_WITHDRAWN"
    assert referral.accepted_by == "north"


def test_the_usual_time_is_three_days():
    assert until(0, NOW) == NOW + timedelta(days=3)
    assert until(5, NOW) == NOW + timedelta(hours=5)
