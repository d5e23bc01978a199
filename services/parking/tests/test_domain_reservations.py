"""Reservations: the clock, the race for the last bay, and the gate without a network."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban_parking.domain.errors import ReservationError
from xianban_parking.domain.gate_tokens import GateReason, check_at_gate, claims_for
from xianban_parking.domain.reservations import (
    ENDED,
    Reservation,
    ReservationPolicy,
    ReservationStatus,
    Substitute,
    advance,
    cancel,
    choose_substitute,
    confirm,
    hold,
    leave,
    peak_reserved,
    request,
    reservable_bays,
    substitute,
    use,
)

T0 = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
POLICY = ReservationPolicy()
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
S = ReservationStatus


def keyed(text: str) -> str:
    return hmac.new(b"gate key", text.encode(), hashlib.sha256).hexdigest()


def asked(reservation_id: str = "r1", lot: str = "a") -> Reservation:
    window = (T0 + HOUR, T0 + 3 * HOUR)
    return request(reservation_id, lot, "沪A12345", window, now=T0, policy=POLICY)


def confirmed(reservation_id: str = "r1") -> Reservation:
    return confirm(hold(asked(reservation_id), [], 10, now=T0, policy=POLICY), now=T0 + MINUTE)


def test_a_reservation_goes_from_request_to_completion() -> None:
    used = use(confirmed(), at=T0 + HOUR, policy=POLICY)
    assert leave(used, at=T0 + 2 * HOUR).status is S.COMPLETED


def test_two_people_race_for_the_last_bay_and_one_wins() -> None:
    first = hold(asked("r1"), [], 1, now=T0, policy=replace(POLICY, walk_in_percent=0))
    with pytest.raises(ReservationError, match="LOT_FULLY_RESERVED"):
        hold(asked("r2"), [first], 1, now=T0, policy=replace(POLICY, walk_in_percent=0))


def test_a_hold_that_ran_out_frees_its_bay_even_before_anyone_marks_it() -> None:
    policy = replace(POLICY, walk_in_percent=0)
    first = hold(asked("r1"), [], 1, now=T0, policy=policy)
    later = T0 + POLICY.hold_for
    assert hold(asked("r2"), [first], 1, now=later, policy=policy).status is S.HELD
    assert advance(first, now=later, policy=policy).status is S.EXPIRED
    with pytest.raises(ReservationError, match="HOLD_EXPIRED"):
        confirm(first, now=later)


def test_walk_in_drivers_keep_their_share() -> None:
    assert reservable_bays(9, POLICY) == 7
    assert reservable_bays(1, POLICY) == 0


def test_the_clock_marks_no_shows_and_overstays_once() -> None:
    at = T0 + HOUR + POLICY.no_show_after
    assert advance(confirmed(), now=at - MINUTE, policy=POLICY).status is S.CONFIRMED
    absent = advance(confirmed(), now=at, policy=POLICY)
    assert (absent.status, absent.version) == (S.NO_SHOW, 2)
    assert advance(absent, now=at, policy=POLICY) == absent
    used = use(confirmed(), at=T0 + HOUR, policy=POLICY)
    over = advance(used, now=T0 + 4 * HOUR, policy=POLICY)
    assert over.status is S.OVERSTAYED
    assert peak_reserved([over], T0 + 8 * HOUR, T0 + 9 * HOUR, now=T0 + 4 * HOUR) == 1
    assert leave(over, at=T0 + 5 * HOUR).ended


@pytest.mark.parametrize("status", sorted(ENDED))
def test_nothing_happens_to_what_has_ended(status: ReservationStatus) -> None:
    ended = replace(asked(), status=status)
    assert advance(ended, now=T0 + 99 * HOUR, policy=POLICY) == ended
    for act in (
        lambda: cancel(ended),
        lambda: confirm(ended, now=T0),
        lambda: use(ended, at=T0 + HOUR, policy=POLICY),
        lambda: leave(ended, at=T0),
        lambda: substitute(ended, "r9", "b"),
    ):
        with pytest.raises(ReservationError, match="STATUS_FORBIDS"):
            act()


@pytest.mark.parametrize(
    ("begin", "end", "reason"),
    [
        (2 * HOUR, HOUR, "WINDOW_REVERSED"),
        (HOUR, 26 * HOUR, "WINDOW_TOO_LONG"),
        (-3 * HOUR, -HOUR, "WINDOW_IN_THE_PAST"),
        (15 * 24 * HOUR, 15 * 24 * HOUR + HOUR, "WINDOW_TOO_FAR_AHEAD"),
    ],
)
def test_a_window_the_lot_does_not_offer_is_refused(
    begin: timedelta, end: timedelta, reason: str
) -> None:
    with pytest.raises(ReservationError, match=reason):
        request("r", "a", "沪A12345", (T0 + begin, T0 + end), now=T0, policy=POLICY)


WINDOWS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=8)


@given(WINDOWS, st.integers(0, 40), st.integers(1, 20))
def test_the_peak_equals_counting_every_minute(
    rows: list[tuple[int, int]], begin: int, length: int
) -> None:
    taken = [
        replace(
            asked(f"r{i}"),
            starts_at=T0 + b * MINUTE,
            ends_at=T0 + (b + n) * MINUTE,
            status=S.CONFIRMED,
        )
        for i, (b, n) in enumerate(rows)
    ]
    counted = max(
        sum(b <= minute < b + n for b, n in rows) for minute in range(begin, begin + length)
    )
    window = (T0 + begin * MINUTE, T0 + (begin + length) * MINUTE)
    assert peak_reserved(taken, *window, now=T0) == counted


@given(WINDOWS, st.integers(1, 4))
def test_whoever_books_in_whatever_order_the_share_is_never_exceeded(
    rows: list[tuple[int, int]], capacity: int
) -> None:
    granted: list[Reservation] = []
    for index, (begin, length) in enumerate(rows):
        wanted = replace(
            asked(f"r{index}"),
            starts_at=T0 + begin * MINUTE,
            ends_at=T0 + (begin + length) * MINUTE,
        )
        try:
            granted.append(hold(wanted, granted, capacity, now=T0, policy=POLICY))
        except ReservationError:
            continue
    peak = peak_reserved(granted, T0, T0 + 100 * MINUTE, now=T0)
    assert peak <= reservable_bays(capacity, POLICY)


def test_a_substitute_keeps_the_window_and_ends_the_old_token() -> None:
    nearby = [Substitute("c", 300, 5, 5), Substitute("b", 400, 5, 1), Substitute("d", 400, 5, 0)]
    chosen = choose_substitute(nearby, farthest_m=500)
    assert chosen is not None
    assert chosen.lot == "d"
    assert choose_substitute(nearby, farthest_m=350) is None
    ended, moved = substitute(confirmed(), "r2", chosen.lot)
    assert (ended.status, ended.version) == (S.SUBSTITUTED, 2)
    assert (moved.lot, moved.status, moved.instead_of) == ("d", S.CONFIRMED, "r1")
    with pytest.raises(ReservationError, match="SAME_LOT"):
        substitute(confirmed(), "r2", "a")


@pytest.mark.parametrize(
    ("lot", "plate", "minutes", "facts", "reason"),
    [
        ("a", "沪A12345", 60, {}, GateReason.WELCOME),
        ("a", "沪A12345", 45, {}, GateReason.WELCOME_EARLY),
        ("b", "沪A12345", 60, {}, GateReason.OTHER_LOT),
        ("a", "沪A12346", 60, {}, GateReason.OTHER_PLATE),
        ("a", "沪A12345", 44, {}, GateReason.TOO_EARLY),
        ("a", "沪A12345", 90, {}, GateReason.EXPIRED),
        ("a", "沪A12345", 60, {"known_versions": {"r1": 2}}, GateReason.SUPERSEDED),
        ("a", "沪A12345", 60, {"used": frozenset({"r1"})}, GateReason.ALREADY_USED),
    ],
)
def test_a_gate_without_network_decides_from_the_claims(
    lot: str, plate: str, minutes: int, facts: dict, reason: GateReason
) -> None:
    claims = claims_for(confirmed(), POLICY, keyed)
    at = T0 + minutes * MINUTE
    decision = check_at_gate(claims, lot, plate, at, plate_hash=keyed, **facts)
    assert decision.reason is reason
    assert decision.opens == reason.startswith("welcome")


def test_claims_carry_no_plate_and_two_tokens_of_one_car_differ() -> None:
    first, second = (claims_for(confirmed(one), POLICY, keyed) for one in ("r1", "r2"))
    assert "12345" not in str(first)
    assert first.plate_hash != second.plate_hash
    with pytest.raises(ReservationError):
        claims_for(asked(), POLICY, keyed)
