"""What may be said of the way to a car park, and what it costs in guidance."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from xianban_parking.domain.guidance import Candidate, Exclusion, Needs, Place, rank
from xianban_parking.domain.occupancy import Feed, Verdict
from xianban_parking.domain.traffic import (
    Closure,
    Flow,
    Rates,
    Way,
    approach,
    delay_seconds,
    shut,
)

NOW = datetime(2026, 7, 20, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ROAD = Way({"en": "Main Road"}, Feed(MINUTE), Flow.SLOW, NOW - MINUTE, 300, 200)
SIDE = Way({"en": "Side Road"}, Feed(MINUTE), Flow.CONGESTED, NOW - MINUTE)
WORKS = Closure(NOW - timedelta(hours=1), NOW + timedelta(hours=2), NOW)
SHUT = replace(ROAD, closures=(WORKS,))


def test_a_fresh_reading_is_said_with_its_age_and_times():
    found = approach([ROAD], NOW)
    assert (found.flow, found.verdict, found.age_seconds) == (Flow.SLOW, Verdict.FRESH, 60)
    assert (found.travel_seconds, found.usual_seconds) == (300, 200)


@pytest.mark.parametrize(
    ("minutes", "verdict"), [(3, Verdict.LATE), (6, Verdict.STALE), (30, Verdict.SILENT)]
)
def test_an_old_reading_has_a_verdict_and_a_stale_one_no_value(minutes, verdict):
    found = approach([replace(ROAD, measured_at=NOW - minutes * MINUTE)], NOW)
    assert (found.verdict, found.age_seconds) == (verdict, minutes * 60)
    assert (found.flow is None) == (verdict is not Verdict.LATE)
    assert (found.travel_seconds is None) == (verdict is not Verdict.LATE)


def test_a_reading_from_the_future_is_not_believed():
    found = approach([replace(ROAD, measured_at=NOW + 5 * MINUTE)], NOW)
    assert (found.verdict, found.flow) == (Verdict.IMPLAUSIBLE, None)


def test_without_a_road_nothing_is_said():
    assert approach([], NOW) is None
    assert approach([Way({"en": "x"}, Feed(MINUTE))], NOW).verdict is Verdict.SILENT


def test_of_several_roads_the_best_is_the_way():
    for ways in ([ROAD, SIDE], [SIDE, ROAD]):
        assert approach(ways, NOW).names == ROAD.names


def test_a_closed_road_beside_an_open_one_is_named():
    found = approach([SHUT, SIDE], NOW)
    assert (found.names, found.flow) == (SIDE.names, Flow.CONGESTED)
    assert found.closed_ways == (ROAD.names,)


def test_when_all_are_closed_it_is_closed_until_it_ends():
    found = approach([SHUT], NOW)
    assert (found.flow, found.closed_until) == (Flow.CLOSED, WORKS.ends_at)
    assert found.travel_seconds is None
    assert shut(found, NOW, NOW)
    assert not shut(found, WORKS.ends_at, NOW)


def test_a_closure_ends_by_its_own_clock():
    assert approach([SHUT], WORKS.ends_at).flow is not Flow.CLOSED
    early = replace(WORKS, starts_at=NOW + MINUTE)
    assert approach([replace(ROAD, closures=(early,))], NOW).flow is Flow.SLOW


def test_a_closure_without_an_end_stands_while_it_is_told():
    lasting = replace(WORKS, ends_at=None)
    assert approach([replace(ROAD, closures=(lasting,))], NOW).flow is Flow.CLOSED
    silent = replace(lasting, confirmed_at=NOW - timedelta(hours=2))
    assert approach([replace(ROAD, closures=(silent,))], NOW).flow is Flow.SLOW


def test_a_closure_that_was_not_confirmed_is_said_but_shuts_nobody_out():
    old = replace(WORKS, confirmed_at=NOW - 30 * MINUTE)
    found = approach([replace(ROAD, closures=(old,))], NOW)
    assert (found.flow, found.verdict) == (Flow.CLOSED, Verdict.SILENT)
    assert not shut(found, NOW, NOW)


def test_the_delay_is_what_is_measured_else_the_published_rate():
    assert delay_seconds(approach([ROAD], NOW), NOW, NOW, Rates()) == 100
    assert delay_seconds(approach([SIDE], NOW), NOW, NOW, Rates()) == Rates().congested


def test_who_arrives_later_is_not_sent_by_what_is_now():
    assert delay_seconds(approach([ROAD], NOW), NOW + timedelta(hours=1), NOW, Rates()) is None


# -- in guidance ----------------------------------------------------------------------------

HERE = Place(30.92, 121.46)
NEAR = Candidate("near", Place(30.9201, 121.46), price_fen=0, chance_per_mille=900)
FAR = Candidate("far", Place(30.9215, 121.46), price_fen=0, chance_per_mille=900)


def ranked(*candidates):
    return rank(candidates, HERE, Needs())


def test_a_jam_on_the_way_outweighs_a_few_steps():
    assert [one.lot for one in ranked(NEAR, FAR).options] == ["near", "far"]
    jammed = ranked(replace(NEAR, way_seconds=480), replace(FAR, way_seconds=0))
    assert [one.lot for one in jammed.options] == ["far", "near"]
    assert all(one.score == one.walk_part + one.risk_part + one.way_part for one in jammed.options)


def test_without_any_traffic_the_way_is_no_part_of_it():
    assert [one.way_part for one in ranked(NEAR, FAR).options] == [None, None]


def test_not_to_know_neither_wins_nor_loses():
    known, unknown = ranked(replace(NEAR, way_seconds=0), FAR).options
    assert (known.way_part, unknown.way_part) == (0, 3000)
    jammed, unknown = sorted(
        ranked(replace(NEAR, way_seconds=900), FAR).options, key=lambda one: -one.way_part
    )
    assert jammed.way_part > unknown.way_part


def test_a_car_park_that_no_road_leads_to_is_left_out_and_fire_goes_first():
    assert ranked(replace(NEAR, road_closed=True)).excluded == (("near", Exclusion.ROAD_CLOSED),)
    both = replace(NEAR, road_closed=True, on_fire=True)
    assert ranked(both).excluded == (("near", Exclusion.FIRE),)


@given(some.integers(0, 7200), some.integers(0, 7200))
def test_a_slower_way_is_never_the_better_one(one, other):
    fast, slow = sorted((one, other))
    quick = replace(NEAR, lot="quick", way_seconds=fast)
    late = replace(NEAR, lot="slow", way_seconds=slow)
    options = {option.lot: option.score for option in ranked(quick, late).options}
    assert options["quick"] <= options["slow"]
