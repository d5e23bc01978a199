"""NEWS2 against two independent implementations, and when there is no score at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import clincalc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vitalscore import score_news2
from xianban_eldercare.hookspecs import Case, Clear, Computed, Live, Off, Raise, Severity
from xianban_eldercare.vitals import KINDS
from xianban_plugin_eldercare_news2.pack import FRESH, News2, band
from xianban_plugin_eldercare_news2.plugin import register_rule_pack
from xianban_plugin_eldercare_news2.score import Observed, rounded, score

NOW = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)
WELL = {
    "respiratory-rate": 16.0,
    "oxygen-saturation": 98.0,
    "systolic-pressure": 120.0,
    "heart-rate": 70.0,
    "body-temperature": 36.8,
}
PACK = News2()


class Person:
    """Somebody whose pack remembers."""

    def __init__(self):
        self.state, self.now = "", NOW

    def sees(self, after=timedelta(minutes=1), late=timedelta(), **changed):
        """Findings of one moment; None: not told, "off": no measurement."""
        self.now += after
        told = {**WELL, **{name.replace("_", "-"): value for name, value in changed.items()}}
        readings = tuple(
            Off(kind, self.now, "not-measured") if value == "off" else Live(kind, value, self.now)
            for kind, value in sorted(told.items())
            if value is not None
        )
        return self.judged(readings, late)

    def judged(self, readings, late=timedelta()):
        answer = PACK.judge(Case(self.now + late, self.state, readings))
        self.state = answer.state
        return answer.findings


def scores(findings):
    return [one.value for one in findings if isinstance(one, Computed)]


def raised(findings):
    return [(one.alert, one.severity) for one in findings if isinstance(one, Raise)]


def test_register_rule_pack_brings_one_pack():
    assert [pack.id for pack in register_rule_pack()] == ["news2"]


class TestScore:
    @given(
        rr=st.integers(2, 80),
        spo2=st.integers(50, 100),
        sbp=st.integers(40, 299),
        pulse=st.integers(20, 299),
        tenths=st.integers(280, 450),
        on_oxygen=st.booleans(),
        alert=st.booleans(),
        scale=st.sampled_from([1, 2]),
    )
    def test_it_is_what_two_others_compute(
        self, rr, spo2, sbp, pulse, tenths, on_oxygen, alert, scale
    ):
        found = score(
            Observed(
                respiratory_rate=rr, oxygen_saturation=spo2, systolic_pressure=sbp,
                heart_rate=pulse, body_temperature=tenths / 10,
                on_oxygen=on_oxygen, alert=alert, scale=scale,
            )
        )  # fmt: skip
        first = clincalc.calculate(
            "news2",
            {
                "respiratory_rate": rr, "spo2": spo2, "systolic_bp": sbp, "pulse": pulse,
                "temperature": tenths / 10, "on_oxygen": on_oxygen, "spo2_scale": str(scale),
                "consciousness": "alert" if alert else "confusion-or-vpu",
            },
        )  # fmt: skip
        second = score_news2(
            respiratory_rate=rr, spo2=spo2, on_oxygen=on_oxygen, systolic_bp=sbp, heart_rate=pulse,
            consciousness="A" if alert else "V", temperature=tenths / 10,
            use_spo2_scale2=scale == 2,
        )  # fmt: skip
        assert found.total == first["result"] == second.total
        assert found.worst == second.max_single_parameter

    @pytest.mark.parametrize(
        ("value", "step", "found"),
        [(20.5, "1", 21), (20.49, "1", 20), (95.5, "1", 96), (38.05, "0.1", 38.1), (7.0, "1", 7)],
    )
    def test_numbers_are_rounded_as_they_are_written_halves_up(self, value, step, found):
        assert rounded(value, step) == found


class TestPack:
    def test_no_number_counts_longer_than_it_would_be_shown(self):
        for kind, fresh in FRESH.items():
            assert fresh <= KINDS[kind].stale_after

    def test_somebody_well_has_a_score_and_no_alert(self):
        assert Person().sees() == (Computed("news2", 0, NOW + timedelta(minutes=1)),)

    @pytest.mark.parametrize("kind", sorted(WELL))
    def test_one_missing_is_no_score(self, kind):
        assert not scores(Person().sees(**{kind.replace("-", "_"): None}))

    @pytest.mark.parametrize("kind", sorted(WELL))
    def test_a_zero_is_no_score_and_says_which_sensor_is_off(self, kind):
        person = Person()
        assert scores(person.sees()) == [0]
        found = person.sees(**{kind.replace("-", "_"): "off"})
        assert not scores(found)
        [told] = found
        assert (told.alert, told.severity) == ("news2-sensor-off", Severity.MINOR)
        assert [one.params["kind"] for one in told.reasons] == [kind]
        assert not person.sees(**{kind.replace("-", "_"): "off"})
        back = person.sees()
        assert isinstance(back[0], Clear)
        assert scores(back) == [0]

    def test_who_never_had_them_all_has_no_sensor_off(self):
        person = Person()
        for _ in range(2):
            assert not person.sees(systolic_pressure=None, heart_rate="off")

    def test_a_steady_sensor_that_ceases_is_off_a_cuff_is_not(self):
        person = Person()
        person.sees()
        gone = [person.sees(oxygen_saturation=None) for _ in range(6)]
        assert [raised(one) for one in gone] == [[]] * 5 + [[("news2-sensor-off", Severity.MINOR)]]
        person = Person()
        person.sees()
        gone = [person.sees(systolic_pressure=None) for _ in range(12)]
        assert not any(map(raised, gone))
        assert [bool(scores(one)) for one in gone] == [True] * 10 + [False] * 2

    @pytest.mark.parametrize(
        ("changed", "severity"),
        [
            ({"respiratory_rate": 25.0}, Severity.MODERATE),
            ({"respiratory_rate": 22.0, "heart_rate": 112.0, "body_temperature": 38.5},
             Severity.SEVERE),
            ({"respiratory_rate": 25.0, "oxygen_saturation": 92.0, "heart_rate": 115.0},
             Severity.EXTREME),
        ],
    )  # fmt: skip
    def test_each_band_has_its_severity_and_its_parts(self, changed, severity):
        [_, told] = Person().sees(**changed)
        assert (told.alert, told.severity) == ("news2", severity)
        parts = {one.params["kind"] for one in told.reasons if one.text == "reason-news2-part"}
        assert parts == {name.replace("_", "-") for name in changed}
        assumed = "consciousness-supplemental-oxygen"
        assert told.reasons[-1].params == {"assumed": assumed, "scale": "one"}

    def test_it_is_told_when_it_worsens_and_is_over_below_the_bands(self):
        person = Person()
        worse = [
            raised(person.sees(respiratory_rate=rr, heart_rate=hr))
            for rr, hr in [(25.0, 70.0), (25.0, 71.0), (25.0, 112.0), (25.0, 70.0)]
        ]
        moderate, severe = ("news2", Severity.MODERATE), ("news2", Severity.SEVERE)
        assert worse == [[moderate], [], [severe], []]
        assert any(isinstance(one, Clear) for one in person.sees())

    def test_what_worsens_in_history_is_told_once_it_is_seen_to_hold(self):
        person, ill, late = Person(), {"respiratory_rate": 25.0}, timedelta(hours=2)
        assert raised(person.sees(**ill)) == [("news2", Severity.MODERATE)]
        well = person.sees(late=late)
        assert any(isinstance(one, Clear) for one in well), "what ends is over at any time"
        assert not raised(person.sees(late=late, heart_rate=115.0, **ill))
        assert raised(person.sees(**ill)) == [("news2", Severity.MODERATE)]

    def test_silence_is_no_recovery(self):
        person = Person()
        person.sees(respiratory_rate=25.0)
        assert not any(isinstance(one, Clear) for one in person.sees(respiratory_rate="off"))

    def test_less_than_alert_and_oxygen_count_for_an_hour(self):
        person = Person()
        assert scores(person.sees(consciousness=1.0, supplemental_oxygen=1.0)) == [5]
        assert scores(person.sees(timedelta(minutes=59))) == [5]
        assert scores(person.sees(timedelta(minutes=2))) == [0]

    def test_numbers_of_one_moment_that_come_apart_make_the_later_score_stand(self):
        person = Person()
        person.sees()
        [late] = person.judged((Live("supplemental-oxygen", 1.0, person.now),))
        assert (late.value, late.at) == (2, person.now + timedelta(microseconds=1))

    @given(st.data())
    def test_however_moments_are_batched_the_answers_are_the_same(self, data):
        numbers = st.one_of(st.none(), st.just("off"), st.floats(20, 110))
        moments = data.draw(
            st.lists(st.fixed_dictionaries(dict.fromkeys(WELL, numbers)), max_size=12)
        )
        readings = [
            Off(kind, at, "not-measured") if value == "off" else Live(kind, value, at)
            for minute, told in enumerate(moments)
            for at in [NOW + timedelta(minutes=minute)]
            for kind, value in sorted(told.items())
            if value is not None
        ]
        together, one_by_one = Person(), Person()
        found = list(together.judged(tuple(readings)))
        apart = list(one_by_one.judged(()))
        for at in dict.fromkeys(one.at for one in readings):
            apart += one_by_one.judged(tuple(one for one in readings if one.at == at))
        assert found == apart
        assert together.state == one_by_one.state


def test_bands_follow_the_chart():
    def level(**changed):
        well = {kind.replace("-", "_"): value for kind, value in WELL.items()}
        return band(score(Observed(**{**well, **changed})))

    assert level() == 0
    assert level(heart_rate=112, respiratory_rate=22) == 0  # 4 points, no 3
    assert level(heart_rate=140) == 1
    assert level(heart_rate=140, respiratory_rate=22) == 2
    assert level(heart_rate=140, respiratory_rate=25) == 2
    assert level(heart_rate=140, respiratory_rate=25, body_temperature=38.4) == 3
