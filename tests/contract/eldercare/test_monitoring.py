"""From a reading to an alarm that the family hears of; and what each may see of it."""

from __future__ import annotations

from datetime import UTC, timedelta
from itertools import count

import pytest
from eldercare_names import ELDER
from refusals import refused
from xianban.common.v1 import alerts_pb2, readings_pb2
from xianban.common.v1.alerts_pb2_grpc import AlertServiceStub
from xianban.common.v1.readings_pb2_grpc import IngestServiceStub
from xianban.eldercare.v1 import monitoring_pb2 as pb
from xianban.eldercare.v1.monitoring_pb2_grpc import MonitoringServiceStub
from xianban_eldercare.alarms import BOOK
from xianban_eldercare.repository import MACHINE
from xianban_sdk.alerts import Alerts
from xianban_sdk.alerts.repository import AlertRows
from xianban_sdk.demo import person_id
from xianban_sdk.storage import open_unit_of_work

STATE = pb.GetCareStateRequest(name=f"{ELDER}/careState")
DAY = timedelta(days=1)
_numbers = count(1)


def request_id():
    return f"request-{next(_numbers):06d}"


def people(eldercare, person):
    return eldercare.as_(person, MonitoringServiceStub)


def staff(eldercare, person):
    return eldercare.as_(person, AlertServiceStub)


def raw(eldercare, kind, value, unit, ago=timedelta(), subject=ELDER):
    at = int((eldercare.clock.now() - ago).timestamp() * 1_000_000)
    return readings_pb2.RawReading(
        device="band",
        subject=subject,
        kind=kind,
        value=value,
        unit=unit,
        observe_micros=at,
        receive_micros=int(eldercare.clock.now().timestamp() * 1_000_000),
    )


def ingest(eldercare, *readings, workload="uplink"):
    stub = eldercare.service.stub(IngestServiceStub, "", workload=workload)
    asked = readings_pb2.IngestBatchRequest(readings=readings, request_id=request_id())
    return stub.IngestBatch(asked)


def press(eldercare, event="e1", kind="sos", by_its_clock=timedelta()):
    told = readings_pb2.DeviceEvent(id=event, device="band", subject=ELDER, kind=kind)
    told.receive_time.FromDatetime(eldercare.clock.now())
    told.occur_time.FromDatetime(eldercare.clock.now() + by_its_clock)
    stub = eldercare.service.stub(IngestServiceStub, "", workload="uplink")
    return stub.ReportDeviceEvent(readings_pb2.ReportDeviceEventRequest(event=told))


def alerts_of(eldercare, person="daughter", open_only=True):
    asked = pb.ListResidentAlertsRequest(parent=ELDER, open=open_only)
    return list(people(eldercare, person).ListResidentAlerts(asked).alerts)


def oxygen(eldercare, value):
    return ingest(eldercare, raw(eldercare, "oxygen-saturation", value, "%"))


class TestIngestBatch:
    def test_only_the_uplink_speaks_for_devices(self, eldercare):
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            ingest(eldercare, raw(eldercare, "heart-rate", 70, "/min"), workload="parking")

    def test_without_consent_nothing_is_stored(self, eldercare):
        other = f"residents/{person_id('resident')}"
        answer = ingest(
            eldercare,
            raw(eldercare, "heart-rate", 70, "/min", subject=other),
            raw(eldercare, "heart-rate", 71, "/min"),
            raw(eldercare, "mood", 1, ""),
        )
        assert answer.stored == 1
        found = {(one.index, one.field, one.reason) for one in answer.rejections}
        assert found == {
            (0, "subject", "CONSENT_REQUIRED"),
            (2, "kind", "READING_KIND_UNKNOWN"),
        }

    def test_low_oxygen_alarms_and_says_why(self, eldercare):
        oxygen(eldercare, 86)
        [alert] = alerts_of(eldercare)
        assert (alert.rule, alert.severity) == (
            "oxygen-saturation-low",
            alerts_pb2.ALERT_SEVERITY_SEVERE,
        )
        assert "86" in alert.reasons[0].display
        assert alert.rung == "family"

    def test_a_zero_is_no_measurement_and_no_alarm(self, eldercare):
        ingest(eldercare, raw(eldercare, "heart-rate", 0, "/min"))
        assert not alerts_of(eldercare)

    def test_a_person_s_own_limit_counts(self, eldercare):
        own = pb.Threshold(
            name=f"{ELDER}/thresholds/oxygen-saturation",
            low=84,
            severity=alerts_pb2.ALERT_SEVERITY_SEVERE,
        )
        asked = pb.UpdateThresholdRequest(threshold=own, request_id=request_id())
        people(eldercare, "daughter").UpdateThreshold(asked)
        oxygen(eldercare, 86)
        assert not alerts_of(eldercare)


