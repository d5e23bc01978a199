"""The button pressed once, twice, late: each press is answered, and called off by itself."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from eldercare_names import ELDER
from sqlalchemy import select
from xianban.common.v1 import alerts_pb2, readings_pb2
from xianban.common.v1.alerts_pb2_grpc import AlertServiceStub
from xianban.common.v1.readings_pb2_grpc import IngestServiceStub
from xianban.eldercare.v1 import monitoring_pb2 as pb
from xianban.eldercare.v1.monitoring_pb2_grpc import MonitoringServiceStub
from xianban_eldercare.consumers import on_alert_changed, on_device_bound
from xianban_sdk.storage import open_unit_of_work
from xianban_sdk.storage.tables import outbox

_numbers = count(1)
SECOND = timedelta(seconds=1)


class Wrist:
    """An elder's bands, and what they are told."""

    def __init__(self, eldercare):
        self.eldercare = eldercare
        for device in ("band", "pendant"):
            told = readings_pb2.DeviceBound(device=device, subject=ELDER, domain="eldercare")
            self._deliver(on_device_bound, told)

    def says(self, kind, event, *, ago=timedelta(), device="band", calls_off=""):
        """`ago`: when it was, though it comes now."""
        self.eldercare.clock.advance(SECOND)
        told = readings_pb2.DeviceEvent(
            id=event, device=device, subject=ELDER, kind=kind, calls_off=calls_off
        )
        told.receive_time.FromDatetime(self.eldercare.clock.now())
        told.occur_time.FromDatetime(self.eldercare.clock.now() - ago)
        stub = self.eldercare.service.stub(IngestServiceStub, "", workload="uplink")
        return stub.ReportDeviceEvent(readings_pb2.ReportDeviceEventRequest(event=told)).feedback

    def presses(self, event, **more):
        return self.says("sos", event, **more)

    def calls_off(self, event, **more):
        return self.says("sos-cancel", event, **more)

    @property
    def alerts(self):
        asked = pb.ListResidentAlertsRequest(parent=ELDER, open=True)
        listed = self.eldercare.as_("daughter", MonitoringServiceStub).ListResidentAlerts(asked)
        return [one for one in listed.alerts if one.state < alerts_pb2.ALERT_STATE_RESOLVED]

    def shown(self):
        """(device, press, word) since it was asked last, as the domain's own events ask for it."""
        before = self._emitted("eldercare.v1.device_command_requested")
        for data in self._emitted("eldercare.v1.alert_changed")[getattr(self, "_heard", 0) :]:
            self._heard = getattr(self, "_heard", 0) + 1
            self._deliver(on_alert_changed, alerts_pb2.AlertChanged.FromString(data))
        after = self._emitted("eldercare.v1.device_command_requested")[len(before) :]
        told = [readings_pb2.DeviceCommandRequested.FromString(data) for data in after]
        return {(one.device, one.event, one.command) for one in told}

    def _emitted(self, key):
        query = select(outbox.c.data).where(outbox.c.routing_key == key).order_by(outbox.c.seq)
        with self.eldercare.db.read() as conn:
            return [bytes(data) for data in conn.scalars(query)]

    def _deliver(self, consumer, event):
        resources = self.eldercare.service.resources
        with open_unit_of_work(resources.db, clock=self.eldercare.clock, ids=resources.ids) as uow:
            consumer(event, uow=uow, meta=None)


@pytest.fixture
def wrist(eldercare):
    return Wrist(eldercare)


def acknowledge(eldercare, alert):
    asked = alerts_pb2.AcknowledgeAlertRequest(
        name=alert.name, request_id=f"presses-{next(_numbers):06d}"
    )
    eldercare.as_("dispatcher", AlertServiceStub).AcknowledgeAlert(asked)


