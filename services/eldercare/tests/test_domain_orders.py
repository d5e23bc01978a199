"""An order goes one way; what comes too early, too late or twice is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban_eldercare.domain.catalogue import ServiceKind
from xianban_eldercare.domain.errors import Refused
from xianban_eldercare.domain.orders import AHEAD, OPEN, Order, OrderState

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
START = NOW + 5 * HOUR
PLACED = Order(ServiceKind.BATHING, START, own_fen=501)
ACCEPTED = PLACED.accepted(NOW)
DONE = ACCEPTED.checked_in(START).fulfilled(START + HOUR, "")


def refused(reason, step):
    with pytest.raises(Refused) as raised:
        step()
    assert raised.value.reason == reason


def test_it_is_for_the_next_four_weeks():
    assert Order(ServiceKind.MEAL, NOW + AHEAD).placed(NOW)
    refused("ORDER_TIME_PAST", lambda: Order(ServiceKind.MEAL, NOW).placed(NOW))
    refused("ORDER_TOO_FAR", lambda: Order(ServiceKind.MEAL, NOW + AHEAD + HOUR).placed(NOW))


def test_what_was_accepted_can_be_called_off_until_its_limit_and_else_until_it_begins():
    until = START - 4 * HOUR
    assert ACCEPTED.cancelled(until, until, "").state is OrderState.CANCELLED
    refused("CANCEL_TOO_LATE", lambda: ACCEPTED.cancelled(until + HOUR, until, ""))
    assert PLACED.cancelled(START, until, "").state is OrderState.CANCELLED
    refused("CANCEL_TOO_LATE", lambda: PLACED.cancelled(START + HOUR, until, ""))


def test_it_begins_about_its_time():
    refused("ORDER_TOO_EARLY", lambda: ACCEPTED.checked_in(START - 2 * HOUR))
    refused("ORDER_TIME_PAST", lambda: ACCEPTED.checked_in(START + 24 * HOUR))
    assert ACCEPTED.checked_in(START - HOUR).state is OrderState.CHECKED_IN


def test_a_meal_is_begun_and_done_with_one_press_and_nothing_else_is():
    meal = Order(ServiceKind.MEAL, START, OrderState.ACCEPTED, own_fen=5)
    done = meal.fulfilled(START, "R-1")
    assert (done.state, done.checked_in_at, done.receipt) == (OrderState.FULFILLED, START, "R-1")
    refused("ORDER_ACCEPTED", lambda: ACCEPTED.fulfilled(START, ""))


def test_nobody_was_not_there_before_its_time():
    refused("ORDER_TOO_EARLY", lambda: ACCEPTED.not_there(START - HOUR / 2, 50))
    gone = ACCEPTED.not_there(START + HOUR, 50)
    assert (gone.state, gone.own_fen) == (OrderState.NO_SHOW, 250)
    assert gone.paid(START + HOUR, "R-2").receipt == "R-2"


def test_an_own_share_is_paid_once_and_only_where_there_is_one():
    paid = DONE.paid(START + HOUR, "R-3")
    refused("ORDER_PAID", lambda: paid.paid(START + HOUR, "R-4"))
    free = ACCEPTED.not_there(START, 0)
    refused("NOTHING_TO_PAY", lambda: free.paid(START, "R-5"))


def test_a_booking_is_taken_back_within_its_days():
    assert DONE.refunded(START + 30 * 24 * HOUR, 30, "x").state is OrderState.REFUNDED
    refused("REFUND_TOO_LATE", lambda: DONE.refunded(START + 31 * 24 * HOUR, 30, "x"))


def test_it_is_rated_once():
    rated = DONE.rated(5, "好")
    refused("ORDER_RATED", lambda: rated.rated(4, ""))
    refused("ORDER_ACCEPTED", lambda: ACCEPTED.rated(5, ""))


def test_what_nobody_answered_lapses_when_it_should_begin_and_what_nobody_did_two_days_later():
    assert PLACED.lapsed(START - HOUR) is None
    assert PLACED.lapsed(START) is not None
    assert ACCEPTED.lapsed(START + 47 * HOUR) is None
    assert ACCEPTED.lapsed(START + 48 * HOUR) is not None
    assert DONE.lapsed(START + 480 * HOUR) is None


STEPS = st.sampled_from(
    [
        lambda o, now: o.accepted(now),
        lambda o, now: o.declined("x"),
        lambda o, now: o.cancelled(now, o.start_at - HOUR, ""),
        lambda o, now: o.checked_in(now),
        lambda o, now: o.fulfilled(now, ""),
        lambda o, now: o.fulfilled(now, "R"),
        lambda o, now: o.not_there(now, 50),
        lambda o, now: o.paid(now, "R"),
        lambda o, now: o.refunded(now, 30, "x"),
        lambda o, now: o.rated(3, ""),
        lambda o, now: o.lapsed(now) or o,
    ]
)
ENDS = {OrderState.DECLINED, OrderState.CANCELLED, OrderState.LAPSED, OrderState.REFUNDED}


@given(st.lists(st.tuples(STEPS, st.integers(0, 30)), max_size=12), st.sampled_from(ServiceKind))
def test_whatever_is_tried_an_end_is_an_end_and_nothing_opens_again(steps, kind):
    order, now, closed = Order(kind, START, own_fen=100), NOW, False
    for step, hours in steps:
        now += hours * HOUR
        before = order
        try:
            order = step(order, now)
        except Refused:
            continue
        assert before.state not in ENDS or order == before
        assert not (closed and order.state in OPEN)
        closed = order.state not in OPEN
        assert (order.receipt == "") == (order.paid_at is None)
