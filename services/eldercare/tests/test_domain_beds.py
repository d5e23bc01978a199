"""A bed's life: any deeds in any order, beside a table of which are allowed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from xianban_eldercare.domain.beds import LONGEST_HOLD, Bed, BedState
from xianban_eldercare.domain.errors import Refused

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAY = timedelta(days=1)
PEOPLE = ("zhang", "wang")


def oracle(state, whose, deed, person):
    """(state, person) after the deed, or None where it is refused."""
    mine = state == "held" and whose == person
    return {
        "hold": ("held", person) if state == "free" or mine else None,
        "release": ("free", None) if state == "held" else None,
        "occupy": ("occupied", person) if state == "free" or mine else None,
        "vacate": ("free", None) if state == "occupied" else None,
        "close": ("closed", None) if state == "free" else None,
        "open": ("free", None) if state == "closed" else None,
    }[deed]


class ABedsLife(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.bed, self.known = Bed(), ("free", None)

    @rule(
        deed=st.sampled_from(["hold", "release", "occupy", "vacate", "close", "open"]),
        person=st.sampled_from(PEOPLE),
    )
    def does(self, deed, person):
        wanted = oracle(*self.known, deed, person)
        if wanted is None:
            with pytest.raises(Refused, match=f"BED_{self.bed.state.name}"):
                self._step(deed, person)
            return
        self.bed, self.known = self._step(deed, person), wanted

    def _step(self, deed, person):
        return {
            "hold": lambda: self.bed.held(person, NOW + DAY, NOW),
            "release": self.bed.released,
            "occupy": lambda: self.bed.occupied(person),
            "vacate": self.bed.vacated,
            "close": self.bed.closed,
            "open": self.bed.opened,
        }[deed]()

    @invariant()
    def is_as_the_table_says(self):
        assert (self.bed.state.value, self.bed.resident) == self.known
        assert (self.bed.hold_until is not None) == (self.bed.state is BedState.HELD)


TestABedsLife = ABedsLife.TestCase


@pytest.mark.parametrize("until", [NOW, NOW - DAY, NOW + LONGEST_HOLD + DAY])
def test_a_hold_ends_after_now_and_within_a_month(until):
    with pytest.raises(Refused, match="HOLD_TIME"):
        Bed().held("zhang", until, NOW)
