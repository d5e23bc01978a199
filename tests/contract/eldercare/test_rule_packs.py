"""Rule packs through the real way in: NEWS2 on a real bedside recording, falls."""

from __future__ import annotations

import csv
import sys
from datetime import timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import clincalc
import pytest
from eldercare_devices import ILL, WARM, WELL, WORSE, alerts, fall, moved, scores, send
from eldercare_names import ELDER
from refusals import refused
from sqlalchemy import text
from vitalscore import score_news2
from xianban.common.v1 import alerts_pb2, readings_pb2
from xianban.common.v1.readings_pb2_grpc import IngestServiceStub
from xianban.eldercare.v1 import monitoring_pb2 as pb
from xianban.eldercare.v1.monitoring_pb2_grpc import MonitoringServiceStub
from xianban_eldercare.vitals import KINDS
from xianban_plugin_eldercare_news2.pack import FRESH
from xianban_plugin_eldercare_news2.score import rounded
from xianban_sdk.log_lines import lines_to

BEDSIDE = Path(__file__).parents[4] / "shared/data/eldercare/bedside-numerics-s25047.csv"
# Column → kind and unit.
COLUMNS = {
    "HR [bpm]": ("heart-rate", "/min"),
    "RESP [pm]": ("respiratory-rate", "/min"),
    "SpO2 [%]": ("oxygen-saturation", "%"),
    "NBPSys [mmHg]": ("systolic-pressure", "mm[Hg]"),
    "NBPDias [mmHg]": ("diastolic-pressure", "mm[Hg]"),
}


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

    def test_what_began_in_a_backlog_is_told_with_the_first_fresh_score_as_it_is_then(
        self, eldercare
    ):
        eldercare.clock.advance(timedelta(hours=4))
        for hours, numbers in ((3, WELL), (2.5, WORSE), (2, ILL)):
            send(eldercare, numbers, ago=timedelta(hours=hours))
        assert not alerts(eldercare)
        assert not eldercare.told()
        send(eldercare, {"heart-rate": ILL["heart-rate"]})
        assert not alerts(eldercare, "news2"), "nobody knows yet whether it still holds"
        eldercare.clock.advance(timedelta(minutes=1))
        send(eldercare, ILL)
        [alert] = alerts(eldercare, "news2")
        assert alert.severity == alerts_pb2.ALERT_SEVERITY_SEVERE
        assert "NEWS2 5 of 20" in alert.reasons[0].display
        assert eldercare.told()

    def test_what_was_over_before_the_backlog_was_worked_off_is_told_to_nobody(self, eldercare):
        begin = eldercare.clock.now()
        eldercare.clock.advance(timedelta(hours=4))
        for hours, numbers in ((3, WORSE), (2, WELL)):
            send(eldercare, numbers, ago=timedelta(hours=hours))
        send(eldercare, WELL)
        assert list(scores(eldercare, begin).values()) == [7, 0, 0]
        assert not alerts(eldercare)

    def test_a_sensor_that_went_off_in_a_backlog_is_told_when_it_still_is(self, eldercare):
        eldercare.clock.advance(timedelta(hours=4))
        off = {**WELL, "oxygen-saturation": (0, "%")}
        for hours, numbers in ((3, WELL), (2, off)):
            send(eldercare, numbers, ago=timedelta(hours=hours))
        assert not alerts(eldercare)
        send(eldercare, off)
        assert [one.rule for one in alerts(eldercare)] == ["news2-sensor-off"]

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

    def test_what_a_pack_of_motion_knows_is_not_read_for_a_number(self, eldercare):
        moved(eldercare, fall())
        with eldercare.db.begin() as conn:
            conn.execute(text("UPDATE pack_state SET state = :no"), {"no": b"not to be decrypted"})
        assert send(eldercare, WELL).stored == len(WELL)

    @pytest.mark.parametrize("lost", [b"no sealed value", b"\x01keyinoncenoncenothing sealed"])
    def test_a_state_whose_key_is_lost_costs_no_reading_and_is_written_anew(
        self, eldercare, lost, capfd
    ):
        begin = eldercare.clock.now()
        send(eldercare, WELL)
        with eldercare.db.begin() as conn:
            conn.execute(text("UPDATE pack_state SET state = :lost"), {"lost": lost})
        eldercare.clock.advance(timedelta(minutes=1))
        assert send(eldercare, WELL).stored == len(WELL)
        lines_to("").flush()
        assert "pack_state_unreadable" in capfd.readouterr().err
        eldercare.clock.advance(timedelta(minutes=1))
        send(eldercare, WELL)
        lines_to("").flush()
        assert "pack_state_unreadable" not in capfd.readouterr().err
        assert len(scores(eldercare, begin)) == 3

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

    def test_an_hour_late_it_is_history_and_the_log_says_so(self, eldercare, capfd):
        assert moved(eldercare, fall(), ago=timedelta(hours=2)).alert == ""
        lines_to("").flush()
        assert "motion_window_dropped" in capfd.readouterr().err

    @pytest.mark.parametrize(
        ("ago", "why"),
        [
            (timedelta(days=20 * 365), "a clock that was never set"),
            (-timedelta(days=1), "a clock that is ahead"),
            (timedelta(0), "stamped when it was sent, not when it began"),
        ],
    )
    def test_whatever_the_device_s_clock_says_a_fall_that_arrives_is_raised(
        self, eldercare, ago, why
    ):
        rate = 25
        window = [*[(0, 1, 0)] * (7 * 60 * rate), *fall(rate)]
        assert moved(eldercare, window, rate=rate, ago=ago).feedback == "received", why
        [alert] = alerts(eldercare, "fall")
        fell = eldercare.clock.now() - timedelta(seconds=6)
        seen = alert.reasons[0].observe_time.ToDatetime(fell.tzinfo)
        assert abs(seen - fell) < timedelta(seconds=1)

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
