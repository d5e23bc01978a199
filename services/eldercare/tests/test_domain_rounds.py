"""Who shall be looked after under which warning, and where a warning holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban_eldercare.domain.care_files import CareLevel, Living
from xianban_eldercare.domain.rounds import (
    HAZARDS,
    LOOKED_AFTER,
    Elder,
    How,
    RoundState,
    Settled,
    due,
    due_again,
)
from xianban_eldercare.domain.weather import Knowledge, Reach, is_silent, knowledge

NOW = datetime(2026, 7, 20, 2, tzinfo=UTC)
FRAIL = Elder(Living.ALONE, CareLevel.MODERATE, ("I10", "J44"))
SQUARE = ((30.9, 121.4), (30.9, 121.5), (31.0, 121.5), (31.0, 121.4), (30.9, 121.4))

elders = st.builds(
    Elder,
    living=st.sampled_from(Living),
    level=st.sampled_from(CareLevel),
    conditions=st.lists(st.sampled_from(["I10", "J44", "E11", "M54", "N18", "F00"])),
    age=st.none() | st.integers(60, 105),
)


def test_a_frail_elder_alone_is_visited_from_yellow_on():
    assert due(FRAIL, "heat", 1) is None
    assert due(FRAIL, "heat", 2).how is How.VISIT
    assert due(FRAIL, "heat", 4).how is How.VISIT


def test_who_is_well_and_alone_is_rung_when_it_is_red():
    well = Elder(Living.ALONE, CareLevel.INTACT)
    assert due(well, "heat", 3) is None
    assert due(well, "heat", 4).how is How.PHONE


@pytest.mark.parametrize("living", [Living.WITH_FAMILY, Living.IN_INSTITUTION])
def test_who_has_somebody_there_is_on_no_list(living):
    assert due(Elder(living, CareLevel.COMPLETE, ("I10",), 95), "heat", 4) is None


def test_each_point_has_its_reason():
    found = due(Elder(Living.ALONE, CareLevel.SEVERE, ("I10", "M54"), 91), "cold", 3)
    told = [(part.text, part.points) for part in found.parts]
    assert told == [
        ("round-living-alone", 2),
        ("round-level-severe", 3),
        ("round-age", 2),
        ("round-condition", 1),
    ]
    assert found.points == 8


def test_an_illness_counts_only_where_the_weather_harms_it():
    kidneys = Elder(Living.ALONE, CareLevel.MODERATE, ("N18",))
    assert due(kidneys, "heat", 3).points == 5
    assert due(kidneys, "cold", 3).points == 4


@pytest.mark.parametrize("hazard", ["rain", "fog", "other"])
def test_other_weather_is_no_reason_for_a_round(hazard):
    assert due(FRAIL, hazard, 4) is None


@given(elders, st.sampled_from(sorted(HAZARDS)))
def test_worse_weather_never_means_less(elder, hazard):
    order = [None, How.PHONE, How.VISIT]
    found = [due(elder, hazard, level) for level in (1, 2, 3, 4)]
    ranks = [order.index(one.how if one else None) for one in found]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize("state", [RoundState.ACCEPTED, RoundState.CALLED, RoundState.DISMISSED])
def test_who_was_looked_after_is_left_in_peace_unless_it_gets_worse(state):
    last = Settled(state, 2, NOW)
    assert not due_again(last, 2, NOW + timedelta(hours=1))
    assert due_again(last, 3, NOW + timedelta(hours=1))
    assert due_again(last, 2, NOW + LOOKED_AFTER)


def test_what_the_weather_withdrew_it_may_propose_again():
    assert due_again(Settled(RoundState.WITHDRAWN, 4, NOW), 2, NOW)


@pytest.mark.parametrize(
    ("code", "area", "holds"),
    [
        ("310120", "310120/nanqiao", True),
        ("310120/nanqiao", "310120/nanqiao/a", True),
        ("310120/nanqiao", "310120/fengpu", False),
        ("31", "310120/nanqiao", True),
        ("32", "310120/nanqiao", False),
        ("310", "310120", False),
    ],
)
def test_a_warning_holds_within_its_areas(code, area, holds):
    assert Reach((code,)).covers(area, None) is holds


def test_a_warning_holds_within_its_shapes_if_the_home_is_known():
    reach = Reach((), (SQUARE,), ((31.5, 121.4, 10.0),))
    assert reach.covers("310120", (30.95, 121.45))
    assert not reach.covers("310120", (31.05, 121.45))
    assert reach.covers("310120", (31.55, 121.4))
    assert not reach.covers("310120", None)


def test_no_warning_is_said_only_of_what_is_known():
    fresh, old = NOW - timedelta(minutes=59), NOW - timedelta(minutes=61)
    assert knowledge([], NOW) is Knowledge.NOT_CONNECTED
    assert knowledge([fresh], NOW) is Knowledge.KNOWN
    assert knowledge([fresh, old], NOW) is Knowledge.UNKNOWN
    assert knowledge([None], NOW) is Knowledge.UNKNOWN
    assert is_silent(old, NOW)
