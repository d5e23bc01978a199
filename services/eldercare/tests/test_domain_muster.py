"""Whom an alert needs, what a position is worth, who comes first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from xianban_eldercare.domain.muster import Seen, Verdict, needed, ranked

NOW = datetime(2026, 7, 20, 2, 30, tzinfo=UTC)
THERE = (30.92, 121.46)
NEAR, FAR = (30.921, 121.46), (30.99, 121.46)


def rank(place=NEAR, minutes=1, *, taken=False, there=THERE):
    return ranked(Seen(place, NOW - timedelta(minutes=minutes)), there, NOW, taken=taken)


@pytest.mark.parametrize(
    ("minutes", "verdict"),
    [
        (-1, Verdict.FRESH),
        (0, Verdict.FRESH),
        (10, Verdict.FRESH),
        (11, Verdict.STALE),
        (900, Verdict.STALE),
        (-3, Verdict.UNKNOWN),
    ],
)
def test_a_position_is_fresh_for_ten_minutes_and_never_from_the_future(minutes, verdict):
    assert rank(minutes=minutes).verdict is verdict


def test_a_fresh_position_far_away_comes_before_a_stale_one_nearby():
    assert rank(FAR).order < rank(NEAR, 30).order


def test_who_is_taken_comes_last():
    assert rank(FAR, 30).order < rank(NEAR, taken=True).order


def test_the_nearer_comes_first():
    assert rank(NEAR).order < rank(FAR).order
    assert rank(NEAR).metres == pytest.approx(111, abs=1)


def test_what_is_not_known_has_no_distance_and_comes_after_what_is():
    nowhere = ranked(None, THERE, NOW, taken=False)
    assert (nowhere.verdict, nowhere.metres) == (Verdict.UNKNOWN, None)
    assert rank(FAR, 900).order < nowhere.order
    assert rank(there=None).metres is None
    assert rank(minutes=-3).metres is None


def test_whatever_is_no_known_matter_may_be_one_of_life():
    assert needed("sos") == needed("news2-high") == {"first-aid"}
    assert "fire" in needed("smoke-high")
