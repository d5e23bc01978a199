"""What people see beside the devices, and by which scale blood oxygen counts."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from eldercare_devices import WELL, alerts, scores, send
from eldercare_names import ELDER, ELSEWHERE, HERE
from refusals import refused
from xianban.common.v1 import readings_pb2
from xianban.eldercare.v1 import monitoring_pb2
from xianban.eldercare.v1 import observations_pb2 as pb
from xianban.eldercare.v1.monitoring_pb2_grpc import MonitoringServiceStub
from xianban.eldercare.v1.observations_pb2_grpc import ObservationServiceStub

_numbers = count(1)
ASLEEP, OXYGEN = pb.OBSERVABLE_LESS_THAN_ALERT, pb.OBSERVABLE_SUPPLEMENTAL_OXYGEN
# As prescribed to somebody whose breathing fails: scale 1 would score 3.
PRESCRIBED = {**WELL, "oxygen-saturation": (90.0, "%")}
MINUTE = timedelta(minutes=1)


def request_id():
    return f"observations-{next(_numbers):06d}"


def observe(eldercare, observable, present=True, person="daughter", ago=None):
    asked = pb.RecordObservationRequest(
        parent=ELDER, observable=observable, present=present, request_id=request_id()
    )
    if ago is not None:
        asked.observe_time.FromDatetime(eldercare.clock.now() - ago)
    return eldercare.as_(person, ObservationServiceStub).RecordObservation(asked).reading


def choose(eldercare, scale, reason="血气分析 2026-11-02", person="clinician"):
    wanted = pb.OxygenScale(name=f"{ELDER}/oxygenScale", scale=scale, reason=reason)
    asked = pb.UpdateOxygenScaleRequest(oxygen_scale=wanted, request_id=request_id())
    return eldercare.as_(alias(person), ObservationServiceStub).UpdateOxygenScale(asked)


def alias(person):
    return {"clinician": "teacher", "nurse elsewhere": "guardian"}.get(person, person)


def newest(eldercare):
    found = scores(eldercare, eldercare.clock.now() - timedelta(hours=1))
    return found[max(found)]


def state(eldercare, person="daughter"):
    asked = monitoring_pb2.GetCareStateRequest(name=f"{ELDER}/careState")
    return eldercare.as_(person, MonitoringServiceStub).GetCareState(asked)


@pytest.fixture(autouse=True)
def clinicians(eldercare):
    eldercare.world.member("teacher", "doctor", [HERE])
    eldercare.world.member("guardian", "nurse", [ELSEWHERE])


class TestRecordObservation:
    @pytest.mark.parametrize(
        ("person", "reason"),
        [
            ("vendor", "RESIDENT_NOT_FOUND"),
            ("dispatcher", "RESIDENT_NOT_FOUND"),
            ("guardian", "CARE_FILE_NOT_FOUND"),
        ],
    )
    def test_it_is_written_by_those_who_are_there(self, eldercare, person, reason):
        with refused("NOT_FOUND", reason):
            observe(eldercare, ASLEEP, person=person)

    def test_nobody_is_watched_without_consent(self, eldercare):
        eldercare.world.withdraw("elder", "eldercare.monitoring")
        with refused("PERMISSION_DENIED", "CONSENT_REQUIRED"):
            observe(eldercare, ASLEEP)

    def test_it_has_its_verdict_and_grows_old(self, eldercare):
        seen = observe(eldercare, OXYGEN, person="teacher")
        assert (seen.kind, seen.value) == ("supplemental-oxygen", 1)
        assert seen.verdict == readings_pb2.READING_VERDICT_FRESH
        eldercare.clock.advance(timedelta(minutes=61))
        [shown] = [one.reading for one in state(eldercare).vitals if one.reading.kind == seen.kind]
        assert not shown.HasField("value")

    def test_it_is_no_device(self, eldercare):
        before = state(eldercare).devices
        observe(eldercare, OXYGEN)
        assert state(eldercare).devices == before

    @pytest.mark.parametrize("ago", [timedelta(minutes=61), -timedelta(minutes=2)])
    def test_what_is_long_past_or_to_come_is_refused(self, eldercare, ago):
        with refused("INVALID_ARGUMENT", "OBSERVATION_NOT_RECENT", field="observe_time"):
            observe(eldercare, OXYGEN, ago=ago)

    def test_with_it_the_early_warning_score_is_complete(self, eldercare):
        send(eldercare, WELL)
        assert newest(eldercare) == 0
        eldercare.clock.advance(MINUTE)
        observe(eldercare, OXYGEN, person="teacher")
        assert newest(eldercare) == 2
        eldercare.clock.advance(MINUTE)
        observe(eldercare, ASLEEP)
        assert newest(eldercare) == 5
        [alert] = alerts(eldercare, "news2")
        assert alert.reasons[-1].display == "Blood oxygen by scale 1"
        eldercare.clock.advance(MINUTE)
        observe(eldercare, ASLEEP, present=False)
        assert newest(eldercare) == 2


class TestUpdateOxygenScale:
    @pytest.mark.parametrize(
        "person", ["daughter", "elder", "vendor", "nurse elsewhere", "dispatcher"]
    )
    def test_it_is_a_clinician_s_to_choose(self, eldercare, person):
        code, reason = {
            "daughter": ("PERMISSION_DENIED", "POLICY_DENIED"),
            "elder": ("PERMISSION_DENIED", "POLICY_DENIED"),
            "nurse elsewhere": ("NOT_FOUND", "CARE_FILE_NOT_FOUND"),
        }.get(person, ("NOT_FOUND", "RESIDENT_NOT_FOUND"))
        with refused(code, reason):
            choose(eldercare, 2, person=person)

    @pytest.mark.parametrize("reason", ["", "  "])
    def test_the_second_scale_needs_a_reason(self, eldercare, reason):
        with refused("INVALID_ARGUMENT", "SCALE_REASON_NEEDED", field="oxygen_scale.reason"):
            choose(eldercare, 2, reason)

    def test_from_the_next_reading_on_it_counts(self, eldercare):
        send(eldercare, PRESCRIBED)
        assert newest(eldercare) == 3
        choose(eldercare, 2)
        eldercare.clock.advance(MINUTE)
        send(eldercare, PRESCRIBED)
        assert newest(eldercare) == 0

    def test_the_district_s_limit_follows_until_the_person_has_their_own(self, eldercare):
        choose(eldercare, 2)
        [oxygen] = [
            one for one in state(eldercare).vitals if one.reading.kind == "oxygen-saturation"
        ]
        assert oxygen.low == 84
        send(eldercare, PRESCRIBED)
        assert not alerts(eldercare, "oxygen-saturation-low")

    def test_the_alert_says_by_which_scale(self, eldercare):
        choose(eldercare, 2)
        send(eldercare, {**PRESCRIBED, "heart-rate": (135.0, "/min")})
        [alert] = alerts(eldercare, "news2")
        said = "Blood oxygen by scale 2, for a prescribed target of 88-92 %; taken to be alert"
        assert alert.reasons[-1].display.startswith(said)

    def test_everybody_who_cares_sees_which_and_who_chose(self, eldercare):
        assert state(eldercare).oxygen_scale == 1
        choose(eldercare, 2)
        assert state(eldercare).oxygen_scale == 2
        asked = pb.GetOxygenScaleRequest(name=f"{ELDER}/oxygenScale")
        for person in ("daughter", "doctor", "teacher"):
            found = eldercare.as_(person, ObservationServiceStub).GetOxygenScale(asked)
            assert (found.scale, found.reason) == (2, "血气分析 2026-11-02")


class TestGetOxygenScale:
    def test_a_stranger_learns_nothing(self, eldercare):
        asked = pb.GetOxygenScaleRequest(name=f"{ELDER}/oxygenScale")
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            eldercare.as_("vendor", ObservationServiceStub).GetOxygenScale(asked)

    def test_until_somebody_chose_it_is_the_first(self, eldercare):
        asked = pb.GetOxygenScaleRequest(name=f"{ELDER}/oxygenScale")
        found = eldercare.as_("elder", ObservationServiceStub).GetOxygenScale(asked)
        assert (found.scale, found.HasField("set_time")) == (1, False)