class TestCallingOff:
    def test_what_was_pressed_before_is_over(self, wrist):
        wrist.presses("p1")
        assert wrist.calls_off("c1") == "over"
        assert not wrist.alerts

    def test_a_late_one_leaves_the_newer_call_standing(self, wrist):
        wrist.presses("p1")
        wrist.calls_off("c1")
        wrist.presses("p2")
        assert wrist.calls_off("c2", ago=2 * SECOND) == "received"
        assert len(wrist.alerts) == 1

    def test_a_late_one_leaves_the_newer_press_of_the_same_call_standing(self, wrist):
        wrist.presses("p1")
        wrist.presses("p2")
        assert wrist.calls_off("c1", ago=1.5 * SECOND) == "received"
        assert len(wrist.alerts) == 1
        assert wrist.calls_off("c2") == "over"
        assert not wrist.alerts

    def test_a_doubled_one_leaves_the_newer_call_standing(self, wrist):
        wrist.presses("p1")
        wrist.calls_off("c1")
        wrist.presses("p2")
        # A band without a clock: it seems to happen when it arrives.
        assert wrist.calls_off("c1") == "received"
        assert len(wrist.alerts) == 1

    def test_it_is_of_the_press_that_it_names(self, wrist):
        wrist.presses("p1")
        wrist.presses("p2")
        assert wrist.calls_off("c1", calls_off="p1") == "received"
        assert len(wrist.alerts) == 1
        assert wrist.calls_off("c2", calls_off="p2") == "over"
        assert not wrist.alerts

    def test_a_press_that_nobody_knows_is_nothing_to_call_off(self, wrist):
        wrist.presses("p1")
        wrist.calls_off("c1", calls_off="p7")
        assert len(wrist.alerts) == 1

    def test_the_page_s_call_after_it_stays(self, wrist, eldercare):
        wrist.presses("p1")
        asked = pb.RaiseSosRequest(parent=ELDER, request_id="presses-page-1")
        eldercare.clock.advance(SECOND)
        eldercare.as_("elder", MonitoringServiceStub).RaiseSos(asked)
        wrist.calls_off("c1", calls_off="p1")
        assert len(wrist.alerts) == 1

    def test_a_counter_that_began_anew_is_a_new_press(self, wrist):
        wrist.presses("sos-1")
        wrist.calls_off("c1", calls_off="sos-1")
        wrist.presses("sos-1")
        assert len(wrist.alerts) == 1
        wrist.calls_off("c2", calls_off="sos-1")
        assert not wrist.alerts

    def test_a_press_that_is_newer_but_comes_later_is_not_over(self, wrist):
        wrist.presses("p1")
        wrist.calls_off("c1")
        wrist.presses("p2", ago=0.5 * SECOND)
        [alert] = wrist.alerts
        assert not alert.HasField("clear_time")


class TestAnswering:
    def test_two_presses_close_together_are_each_told_the_state(self, wrist, eldercare):
        wrist.presses("p1")
        wrist.presses("p2")
        wrist.shown()
        acknowledge(eldercare, *wrist.alerts)
        assert wrist.shown() == {
            ("band", "p1", "acknowledged"),
            ("band", "p2", "acknowledged"),
            ("pendant", "", "acknowledged"),
        }

    def test_each_device_is_told_of_its_own_press(self, wrist, eldercare):
        wrist.presses("p1")
        wrist.presses("q1", device="pendant")
        wrist.shown()
        acknowledge(eldercare, *wrist.alerts)
        assert wrist.shown() == {
            ("band", "p1", "acknowledged"),
            ("pendant", "q1", "acknowledged"),
        }

    def test_a_press_that_was_called_off_hears_no_more_before_all_is_over(self, wrist, eldercare):
        wrist.presses("p1")
        wrist.presses("p2")
        wrist.calls_off("c1", calls_off="p1")
        wrist.shown()
        acknowledge(eldercare, *wrist.alerts)
        assert {press for _, press, _ in wrist.shown()} == {"", "p2"}
        wrist.calls_off("c2")
        assert {press for _, press, word in wrist.shown() if word == "over"} == {"", "p1", "p2"}