class TestUpdateThreshold:
    @pytest.mark.parametrize(
        ("changes", "field"),
        [({"low": 200}, "threshold.low"), ({"low": 95, "high": 90}, "threshold.low")],
    )
    def test_an_impossible_limit_is_refused_by_name(self, eldercare, changes, field):
        own = pb.Threshold(
            name=f"{ELDER}/thresholds/oxygen-saturation",
            severity=alerts_pb2.ALERT_SEVERITY_SEVERE,
            **changes,
        )
        reason = "LIMITS_REVERSED" if len(changes) > 1 else "LIMIT_IMPOSSIBLE"
        asked = pb.UpdateThresholdRequest(threshold=own, request_id=request_id())
        with refused("INVALID_ARGUMENT", reason, field):
            people(eldercare, "daughter").UpdateThreshold(asked)

    def test_a_carer_sees_limits_but_sets_none(self, eldercare):
        asked = pb.ListThresholdsRequest(parent=ELDER)
        found = people(eldercare, "carer").ListThresholds(asked).thresholds
        assert not any(one.own for one in found)
        change = pb.UpdateThresholdRequest(threshold=found[0], request_id=request_id())
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            people(eldercare, "carer").UpdateThreshold(change)


class TestGetCareState:
    def test_a_stranger_hears_nothing(self, eldercare):
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            people(eldercare, "vendor").GetCareState(STATE)

    def test_without_consent_nobody_looks(self, eldercare):
        eldercare.world.withdraw("elder", "eldercare.monitoring")
        with refused("PERMISSION_DENIED", "CONSENT_REQUIRED"):
            people(eldercare, "daughter").GetCareState(STATE)

    def test_numbers_come_with_verdict_and_age_or_not_at_all(self, eldercare):
        ingest(eldercare, raw(eldercare, "heart-rate", 72, "/min"))
        eldercare.clock.advance(timedelta(minutes=3))
        shown = {one.reading.kind: one for one in self.state(eldercare).vitals}
        assert shown["heart-rate"].reading.value == 72
        assert shown["heart-rate"].reading.verdict == readings_pb2.READING_VERDICT_LATE
        assert shown["heart-rate"].reading.age_seconds == 180
        assert shown["heart-rate"].low == 40
        assert not shown["oxygen-saturation"].reading.HasField("value")
        eldercare.clock.advance(timedelta(minutes=30))
        old = {one.reading.kind: one.reading for one in self.state(eldercare).vitals}
        assert not old["heart-rate"].HasField("value")
        assert old["heart-rate"].verdict == readings_pb2.READING_VERDICT_SILENT

    def test_the_sentence_says_what_matters_first(self, eldercare):
        assert "No device" in self.state(eldercare).sentence
        ingest(eldercare, raw(eldercare, "heart-rate", 72, "/min"))
        assert "well" in self.state(eldercare).sentence
        ingest(eldercare, raw(eldercare, "oxygen-saturation", 0, "%"))
        assert "cannot be right" in self.state(eldercare).sentence
        eldercare.clock.advance(timedelta(seconds=1))
        oxygen(eldercare, 86)
        assert "Blood oxygen" in self.state(eldercare).sentence

    def state(self, eldercare, person="daughter"):
        return people(eldercare, person).GetCareState(STATE)


