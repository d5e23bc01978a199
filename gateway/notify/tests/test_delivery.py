"""The state machine of deliveries against a plain oracle, step by step."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban_notify.domain import Delivery, State, Verdict
from xianban_notify.domain.delivery import MOST_TRIES, MOST_TRIES_URGENT, OLDEST

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
FINAL = {State.DELIVERED, State.BOUNCED, State.FAILED, State.GIVEN_UP, State.CANCELLED}


def delivery(*, urgent: bool = False) -> Delivery:
    return Delivery(
        id="01K0000000000000000000000A",
        message="m",
        recipient="r",
        channel="email",
        address="a",
        urgent=urgent,
        created_at=NOW,
    )


@dataclass
class Oracle:
    """What a person with pencil and paper would write down. Knows words, not the code's steps."""

    urgent: bool
    log: list[str] = field(default_factory=list)
    answered: set[int] = field(default_factory=set)
    state: str = "pending"
    number: int = 0
    tries: int = 0
    doubts: int = 0
    wanted: bool = True

    def fail(self) -> None:
        most = MOST_TRIES_URGENT if self.urgent else MOST_TRIES
        if not self.wanted:
            self.state = "cancelled"
        else:
            self.state = "given-up" if self.tries >= most else "retrying"

    def step(self, word: str, number: int) -> None:
        mine = self.state == "sending" and number == self.number
        if word == "begin" and self.state in ("pending", "retrying"):
            self.number, self.state = self.number + 1, "sending"
        elif word == "read":
            self.wanted = False
            if self.state in ("pending", "retrying"):
                self.state = "cancelled"
        elif word in ("sent", "delivered"):
            self.tries += mine
            if word == "delivered" and self.state not in ("delivered", "bounced"):
                self.state = "delivered"
            elif word == "sent" and self.state not in ("delivered", "bounced"):
                self.state = "sent"
        elif word in ("failed", "refused", "bounced") and mine:
            self.tries += 1
            if word == "failed":
                self.fail()
            else:
                self.state = {"refused": "failed", "bounced": "bounced"}[word]
        elif word == "unanswered" and mine:
            self.doubts += 1
            self.fail()
        elif word == "too-late" and mine:
            self.fail()


WORDS = ("begin", "read", "sent", "delivered", "failed", "refused", "bounced", "unanswered")
STEPS = st.lists(
    st.tuples(st.sampled_from([*WORDS, "too-late", "begin", "failed"]), st.integers(0, 2)),
    max_size=60,
)


def stepped(now: Delivery, word: str, number: int, at: datetime) -> Delivery:
    if word == "begin":
        return now.begin(at)
    if word == "read":
        return now.read(at)
    if word == "unanswered":
        return now.unanswered(number, at, takes_key=False)
    if word == "too-late":
        return now.too_late(number, at)
    return now.settle(number, Verdict(word), at)


@given(STEPS, st.booleans())
def test_every_history_ends_where_the_oracle_says(steps, urgent):
    machine, oracle, at = delivery(urgent=urgent), Oracle(urgent), NOW
    for word, back in steps:
        at += timedelta(seconds=1)
        number = max(machine.attempts - back, 0)
        oracle.step(word, number)
        machine = stepped(machine, word, number, at)
        assert machine.state.value == oracle.state
        assert (machine.attempts, machine.tries) == (oracle.number, oracle.tries)
        assert machine.maybe_twice == oracle.doubts
        # Only what waits for another try has an hour for it.
        assert (machine.next_at is None) or machine.state is State.RETRYING


@given(STEPS)
def test_what_has_ended_is_never_begun_again(steps):
    machine, at = delivery(), NOW
    for word, back in steps:
        before, number = machine, max(machine.attempts - back, 0)
        at += timedelta(seconds=1)
        machine = stepped(machine, word, number, at)
        if before.state in FINAL:
            assert machine.state in FINAL | {State.SENT}
            assert machine.attempts == before.attempts


@given(STEPS)
def test_an_outcome_that_comes_twice_changes_nothing(steps):
    machine, at = delivery(), NOW
    for word, back in steps:
        number = max(machine.attempts - back, 0)
        at += timedelta(seconds=1)
        machine = stepped(machine, word, number, at)
        if word in set(Verdict):
            assert stepped(machine, word, number, at) == machine


def test_pauses_double_up_to_a_bound_and_differ_between_deliveries():
    machine, pauses = delivery(), []
    while machine.state is not State.GIVEN_UP:
        machine = machine.begin(NOW).settle(machine.attempts + 1, Verdict.FAILED, NOW)
        if machine.next_at:
            pauses.append((machine.next_at - NOW).total_seconds())
    assert len(pauses) == MOST_TRIES - 1
    for number, pause in enumerate(pauses):
        full = min(30 * 2**number, 3600)
        assert full * 0.8 <= pause <= full * 1.2


def test_a_worker_that_is_away_uses_up_no_tries_but_not_for_ever():
    machine, at = delivery(), NOW
    for _ in range(50):
        machine = machine.begin(at).too_late(machine.attempts + 1, at)
    assert (machine.state, machine.tries) == (State.RETRYING, 0)
    machine = machine.begin(at).too_late(machine.attempts + 1, at + OLDEST + timedelta(seconds=1))
    assert machine.state is State.GIVEN_UP


def test_doubt_is_counted_only_where_the_channel_takes_no_key():
    begun = delivery().begin(NOW)
    assert begun.unanswered(1, NOW, takes_key=True).maybe_twice == 0
    assert begun.unanswered(1, NOW, takes_key=False).maybe_twice == 1
    assert begun.settle(1, Verdict.SENT, NOW, twice=True).maybe_twice == 1


def test_a_call_that_nobody_took_is_a_new_matter_for_the_provider():
    sent = delivery(urgent=True).begin(NOW).settle(1, Verdict.SENT, NOW)
    again = sent.receipt(Verdict.FAILED, NOW, "no-answer")
    assert (again.state, again.reason) == (State.RETRYING, "no-answer")
    assert again.key != sent.key


@pytest.mark.parametrize("verdict", [Verdict.DELIVERED, Verdict.BOUNCED, Verdict.FAILED])
def test_a_receipt_counts_only_for_what_was_sent(verdict):
    waiting = delivery()
    assert waiting.receipt(verdict, NOW) == waiting
