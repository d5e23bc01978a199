"""Guidance: hard needs first, then a score whose parts anyone can add up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban_parking.domain.errors import MeasureError
from xianban_parking.domain.guidance import (
    Candidate,
    Exclusion,
    Needs,
    Place,
    distance_m,
    rank,
    walking_seconds,
)

CLINIC = Place(30.9170, 121.4740)
NEAR = Candidate("near", Place(30.9180, 121.4745), price_fen=1_000, chance_per_mille=900)
CHEAP = Candidate("cheap", Place(30.9230, 121.4740), price_fen=200, chance_per_mille=900)


def test_distances_agree_with_known_ones() -> None:
    people_square, nanqiao = Place(31.2304, 121.4737), Place(30.9180, 121.4741)
    assert distance_m(people_square, nanqiao) == pytest.approx(34_740, abs=40)
    assert distance_m(Place(0, 179.999), Place(0, -179.999)) == pytest.approx(222, abs=1)
    assert distance_m(Place(90, 0), Place(-90, 0)) == pytest.approx(20_015_114, abs=10)
    assert walking_seconds(120, 120, 100) == 100
    assert walking_seconds(1) == 2


@pytest.mark.parametrize(
    ("change", "needs", "reason"),
    [
        ({"open_throughout": False}, Needs(), Exclusion.CLOSED),
        ({}, Needs(farthest_walk_m=10), Exclusion.TOO_FAR),
        ({}, Needs(disabled_bay=True), Exclusion.NO_DISABLED_BAY),
        ({}, Needs(charging=True), Exclusion.NO_CHARGING),
        ({"height_limit_cm": 200}, Needs(vehicle_height_cm=201), Exclusion.TOO_LOW),
        ({"chance_per_mille": 0}, Needs(), Exclusion.SURELY_FULL),
    ],
)
def test_what_the_driver_cannot_do_without_is_a_filter_with_a_reason(
    change: dict, needs: Needs, reason: Exclusion
) -> None:
    guidance = rank([replace(NEAR, **change)], CLINIC, needs)
    assert guidance.options == ()
    assert guidance.excluded == (("near", reason),)


def test_a_needed_bay_that_exists_is_offered() -> None:
    fitting = replace(NEAR, disabled_bays=1, charging_bays=1, height_limit_cm=210)
    needs = Needs(disabled_bay=True, charging=True, vehicle_height_cm=210)
    assert [one.lot for one in rank([fitting], CLINIC, needs).options] == ["near"]


def test_the_score_is_the_sum_of_its_parts_in_minutes() -> None:
    best, second = rank([NEAR, CHEAP], CLINIC, Needs()).options
    assert (best.lot, second.lot) == ("cheap", "near")
    assert second.score == second.walk_part + second.price_part + second.risk_part
    assert (second.price_part, second.risk_part) == (20_000, 2_000)


def test_an_unknown_price_never_wins_by_silence() -> None:
    silent = replace(NEAR, lot="silent", price_fen=None)
    same, other = rank([silent, NEAR], CLINIC, Needs()).options
    assert same.score == other.score


@given(st.permutations([replace(NEAR, lot=name) for name in "abcd"]))
def test_ties_are_broken_the_same_way_whatever_the_order(lots: list[Candidate]) -> None:
    assert [one.lot for one in rank(lots, CLINIC, Needs()).options] == ["a", "b", "c", "d"]


@given(st.integers(0, 999), st.integers(1, 1_000), st.integers(0, 5_000))
def test_a_better_chance_or_price_never_lowers_the_rank(chance: int, price: int, off: int) -> None:
    mine = replace(CHEAP, lot="mine", price_fen=price + off, chance_per_mille=chance + 1)
    better = replace(mine, price_fen=price, chance_per_mille=1_000)
    before = [one.lot for one in rank([NEAR, mine], CLINIC, Needs()).options]
    after = [one.lot for one in rank([NEAR, better], CLINIC, Needs()).options]
    assert after.index("mine") <= before.index("mine")


@pytest.mark.parametrize("pair", [(91, 0), (0, 181), (float("nan"), 0), (0, float("inf"))])
def test_a_place_off_the_earth_is_refused(pair: tuple[float, float]) -> None:
    with pytest.raises(MeasureError):
        Place(*pair)
    with pytest.raises(MeasureError):
        walking_seconds(10, 0)