class TestListVitalPoints:
    def asked(self, eldercare, raw_ones, hours=1):
        now = eldercare.clock.now()
        made = pb.ListVitalPointsRequest(parent=ELDER, kind="heart-rate", raw=raw_ones)
        made.start_time.FromDatetime(now - timedelta(hours=hours))
        made.end_time.FromDatetime(now + timedelta(seconds=1))
        return made

    def test_a_carer_sees_single_readings_only_around_an_alarm(self, eldercare):
        ingest(eldercare, raw(eldercare, "heart-rate", 72, "/min"))
        carer = people(eldercare, "carer")
        with refused("PERMISSION_DENIED", "RAW_ONLY_AROUND_AN_ALARM", "raw"):
            carer.ListVitalPoints(self.asked(eldercare, True))
        oxygen(eldercare, 86)
        [point] = carer.ListVitalPoints(self.asked(eldercare, True)).points
        assert point.value == 72

    def test_too_long_a_time_is_refused(self, eldercare):
        with refused("INVALID_ARGUMENT", "SPAN_TOO_LONG", "end_time"):
            people(eldercare, "elder").ListVitalPoints(self.asked(eldercare, False, 32 * 24))


class TestAcknowledgeResidentAlert:
    def test_the_daughter_takes_it_and_the_ladder_rests(self, eldercare):
        oxygen(eldercare, 86)
        [alert] = alerts_of(eldercare)
        name = f"{ELDER}/{alert.name}"
        asked = pb.AcknowledgeResidentAlertRequest(name=name, request_id=request_id())
        taken = people(eldercare, "daughter").AcknowledgeResidentAlert(asked)
        assert taken.alert.state == alerts_pb2.ALERT_STATE_ACKNOWLEDGED
        assert [one.action for one in taken.steps] == ["raised", "told", "acknowledged"]
        with refused("FAILED_PRECONDITION", "ALERT_TAKEN"):
            staff(eldercare, "dispatcher").AcknowledgeAlert(
                alerts_pb2.AcknowledgeAlertRequest(name=alert.name, request_id=request_id())
            )

    def test_somebody_else_s_alert_answers_as_an_absent_one(self, eldercare):
        oxygen(eldercare, 86)
        [alert] = alerts_of(eldercare)
        name = f"residents/{person_id('resident')}/{alert.name}"
        asked = pb.AcknowledgeResidentAlertRequest(name=name, request_id=request_id())
        with refused("NOT_FOUND", "ALERT_NOT_FOUND"):
            people(eldercare, "resident").AcknowledgeResidentAlert(asked)


class TestLadder:
    def test_unanswered_it_climbs_by_the_clock_and_everybody_is_told_once(self, eldercare):
        oxygen(eldercare, 86)
        told = [eldercare.told()]
        for minutes in (4, 6, 6, 11):
            eldercare.clock.advance(timedelta(minutes=minutes))
            eldercare.fire_timers()
            told.append(eldercare.told())
        assert told[0] == {person_id("daughter"), person_id("carer")}
        assert told[-1] - told[0] == {person_id("doctor"), person_id("dispatcher")}
        assert eldercare.tellings() == len(told[-1])


class TestAlertService:
    def test_staff_elsewhere_see_nothing(self, eldercare):
        oxygen(eldercare, 86)
        asked = alerts_pb2.ListAlertsRequest(open=True)
        assert len(staff(eldercare, "dispatcher").ListAlerts(asked).alerts) == 1
        assert not staff(eldercare, "operator").ListAlerts(asked).alerts


