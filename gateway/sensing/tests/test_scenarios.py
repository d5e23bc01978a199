"""What scenarios say is read by the real adapters as what they claim, and found by the packs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.metadata import entry_points
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban_eldercare.domain.whereabouts import MARGIN_METRES
from xianban_eldercare.hookspecs import Case, Motion
from xianban_eldercare.vitals import KINDS, default_limits
from xianban_plugin_eldercare_fall.detector import movements
from xianban_plugin_eldercare_fall.pack import FallDetection
from xianban_sdk import i18n
from xianban_sensing.hookspecs import Happened, Measured
from xianban_sensing.played.motion import BLOW_AT, RATE_HZ, SECONDS, fall
from xianban_sensing.played.payloads import displayed
from xianban_sensing.played.scenarios import SCENARIOS, SILENT_AFTER, Moment

BEGUN = datetime(2026, 11, 28, 4, 30, tzinfo=UTC)
ADAPTERS = {
    adapter.model: adapter
    for point in entry_points(group="xianban.sensing")
    for adapter in point.load().register_device_adapter()
}
LIMITS = default_limits(scale_2=False)
BAND, SET, LOCATOR, BOX = "json-wristband", "home-set", "gps-locator", "health-box"
PLAYED = [(one, model) for one in SCENARIOS.values() for model in one.says]


def played(name, model, seconds=None):
    """Everything the scenario says, as read on arrival; one message a second."""
    scenario = SCENARIOS[name]
    steps = max(scenario.seconds if seconds is None else seconds, 1)
    steps = 1 if scenario.insists else steps
    found = []
    for step in range(steps):
        now = BEGUN + timedelta(seconds=step)
        payload = scenario.says[model](Moment(now, step, steps, BEGUN))
        found += ADAPTERS[model].parse(payload, now)
    return found


def values(found, kind):
    return [one.value for one in found if isinstance(one, Measured) and one.kind == kind]


def events(found):
    return [one for one in found if isinstance(one, Happened)]


@pytest.mark.parametrize(("scenario", "model"), PLAYED, ids=lambda one: getattr(one, "id", one))
def test_every_word_can_be_read(scenario, model):
    found = played(scenario.id, model)
    assert found
    assert all(isinstance(one, Measured | Happened) for one in found), found


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda one: one.id)
def test_every_scenario_says_in_both_languages_what_it_plays_and_leads_to(scenario):
    shown = i18n.catalogue("xianban_sensing")
    for key in (scenario.id, f"{scenario.id}-leads", f"log-in-{scenario.sees}"):
        assert all(shown.find(f"simulate-{key}", locale, {}) for locale in i18n.LOCALES)


@pytest.mark.parametrize("model", [BAND, SET, BOX])
def test_a_calm_day_breaks_no_limit(model):
    for one in played("calm", model):
        assert KINDS[one.kind].low <= one.value <= KINDS[one.kind].high, "can be true"
        limits = LIMITS.get(one.kind)
        assert limits is None or limits.low is None or one.value > limits.low
        assert limits is None or limits.high is None or one.value < limits.high


def test_a_calm_day_has_night_and_afternoon_in_it():
    pulse = values(played("calm", BAND), "heart-rate")
    assert max(pulse) - min(pulse) > 10


def test_a_calm_health_box_says_every_instrument():
    kinds = {one.kind for one in played("calm", BOX)}
    assert kinds == {promise.kind for promise in ADAPTERS[BOX].promises}
    assert 36 < values(played("calm", BOX), "body-temperature")[0] < 37.5


@given(st.integers(1, 300))
def test_oxygen_ends_below_the_limit_however_long_it_falls(seconds):
    oxygen = values(played("falling-oxygen", BAND, seconds), "oxygen-saturation")
    assert oxygen[-1] < LIMITS["oxygen-saturation"].low
    assert all(after <= before for before, after in pairwise(oxygen))


@pytest.mark.parametrize("model", [BAND, LOCATOR])
def test_a_call_for_help_is_one_event_and_the_next_is_another(model):
    says = SCENARIOS["sos"].says[model]
    ids: set[str] = set()
    for begun in (BEGUN, BEGUN + timedelta(seconds=2)):
        payload = says(Moment(begun, 0, 1, begun))
        [sos] = events(ADAPTERS[model].parse(payload, begun))
        assert sos.kind == "sos"
        ids.add(sos.event_id)
    assert len(ids - {""}) == 2


def test_smoke_comes_after_a_look_without_smoke():
    assert values(played("smoke", SET), "smoke") == [0, 1, 1]
    assert values(played("smoke", SET, 1), "smoke") == [1]


@given(st.integers(SCENARIOS["wander"].least, 300))
def test_who_wanders_is_outside_of_the_demo_s_place_for_more_than_a_minute(seconds):
    fixes = played("wander", LOCATOR, seconds)
    metres = [(one.where.latitude - 30.9183) * 111_195 for one in fixes]
    assert all(after.observed_at > before.observed_at for before, after in pairwise(fixes))
    assert metres[0] == pytest.approx(0, abs=1)
    away = [
        fix.observed_at
        for fix, far in zip(fixes, metres, strict=True)
        if far > 500 + MARGIN_METRES + fix.where.accuracy_m
    ]
    assert len(away) >= 2
    assert away[-1] - away[0] >= timedelta(minutes=1)
    assert abs(fixes[-1].observed_at - BEGUN) < timedelta(seconds=seconds + 1)


@pytest.mark.parametrize("model", [BAND, SET])
def test_a_battery_that_runs_down_ends_below_its_limit_and_says_so_once(model):
    found = played("low-battery", model)
    assert values(found, "battery")[0] > LIMITS["battery"].low > values(found, "battery")[-1]
    assert [one.kind for one in events(found)] == ["low-battery"]


def test_silence_is_awaited_as_long_as_elder_care_waits_for_a_pulse():
    [promise] = [one for one in ADAPTERS[BAND].promises if one.kind == "heart-rate"]
    kind = KINDS["heart-rate"]
    waits = kind.silent_after * (promise.cadence_seconds / kind.cadence.total_seconds())
    assert waits == SILENT_AFTER


@pytest.mark.parametrize("model", [BAND, SET])
def test_a_clock_ahead_is_an_hour_ahead(model):
    found = played("clock-ahead", model, 1)
    assert {one.observed_at - BEGUN for one in found} == {timedelta(hours=1)}


class TestFall:
    def case(self):
        [window] = events(played("fall", BAND))
        numbers = [one / 1000 for one in window.motion.milli_g]
        samples = list(zip(*[iter(numbers)] * 3, strict=True))
        return window, Case(
            BEGUN, "", motion=Motion(window.occurred_at, window.motion.rate_hz, samples)
        )

    def test_the_fall_pack_finds_exactly_one_at_its_blow(self):
        window, case = self.case()
        [found] = FallDetection().judge(case).findings
        assert found.alert == "fall"
        assert found.at - window.occurred_at == pytest.approx(
            timedelta(seconds=BLOW_AT), abs=timedelta(seconds=0.1)
        )

    def test_it_is_no_near_thing(self):
        _, case = self.case()
        [blow] = movements(case.motion.samples, RATE_HZ)
        assert blow.peak > 3
        assert blow.turn > 80
        assert blow.unrest < 0.05

    def test_the_window_ends_when_it_is_sent_and_weight_is_hardly_felt_in_the_drop(self):
        window, case = self.case()
        assert BEGUN - window.occurred_at == pytest.approx(
            timedelta(seconds=SECONDS), abs=timedelta(milliseconds=2)
        )
        assert len(fall()) == 3 * round(SECONDS * RATE_HZ)
        sizes = [sum(axis**2 for axis in one) ** 0.5 for one in case.motion.samples]
        assert min(sizes) < 0.4

    def test_it_says_that_it_is_synthetic(self):
        shown = i18n.catalogue("xianban_sensing")
        assert "synthetic" in (shown.find("simulate-fall", "en", {}) or "")
        assert "合成" in (shown.find("simulate-fall", "zh-CN", {}) or "")


@pytest.mark.parametrize("model", [BAND, LOCATOR])
def test_a_display_shows_what_its_adapter_renders(model):
    assert displayed(ADAPTERS[model].render("coming", "帮助正在路上")) == ("coming", "帮助正在路上")


@pytest.mark.parametrize("noise", [b"", b"\xff", b"[]", b"{}", b"$XB,TELL,a", b"$XB,TELL,a,ZZ*00"])
def test_a_display_shows_noise_as_it_came(noise):
    assert displayed(noise)[0] == ""
