"""On real recordings (SisFall, not to be passed on): the table of the README, as it stands."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]
sys.path.insert(0, str(HERE))

import measure  # noqa: E402

pytestmark = pytest.mark.skipif(
    not measure.DATA.is_dir(), reason=f"{measure.DATA} is not here (SisFall may not be passed on)"
)


@pytest.fixture(scope="module")
def young():
    return list(measure.recordings("SA03"))


def test_every_recording_is_read(young):
    assert len(young) == 154
    assert sum(one.is_fall for one in young) == 75
    assert len(list(measure.recordings("SE03"))) == 59


@pytest.mark.parametrize("chosen_on", [True, False])
def test_nine_of_ten_falls_are_found_with_one_false_alarm_in_ten(young, chosen_on):
    part = [one for one in young if (one.trial in measure.CHOSEN_ON) is chosen_on]
    found = measure.measured(part)
    assert found.found / found.falls >= 0.90
    assert found.alarms / found.daily <= 0.10
    assert found.twice == 0


def test_the_older_person_s_days_raise_one_false_alarm_in_ten_at_most():
    found = measure.measured(measure.recordings("SE03"))
    assert (found.falls, found.daily) == (0, 59)
    assert found.alarms / found.daily <= 0.10


def test_the_readme_says_what_is_measured_and_the_limits_are_those_of_the_grid(young):
    moves = [
        (one, list(measure.movements(one.samples, measure.RATE_HZ)))
        for one in young
        if one.trial in measure.CHOSEN_ON
    ]
    assert measure.chosen(moves) == measure.LIMITS
    assert measure.table() in (HERE / "README.md").read_text("utf-8")