class TestSeveralRoles:
    def test_who_holds_two_roles_may_do_what_either_may_in_the_areas_of_both(self, eldercare):
        eldercare.world.member("operator", "dispatcher", ["310120/nanqiao"])
        eldercare.world.member("operator", "carer", ["310120/fengpu"])
        oxygen(eldercare, 86)
        asked = alerts_pb2.ListAlertsRequest(open=True)
        [alert] = staff(eldercare, "operator").ListAlerts(asked).alerts
        take = alerts_pb2.AcknowledgeAlertRequest(name=alert.name, request_id=request_id())
        assert staff(eldercare, "operator").AcknowledgeAlert(take).acknowledged_by


class TestSos:
    def test_pressing_twice_is_one_call_and_the_wearer_hears_each_step(self, eldercare):
        assert press(eldercare, "e1").feedback == "received"
        first = eldercare.tellings()
        eldercare.clock.advance(timedelta(seconds=5))
        assert press(eldercare, "e2").feedback == "received"
        assert eldercare.tellings() == first
        [alert] = alerts_of(eldercare)
        asked = alerts_pb2.AcknowledgeAlertRequest(name=alert.name, request_id=request_id())
        staff(eldercare, "dispatcher").AcknowledgeAlert(asked)
        assert press(eldercare, "e1").feedback == "acknowledged"

    def test_it_goes_through_without_consent(self, eldercare):
        eldercare.world.withdraw("elder", "eldercare.monitoring")
        assert press(eldercare).feedback == "received"

    @pytest.mark.parametrize("kind", ["sos", "fall", "tamper"])
    @pytest.mark.parametrize("wrong", [-timedelta(days=30), -timedelta(days=20 * 365), 3 * DAY])
    def test_whatever_the_band_s_clock_says_a_new_alarm_stands_from_its_arrival(
        self, eldercare, kind, wrong
    ):
        press(eldercare, "e1", kind)
        with open_unit_of_work(
            eldercare.db, clock=eldercare.clock, ids=eldercare.service.resources.ids
        ) as uow:
            [first] = AlertRows(uow.conn, MACHINE).standing()
            alerts = Alerts(uow, BOOK)
            alerts.resolve(first.name, "")
            alerts.cleared(first.rule, ELDER)
        eldercare.clock.advance(timedelta(minutes=1))
        press(eldercare, "e2", kind, wrong)
        [alert] = [one for one in alerts_of(eldercare) if one.name != first.name]
        assert not alert.HasField("clear_time"), "it holds now"
        assert alert.reasons[0].observe_time.ToDatetime(UTC) == eldercare.clock.now()

    def test_a_press_that_waited_for_the_network_stands_from_when_it_was(self, eldercare):
        press(eldercare, by_its_clock=-timedelta(hours=5))
        [alert] = alerts_of(eldercare)
        then = eldercare.clock.now() - timedelta(hours=5)
        assert alert.reasons[0].observe_time.ToDatetime(UTC) == then

    def test_the_page_s_button_and_the_wristband_are_one_call(self, eldercare):
        press(eldercare)
        elder = people(eldercare, "elder")
        raised = elder.RaiseSos(pb.RaiseSosRequest(parent=ELDER, request_id=request_id()))
        assert raised.state == pb.SOS_STATE_CALLING
        assert len(alerts_of(eldercare)) == 1

    def test_called_off_it_is_over_and_a_new_press_is_a_new_call(self, eldercare):
        elder = people(eldercare, "elder")
        elder.RaiseSos(pb.RaiseSosRequest(parent=ELDER, request_id=request_id()))
        asked = pb.CancelSosRequest(name=f"{ELDER}/sos", request_id=request_id())
        assert elder.CancelSos(asked).state == pb.SOS_STATE_OVER
        eldercare.clock.advance(timedelta(minutes=1))
        again = elder.RaiseSos(pb.RaiseSosRequest(parent=ELDER, request_id=request_id()))
        assert again.state == pb.SOS_STATE_CALLING
