"""What levels give: the published table, versions by day, and scales that never meet."""

from __future__ import annotations

import tomllib
from datetime import date
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban_eldercare.domain.eligibility import (
    GBT,
    SCALES,
    UNIFIED,
    Held,
    granted,
    in_force,
    read_schedule,
)
from xianban_eldercare.domain.errors import RulesError
from xianban_eldercare.rules import SCHEDULES

FILE = files("xianban_eldercare.rules").joinpath("eligibility-310120-ltci-2021.toml")
TODAY = date(2026, 11, 28)


def data(**changes: Any) -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8")) | changes


@pytest.mark.parametrize(
    ("level", "hours"), [(0, 0), (1, 0), (2, 3), (3, 3), (4, 5), (5, 7), (6, 7)]
)
def test_home_care_is_what_the_city_has_published(level: int, hours: int):
    (found,) = granted(SCHEDULES, {UNIFIED: Held(level, outdated=False)}, TODAY)
    assert (found.given.hours_per_week if found.given else 0) == hours
    assert found.why == ("granted" if hours else "not-this-level")
    assert not found.given or found.given.paid_percent == 90


@given(st.sampled_from(list(SCALES[GBT])))
def test_a_level_of_the_national_scale_gives_nothing_on_the_city_s(level: int):
    (found,) = granted(SCHEDULES, {GBT: Held(level, outdated=False)}, TODAY)
    assert (found.why, found.given, found.held) == ("no-level", None, None)


def test_a_level_that_counts_no_longer_gives_nothing():
    (found,) = granted(SCHEDULES, {UNIFIED: Held(6, outdated=True)}, TODAY)
    assert (found.why, found.given) == ("outdated", None)


def test_an_earlier_day_is_answered_by_the_table_of_that_day():
    newer = data(version="next", effective_from=date(2026, 1, 1))
    newer["benefits"][0]["levels"][0]["hours_per_week"] = 4
    both = [*SCHEDULES, read_schedule(newer, "next")]
    held = {UNIFIED: Held(2, outdated=False)}
    hours = [
        [one.given.hours_per_week for one in granted(both, held, day) if one.given]
        for day in (date(2021, 12, 31), date(2025, 12, 31), TODAY)
    ]
    assert hours == [[], [3], [4]]
    assert [one.version for one in in_force(both, TODAY)] == ["next"]


def test_two_series_stand_side_by_side():
    own = data(version="own", series="district-meals", scale=GBT)
    own["benefits"][0]["levels"] = [own["benefits"][0]["levels"][0] | {"levels": [3, 4, 5]}]
    both = [*SCHEDULES, read_schedule(own, "own")]
    held = {GBT: Held(3, outdated=False), UNIFIED: Held(1, outdated=False)}
    assert [one.why for one in granted(both, held, TODAY)] == ["granted", "not-this-level"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda d: d.update(scale="barthel"), "none of"),
        (lambda d: d.pop("source_en"), "str wanted"),
        (lambda d: d["benefits"][0]["levels"][0].update(levels=[7]), "no level"),
        (lambda d: d["benefits"][0]["levels"][0].update(levels=[]), "whole numbers"),
        (lambda d: d["benefits"][0]["levels"][1].update(levels=[3]), "twice"),
        (lambda d: d["benefits"][0]["levels"][1].update(paid_percent=101), "from 0 to 100"),
        (lambda d: d["benefits"][0].update(conditions_zh=[1]), "list of texts"),
        (lambda d: d.update(benefits=[]), "list of tables"),
        (lambda d: d["benefits"][0].update(fee=1), "unknown fee"),
    ],
)
def test_a_table_that_is_not_right_is_refused(change: Any, complaint: str):
    wrong = data()
    change(wrong)
    with pytest.raises(RulesError, match=complaint):
        read_schedule(wrong, "a table")
