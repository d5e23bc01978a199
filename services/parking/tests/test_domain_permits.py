"""Permits: a price people can retrace and refunds to the fen. Plates: forgotten on time."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban_parking.domain.errors import MeasureError, PermitError
from xianban_parking.domain.permits import (
    Permit,
    PermitKind,
    PermitRules,
    cancel_permit,
    grant_permit,
    price_permit,
    refund_fen,
    replace_plates,
)
from xianban_parking.domain.privacy import (
    PlateRecord,
    RetentionPolicy,
    due_for_hashing,
    hash_plate,
    lookup_hash,
)

RULES = PermitRules(PermitKind.RESIDENT, "nanqiao", (100, 250), 2, 2, 366, {"disabled": 50})
FIRST = date(2026, 1, 1)
T0 = datetime(2026, 1, 1, tzinfo=UTC)


def granted(permit_id: str, plate: str, begin: int, days: int, held: list[Permit]) -> Permit:
    period = (FIRST + timedelta(begin), FIRST + timedelta(begin + days - 1))
    return grant_permit(permit_id, "ada", RULES, [plate], period, held)


def test_the_second_permit_costs_more_while_the_first_is_valid() -> None:
    first = granted("p1", "沪A00001", 0, 30, [])
    second = granted("p2", "沪A00002", 10, 30, [first])
    assert (first.price.total_fen, second.price.total_fen) == (3_000, 7_500)
    assert second.price.lines[0].params == {"days": 30, "daily_fen": 250, "ordinal": 2}


def test_when_the_first_lapses_the_next_is_a_first_permit_again() -> None:
    first = granted("p1", "沪A00001", 0, 30, [])
    second = granted("p2", "沪A00002", 10, 30, [first])
    third = granted("p3", "沪A00003", 30, 30, [first, second])
    assert third.price.lines[0].params["ordinal"] == 2
    assert granted("p4", "沪A00004", 60, 30, [first, second]).price.total_fen == 3_000


def test_the_best_reduction_is_one_line_of_the_price() -> None:
    price = price_permit(RULES, FIRST, FIRST + timedelta(2), 0, ["disabled", "unknown"])
    assert [line.amount_fen for line in price.lines] == [300, -150]
    assert price.lines[1].params == {"name": "disabled", "percent": 50}


def test_limits_of_permits_plates_and_days_are_kept() -> None:
    first = granted("p1", "沪A00001", 0, 30, [])
    second = granted("p2", "沪A00002", 0, 30, [first])
    with pytest.raises(PermitError, match="TOO_MANY_PERMITS"):
        granted("p3", "沪A00003", 0, 30, [first, second])
    with pytest.raises(PermitError, match="PLATE_HAS_PERMIT"):
        granted("p3", "沪A00001", 5, 30, [first])
    with pytest.raises(PermitError, match="PLATES_LIMIT"):
        replace_plates(first, ["沪A1", "沪A2", "沪A3"], RULES)
    with pytest.raises(PermitError, match="PLATE_TWICE"):
        replace_plates(first, ["沪A1", "沪A1"], RULES)
    with pytest.raises(PermitError, match="OUT_OF_RANGE"):
        granted("p3", "沪A00003", 0, 367, [])
    with pytest.raises(PermitError, match="OUT_OF_RANGE"):
        PermitRules(PermitKind.CARER, "z", (), 1)
    assert replace_plates(first, ["沪A00009"], RULES).price == first.price


@given(st.integers(1, 366), st.integers(-10, 400), st.integers(0, 9_999))
def test_the_refund_equals_exact_arithmetic_rounded_down(days: int, used: int, fen: int) -> None:
    permit = granted("p1", "沪A00001", 0, days, [])
    permit = replace(permit, price=replace(permit.price, total_fen=fen))
    unused = sum(1 for day in range(days) if day >= used)
    last_used = FIRST + timedelta(used - 1)
    assert refund_fen(permit, last_used) == floor(Fraction(fen * unused, days)) <= fen


@given(st.integers(1, 60), st.integers(-5, 70))
def test_a_cancelled_permit_stays_valid_for_the_days_it_was_used(days: int, used: int) -> None:
    permit = granted("p1", "沪A00001", 0, days, [])
    ended, refund = cancel_permit(permit, FIRST + timedelta(used - 1))
    valid = [ended.valid_on(FIRST + timedelta(day)) for day in range(-6, 80)]
    assert sum(valid) == min(max(used, 0), days)
    assert refund == 100 * (days - sum(valid))
    with pytest.raises(PermitError, match="PERMIT_CANCELLED"):
        cancel_permit(ended, FIRST)


def test_a_permit_cancelled_before_it_began_blocks_nothing() -> None:
    first, refund = cancel_permit(granted("p1", "沪A00001", 5, 30, []), FIRST)
    assert refund == 3_000
    assert granted("p2", "沪A00001", 5, 30, [first]).price.total_fen == 3_000


# --- privacy ----------------------------------------------------------------------------------

POLICY = RetentionPolicy()


def keyed(text: str) -> str:
    return hmac.new(b"plate key", text.encode(), hashlib.sha256).hexdigest()


def stored(record_id: str = "s", **facts: object) -> PlateRecord:
    return replace(PlateRecord(record_id, "a", "沪A12345", T0), **facts)


def test_a_plate_is_forgotten_when_its_time_is_up_and_not_before() -> None:
    due = T0 + POLICY.readable_for
    assert due_for_hashing([stored()], POLICY, due - timedelta(seconds=1)) == ()
    assert due_for_hashing([stored()], POLICY, due) == ("s",)


def test_open_sessions_arrears_and_disputes_keep_a_plate_readable() -> None:
    later = T0 + timedelta(days=400)
    kept = [stored(ended_at=None), stored(claim_open=True)]
    assert due_for_hashing(kept, POLICY, later) == ()
    closed = stored(claim_closed_at=later)
    assert due_for_hashing([closed], POLICY, later + timedelta(days=6)) == ()
    assert due_for_hashing([closed], POLICY, later + timedelta(days=7)) == ("s",)


def test_hashing_leaves_no_plate_but_can_be_found_by_plate_and_place() -> None:
    hashed = hash_plate(stored(), keyed)
    assert hashed.plate is None
    assert "12345" not in str(hashed)
    assert hashed.plate_hash == lookup_hash("a", "沪A12345", keyed)
    assert hashed.plate_hash != lookup_hash("b", "沪A12345", keyed)
    assert hash_plate(hashed, keyed) == hashed
    assert due_for_hashing([hashed], POLICY, T0 + timedelta(days=999)) == ()


def test_a_negative_retention_is_refused() -> None:
    with pytest.raises(MeasureError):
        RetentionPolicy(readable_for=timedelta(days=-1))
