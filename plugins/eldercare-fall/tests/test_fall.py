"""A blow, another posture, stillness; one alert per event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from math import cos, hypot, radians, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban_eldercare.hookspecs import Case, Live, Motion, Raise, Severity
from xianban_plugin_eldercare_fall.detector import falls, movements
from xianban_plugin_eldercare_fall.pack import FallDetection
from xianban_plugin_eldercare_fall.plugin import register_rule_pack

NOW = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)
RATE = 100
PACK = FallDetection()


def rest(seconds, angle=0.0, rate=RATE):
    """Lying or standing still, gravity turned by an angle."""
    return [(sin(radians(angle)), cos(radians(angle)), 0.0)] * round(seconds * rate)


def blow(g, rate=RATE):
    return [(0.0, g, 0.0)] * max(rate // 20, 1)


def fall(g=4.0, turn=90.0, rate=RATE):
    return [*rest(4, rate=rate), *blow(g, rate), *rest(6, turn, rate)]


def judged(samples, state="", at=NOW, rate=RATE):
    return PACK.judge(Case(NOW, state, motion=Motion(at, rate, samples)))


def test_register_rule_pack_brings_one_pack():
    assert [pack.id for pack in register_rule_pack()] == ["fall"]


class TestDetector:
    @pytest.mark.parametrize("rate", [25, 50, 100, 200, 400])
    def test_a_fall_is_found_at_any_rate_and_placed_at_its_blow(self, rate):
        [found] = falls(fall(rate=rate), rate)
        assert found.at == pytest.approx(4.0, abs=0.1)
        assert found.turn == pytest.approx(90, abs=1)

    @pytest.mark.parametrize(
        ("samples", "what"),
        [
            (fall(turn=5), "a jump: the posture is as before"),
            (fall(g=1.5), "lying down: no blow"),
            ([*rest(4), *blow(4), *rest(3, 90), *(blow(2) + rest(0.2, 90)) * 12], "moving on"),
            (rest(10), "nothing at all"),
            ([], "nothing measured"),
        ],
    )
    def test_what_is_no_fall(self, samples, what):
        assert not falls(samples, RATE), what

    def test_too_little_before_or_after_is_not_judged(self):
        whole = fall()
        assert not falls(whole[: 5 * RATE], RATE)
        assert not falls(whole[int(3.5 * RATE) :], RATE)

    @pytest.mark.parametrize("order", list(permutations(range(3))))
    def test_it_does_not_matter_how_the_device_is_turned(self, order):
        turned = [tuple(-one[axis] for axis in order) for one in fall()]
        assert len(falls(turned, RATE)) == 1

    def test_several_blows_of_one_fall_are_one(self):
        tumble = [*rest(4), *blow(3), *rest(1.5, 40), *blow(5), *rest(6, 90)]
        [found] = falls(tumble, RATE)
        assert found.peak > 4

    @pytest.mark.parametrize("rate", [25, 74, 200])
    def test_a_sensor_at_its_limit_is_one_blow_a_second_at_most(self, rate):
        stuck = [(16.0, 0.0, 0.0)] * (12_000 // rate * rate)
        assert len(list(movements(stuck, rate))) <= len(stuck) / rate

    def test_a_blow_beyond_what_the_sensor_can_tell_is_placed_at_its_begin(self):
        [found] = falls([*rest(4), *[(0.0, 16.0, 0.0)] * 20, *rest(6, 90)], RATE)
        assert found.at == pytest.approx(4.0, abs=0.02)

    @given(
        st.lists(st.tuples(*[st.floats(-16, 16)] * 3), max_size=300),
        st.integers(25, 400),
    )
    def test_no_numbers_break_it(self, samples, rate):
        for one in movements(samples, rate):
            assert 0 <= one.turn <= 180
            assert one.peak <= max(hypot(*each) for each in samples) + 1e-9


class TestPack:
    def test_a_fall_is_raised_once_with_its_reason(self):
        answer = judged(fall())
        [found] = answer.findings
        assert isinstance(found, Raise)
        assert (found.alert, found.severity) == ("fall", Severity.SEVERE)
        assert found.at - NOW == pytest.approx(timedelta(seconds=4), abs=timedelta(seconds=0.1))
        assert found.reasons[0].params == {"peak": "4.0", "turn": "90"}

    def test_the_next_window_tells_of_the_same_fall_and_nothing_is_said(self):
        first = judged(fall())
        again = judged(fall()[RATE:], first.state, NOW + timedelta(seconds=1))
        assert not again.findings
        earlier = judged([*rest(1), *fall()], first.state, NOW - timedelta(seconds=1))
        assert not earlier.findings

    def test_a_fall_minutes_later_is_another(self):
        first = judged(fall())
        later = judged(fall(), first.state, NOW + timedelta(minutes=3))
        assert len(later.findings) == 1

    def test_a_case_without_motion_changes_nothing(self):
        state = judged(fall()).state
        answer = PACK.judge(Case(NOW, state, (Live("heart-rate", 70, NOW),)))
        assert (answer.state, answer.findings) == (state, ())
