"""Rule packs through the real way in: NEWS2 on a real bedside recording, falls, bad packs."""

from __future__ import annotations

import csv
import sys
import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta
from importlib.util import module_from_spec, spec_from_file_location
from itertools import count
from pathlib import Path

import clincalc
import pytest
from eldercare_names import ELDER
from refusals import refused
from vitalscore import score_news2
from xianban.common.v1 import alerts_pb2, readings_pb2
from xianban.common.v1.readings_pb2_grpc import IngestServiceStub
from xianban.eldercare.v1 import monitoring_pb2 as pb
from xianban.eldercare.v1.monitoring_pb2_grpc import MonitoringServiceStub
from xianban_eldercare import hookspecs
from xianban_eldercare.app import app
from xianban_eldercare.handlers import rule_packs
from xianban_eldercare.hookspecs import AlertKind, Because, Computed, Judged, Raise, Severity
from xianban_eldercare.repository import MACHINE
from xianban_eldercare.repository.pack_states import PackState, PackStates
from xianban_eldercare.servicer import IngestServicer
from xianban_eldercare.vitals import KINDS
from xianban_plugin_eldercare_news2.pack import FRESH
from xianban_plugin_eldercare_news2.score import rounded
from xianban_sdk.demo import person_id
from xianban_sdk.errors import Unavailable
from xianban_sdk.plugins import PluginRefused, build

BEDSIDE = Path(__file__).parents[4] / "shared/data/eldercare/bedside-numerics-s25047.csv"
# Column → kind and unit.
COLUMNS = {
    "HR [bpm]": ("heart-rate", "/min"),
    "RESP [pm]": ("respiratory-rate", "/min"),
    "SpO2 [%]": ("oxygen-saturation", "%"),
    "NBPSys [mmHg]": ("systolic-pressure", "mm[Hg]"),
    "NBPDias [mmHg]": ("diastolic-pressure", "mm[Hg]"),
}
# The recording has no thermometer: one beside the bed.
WARM = 36.8
WELL = {
    "heart-rate": (70.0, "/min"),
    "respiratory-rate": (16.0, "/min"),
    "oxygen-saturation": (98.0, "%"),
    "systolic-pressure": (120.0, "mm[Hg]"),
    "body-temperature": (WARM, "Cel"),
}
_numbers = count(1)


def send(eldercare, numbers, ago=timedelta(), subject=ELDER):
    """One batch: kind → (value, unit), all of one moment."""
    now = eldercare.clock.now()
    asked = readings_pb2.IngestBatchRequest(request_id=f"packs-{next(_numbers):06d}")
    for kind, (value, unit) in numbers.items():
        asked.readings.add(
            device="bed", subject=subject, kind=kind, value=value, unit=unit,
            observe_micros=int((now - ago).timestamp() * 1_000_000),
            receive_micros=int(now.timestamp() * 1_000_000),
        )  # fmt: skip
    stub = eldercare.service.stub(IngestServiceStub, "", workload="uplink")
    return stub.IngestBatch(asked)


def moved(eldercare, samples, event="w1", rate=100, ago=timedelta(seconds=20), subject=ELDER):
    """One window of motion, x y z in g."""
    told = readings_pb2.DeviceEvent(id=event, device="band", subject=subject, kind="motion-window")
    told.occur_time.FromDatetime(eldercare.clock.now() - ago)
    told.motion.rate_hz = rate
    told.motion.milli_g.extend(round(axis * 1000) for one in samples for axis in one)
    told.position.latitude, told.position.longitude = 30.9, 121.4
    stub = eldercare.service.stub(IngestServiceStub, "", workload="uplink")
    return stub.ReportDeviceEvent(readings_pb2.ReportDeviceEventRequest(event=told))


def fall(rate=100):
    """Standing, a blow, lying still."""
    return [(0, 1, 0)] * (4 * rate) + [(0, 5, 0)] * (rate // 20) + [(1, 0, 0)] * (6 * rate)


def alerts(eldercare, rule=""):
    asked = pb.ListResidentAlertsRequest(parent=ELDER, open=True)
    found = eldercare.as_("daughter", MonitoringServiceStub).ListResidentAlerts(asked).alerts
    return [one for one in found if not rule or one.rule == rule]


def scores(eldercare, since, person="daughter"):
    """Instant → score, as the chart's page asks for it."""
    asked = pb.ListVitalPointsRequest(parent=ELDER, kind="news2", raw=True, page_size=1000)
    asked.start_time.FromDatetime(since)
    asked.end_time.FromDatetime(eldercare.clock.now() + timedelta(seconds=1))
    found = eldercare.as_(person, MonitoringServiceStub).ListVitalPoints(asked).points
    return {one.time.ToDatetime(since.tzinfo): one.value for one in found}


def oracle(seen):
    """(score, whether one parameter has 3): two others, which must agree.

    The second refuses a saturation below 50 %, which the recording has and the chart scores.
    """
    whole = {
        "respiratory_rate": int(rounded(seen["respiratory-rate"])),
        "spo2": int(rounded(seen["oxygen-saturation"])),
        "systolic_bp": int(rounded(seen["systolic-pressure"])),
        "temperature": seen["body-temperature"],
        "on_oxygen": False,
    }
    pulse = int(rounded(seen["heart-rate"]))
    first = clincalc.calculate("news2", {**whole, "pulse": pulse, "consciousness": "alert"})
    single = first["working"]["single_parameter_3"]
    if whole["spo2"] >= 50:
        second = score_news2(**whole, heart_rate=pulse, consciousness="A")
        assert (first["result"], single) == (second.total, second.max_single_parameter == 3)
    return first["result"], single


class TestNews2:
    @pytest.mark.skipif(not BEDSIDE.is_file(), reason=f"{BEDSIDE} is not here")
    def test_every_minute_of_a_real_recording_scores_as_the_oracles_or_not_at_all(self, eldercare):
        begin = eldercare.clock.now()
        expected, zeros, seen = {}, 0, {}
        worst = 0
        with BEDSIDE.open(newline="") as file:
            minutes = list(csv.DictReader(file))
        for minute in minutes:
            at = begin + timedelta(seconds=int(minute["second"]))
            eldercare.clock.advance(at - eldercare.clock.now())
            told = {
                kind: (float(minute[name]), unit)
                for name, (kind, unit) in COLUMNS.items()
                if minute[name]
            }
            told["body-temperature"] = (WARM, "Cel")
            assert not send(eldercare, told).rejections
            for kind, (value, _) in told.items():
                seen[kind] = (at, value)
            measured = {
                kind: value
                for kind, (when, value) in seen.items()
                if kind in FRESH
                and KINDS[kind].low <= value <= KINDS[kind].high
                and at - when <= FRESH[kind]
            }
            zero = any(value == 0 for value, _ in told.values())
            zeros += zero
            off = [
                one for one in alerts(eldercare, "news2-sensor-off") if not one.clear_time.seconds
            ]
            assert bool(off) or not (zero and set(WELL) <= set(seen))
            if set(WELL) <= set(measured):
                expected[at], single = oracle(measured)
                worst = max(
                    worst, 3 if expected[at] >= 7 else 2 if expected[at] >= 5 else int(single)
                )
        assert len(minutes) == 72
        assert zeros >= 4
        assert len(expected) >= 40
        assert scores(eldercare, begin) == expected
        [alert] = alerts(eldercare, "news2")
        assert alert.severity == worst + 1

    def test_the_alert_says_its_score_its_parts_and_what_was_assumed(self, eldercare):
        send(eldercare, {**WELL, "heart-rate": (112, "/min"), "respiratory-rate": (24, "/min"),
                         "oxygen-saturation": (94, "%")})  # fmt: skip
        [alert] = alerts(eldercare, "news2")
        assert alert.severity == alerts_pb2.ALERT_SEVERITY_SEVERE
        assert alert.title == "Early warning score high"
        told = " | ".join(one.display for one in alert.reasons)
        assert "NEWS2 5 of 20" in told
        for part in ("Breathing 24 /min: 2", "Blood oxygen 94 %: 1", "Heart rate 112 /min: 2"):
            assert part in told
        assert "scale 1; taken to be alert and to breathe air" in told

    def test_the_same_batch_again_and_a_late_one_change_nothing(self, eldercare):
        begin = eldercare.clock.now()
        send(eldercare, WELL)
        eldercare.clock.advance(timedelta(minutes=2))
        send(eldercare, WELL)
        before = scores(eldercare, begin)
        send(eldercare, WELL)
        send(eldercare, {"respiratory-rate": (30, "/min")}, ago=timedelta(minutes=1))
        assert scores(eldercare, begin) == before
        assert not alerts(eldercare, "news2")

    def test_a_backlog_is_scored_minute_by_minute(self, eldercare):
        begin = eldercare.clock.now()
        eldercare.clock.advance(timedelta(minutes=5))
        now = int(eldercare.clock.now().timestamp() * 1_000_000)
        asked = readings_pb2.IngestBatchRequest(request_id="packs-backlog")
        for minute in (3, 1, 4, 0, 2):
            for kind, (value, unit) in WELL.items():
                asked.readings.add(
                    device="bed", subject=ELDER, kind=kind, unit=unit, receive_micros=now,
                    value=value + (5 * minute if kind == "respiratory-rate" else 0),
                    observe_micros=int(begin.timestamp() * 1_000_000) + minute * 60_000_000,
                )  # fmt: skip
        eldercare.service.stub(IngestServiceStub, "", workload="uplink").IngestBatch(asked)
        assert list(scores(eldercare, begin).values()) == [0, 2, 3, 3, 3]

    def test_a_zero_is_sensor_off_and_no_score_until_it_is_back(self, eldercare):
        begin = eldercare.clock.now()
        send(eldercare, WELL)
        eldercare.clock.advance(timedelta(minutes=1))
        send(eldercare, {**WELL, "oxygen-saturation": (0, "%")})
        [off] = alerts(eldercare)
        assert (off.rule, off.title) == ("news2-sensor-off", "Sensor off")
        assert off.reasons[0].display == "Blood oxygen is not measured: no early warning score"
        assert not eldercare.told()
        eldercare.clock.advance(timedelta(minutes=1))
        send(eldercare, WELL)
        assert alerts(eldercare)[0].HasField("clear_time")
        assert len(scores(eldercare, begin)) == 2

    def test_without_consent_nobody_is_scored(self, eldercare):
        begin = eldercare.clock.now()
        eldercare.world.withdraw("elder", "eldercare.monitoring")
        assert len(send(eldercare, WELL).rejections) == len(WELL)
        eldercare.world.consent("elder", "eldercare.monitoring")
        assert not scores(eldercare, begin)

    def test_a_computed_number_is_no_device(self, eldercare):
        send(eldercare, WELL)
        found = eldercare.as_("daughter", MonitoringServiceStub).GetCareState(
            pb.GetCareStateRequest(name=f"{ELDER}/careState")
        )
        assert found.devices == 1
        shown = {one.reading.kind: one.reading.value for one in found.vitals}
        assert shown["news2"] == 0


class TestFall:
    def test_a_fall_raises_one_alert_with_place_and_reason(self, eldercare):
        answer = moved(eldercare, fall())
        assert answer.feedback == "received"
        [alert] = alerts(eldercare, "fall")
        assert alert.name == answer.alert
        assert alert.position.latitude == pytest.approx(30.9)
        assert "5.0 g" in alert.reasons[0].display
        assert "90°" in alert.reasons[0].display

    def test_the_same_window_and_overlapping_ones_are_the_same_fall(self, eldercare):
        moved(eldercare, fall(), "w1")
        assert moved(eldercare, fall(), "w1").alert == ""
        later = timedelta(seconds=19)
        assert moved(eldercare, fall()[100:], "w2", ago=later).alert == ""
        [alert] = alerts(eldercare, "fall")
        assert alert.occurrences == 0  # it came once, and not again

    def test_a_band_s_own_word_joins_the_pack_s(self, eldercare):
        moved(eldercare, fall())
        told = readings_pb2.DeviceEvent(id="f", device="band", subject=ELDER, kind="fall")
        told.occur_time.FromDatetime(eldercare.clock.now())
        stub = eldercare.service.stub(IngestServiceStub, "", workload="uplink")
        stub.ReportDeviceEvent(readings_pb2.ReportDeviceEventRequest(event=told))
        assert len(alerts(eldercare, "fall")) == 1

    def test_sitting_still_raises_nothing(self, eldercare):
        assert moved(eldercare, [(0, 1, 0)] * 1000).alert == ""
        assert not alerts(eldercare)

    def test_an_hour_late_it_is_history(self, eldercare):
        assert moved(eldercare, fall(), ago=timedelta(hours=2)).alert == ""

    def test_without_consent_nobody_looks(self, eldercare):
        eldercare.world.withdraw("elder", "eldercare.monitoring")
        assert moved(eldercare, fall()).alert == ""

    def test_numbers_that_are_no_triples_are_refused_by_name(self, eldercare):
        told = readings_pb2.DeviceEvent(id="w", device="b", subject=ELDER, kind="motion-window")
        told.occur_time.FromDatetime(eldercare.clock.now())
        told.motion.rate_hz = 100
        told.motion.milli_g.extend([1, 2, 3, 4])
        stub = eldercare.service.stub(IngestServiceStub, "", workload="uplink")
        with refused("INVALID_ARGUMENT", "MOTION_WINDOW_INVALID", "event.motion.milli_g"):
            stub.ReportDeviceEvent(readings_pb2.ReportDeviceEventRequest(event=told))


MEASURE = Path(__file__).parents[3] / "plugins/eldercare-fall/measure.py"


def recordings(subject):
    """SisFall as the pack's own measurement reads it: beside the project, never in it."""
    found = spec_from_file_location("measure", MEASURE)
    measure = module_from_spec(found)
    sys.modules["measure"] = measure
    found.loader.exec_module(measure)
    if not measure.DATA.is_dir():
        pytest.skip(f"{measure.DATA} is not here (SisFall may not be passed on)")
    return measure.recordings(subject)


def windows(samples, rate=200, most=30, overlap=10):
    """What a band would send of a long recording."""
    step = (most - overlap) * rate
    return [
        samples[at : at + most * rate] for at in range(0, max(len(samples) - step // 2, 1), step)
    ]


class TestRecordings:
    @pytest.mark.parametrize("subject", ["SA03", "SE03"])
    def test_recorded_falls_raise_one_alert_each_and_days_few(self, eldercare, subject):
        falls, found, days, alarms = 0, 0, 0, 0
        for one in recordings(subject):
            eldercare.clock.advance(timedelta(minutes=10))
            raised = 0
            for number, window in enumerate(windows(one.samples)):
                name = f"{one.activity}-{one.trial}-{number}"
                ago = timedelta(seconds=150 - 20 * number)
                raised += bool(moved(eldercare, window, name, 200, ago).alert)
            falls, days = falls + one.is_fall, days + (not one.is_fall)
            found += raised if one.is_fall else 0
            alarms += 0 if one.is_fall else raised
            assert raised <= 1 or not one.is_fall, "one alert per event"
        assert found >= 0.90 * falls
        assert alarms <= 0.10 * days


@dataclass
class Pack:
    """A pack that does as it is told."""

    judge: object
    id: str = "probe"
    version: str = "1"
    names: dict = field(default_factory=lambda: {"en": "Probe"})
    needs: frozenset = frozenset({"heart-rate"})
    needs_motion: bool = False
    alerts: tuple = (AlertKind("probe", frozenset({Severity.MINOR})),)
    computes: frozenset = frozenset()
    package: str = "xianban_plugin_eldercare_fall"


class Brings:
    """A plugin that brings one pack."""

    def __init__(self, pack):
        self._pack = pack

    @hookspecs.hookimpl
    def register_rule_pack(self):
        return [self._pack]


def raises(case):
    raise RuntimeError("no")


def hangs(case):
    threading.Event().wait(5)


def found(finding):
    return lambda case: Judged("", (finding(case),))


def honest(case):
    return Raise("probe", case.now, Severity.MINOR, (Because("reason-probe"),))


BAD = {
    "raises": raises,
    "hangs": hangs,
    "answers nothing": lambda case: None,
    "answers too long a state": lambda case: Judged("x" * 5000),
    "raises an alert of the platform": found(lambda c: replace(honest(c), alert="sos")),
    "raises worse than declared": found(lambda c: replace(honest(c), severity=Severity.EXTREME)),
    "raises in the future": found(lambda c: replace(honest(c), at=c.now + timedelta(days=1))),
    "raises by a naive clock": found(lambda c: replace(honest(c), at=c.now.replace(tzinfo=None))),
    "computes what it does not declare": found(lambda c: Computed("heart-rate", 60, c.now)),
    "computes nonsense": found(lambda c: Computed("news2", float("nan"), c.now)),
}


def with_packs(*loaded):
    """Elder care with these packs in place of the installed ones."""
    packs = rule_packs.Packs(loaded, frozenset({"heart-rate"}))
    ingest = {"xianban.common.v1.IngestService": lambda res: IngestServicer(res, packs)}
    return replace(app, servicers={**app.servicers, **ingest})


class TestBadPacks:
    @pytest.mark.parametrize("how", sorted(BAD))
    def test_a_pack_that_fails_costs_its_own_say_and_the_readings_are_kept(self, eldercare_of, how):
        eldercare = eldercare_of(
            with_packs(
                rule_packs.Loaded("eldercare-fall", Pack(BAD[how], "bad", alerts=Pack.alerts)),
                rule_packs.Loaded("eldercare-news2", Pack(found(honest))),
            )
        )
        assert send(eldercare, {"heart-rate": (70, "/min")}).stored == 1
        assert [one.rule for one in alerts(eldercare)] == ["probe"]
        assert bool(eldercare.service.resources.hooks.quarantined) is (how == "hangs")

    def test_a_pack_that_fails_for_one_person_answers_for_the_others(self, eldercare_of):
        def sometimes(case):
            return raises(case) if case.readings[0].value > 100 else Judged("", (honest(case),))

        eldercare = eldercare_of(with_packs(rule_packs.Loaded("eldercare-fall", Pack(sometimes))))
        eldercare.world.consent("resident", "eldercare.monitoring")
        now = int(eldercare.clock.now().timestamp() * 1_000_000)
        asked = readings_pb2.IngestBatchRequest(request_id="packs-sometimes")
        for subject, value in ((f"residents/{person_id('resident')}", 120), (ELDER, 70)):
            asked.readings.add(
                device="band", subject=subject, kind="heart-rate", value=value, unit="/min",
                observe_micros=now, receive_micros=now,
            )  # fmt: skip
        stub = eldercare.service.stub(IngestServiceStub, "", workload="uplink")
        assert stub.IngestBatch(asked).stored == 2
        assert len(alerts(eldercare)) == 1

    def test_a_pack_sees_each_reading_once_and_in_order_and_zeros_as_off(self, eldercare_of):
        seen = []

        def watches(case):
            seen.append((case.state, [type(one).__name__ for one in case.readings]))
            return Judged(str(len(seen)))

        eldercare = eldercare_of(with_packs(rule_packs.Loaded("eldercare-fall", Pack(watches))))
        for value, ago in ((70, 5), (0, 3), (70, 3), (71, 4), (400, 2), (72, 1)):
            number = {"heart-rate": (value, "/min"), "steps": (1, "{count}")}
            send(eldercare, number, ago=timedelta(minutes=ago))
        assert seen == [("", ["Live"]), ("1", ["Off"]), ("2", ["Off"]), ("3", ["Live"])]

    @pytest.mark.parametrize(
        "changed",
        [
            {"id": "Bad"},
            {"needs": frozenset({"mood"})},
            {"computes": frozenset({"mood"})},
            {"alerts": (AlertKind("sos", frozenset({Severity.EXTREME})),)},
        ],
    )
    def test_a_pack_that_does_not_fit_stops_the_start(self, changed):
        plugin = replace(Pack(raises), **changed)
        hooks = build("eldercare", hookspecs, [Brings(plugin)])
        with pytest.raises(PluginRefused):
            rule_packs.packs_of(hooks)


class TestTwoBatchesAtOnce:
    def test_who_was_judged_elsewhere_meanwhile_must_be_judged_anew(self, eldercare):
        now, new = eldercare.clock.now(), PackState(person_id("elder"), "probe")
        with eldercare.db.begin() as conn:
            PackStates(conn, MACHINE).save([new], "1", now)
        for stale in (new, replace(new, revision=2)):
            with pytest.raises(Unavailable, match="RULES_BUSY"), eldercare.db.begin() as conn:
                PackStates(conn, MACHINE).save([stale], "1", now)
        with eldercare.db.begin() as conn:
            PackStates(conn, MACHINE).save([replace(new, revision=1, state="x")], "1", now)
            [kept] = PackStates(conn, MACHINE).of([new.resident], ["probe"]).values()
        assert (kept.state, kept.revision) == ("x", 2)
