"""A battery runs low: the family hears without hurry, the keeper a day later."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from eldercare_names import ELDER, HERE
from sqlalchemy import select
from xianban.common.v1 import messages_pb2, readings_pb2
from xianban.common.v1.readings_pb2_grpc import IngestServiceStub
from xianban.eldercare.v1 import monitoring_pb2
from xianban.eldercare.v1.monitoring_pb2_grpc import MonitoringServiceStub
from xianban_eldercare.consumers import on_device_unbound
from xianban_eldercare.handlers.ingest import on_facts
from xianban_eldercare.vitals import KINDS
from xianban_sdk.demo import person_id
from xianban_sdk.readings.watch import DeviceWatch, bound
from xianban_sdk.storage import open_unit_of_work
from xianban_sdk.storage.tables import outbox

LOW = "battery-low"
DAY = timedelta(days=1)
_numbers = count(1)


class Wearer:
    """An elder with devices that tell their batteries."""

    def __init__(self, eldercare):
        self.eldercare, self.clock = eldercare, eldercare.clock
        resources = eldercare.service.resources
        self._open = {"clock": self.clock, "ids": resources.ids}
        self._watch = DeviceWatch(eldercare.db, on_facts, **self._open)

    def uplink(self):
        return self.eldercare.service.stub(IngestServiceStub, "", workload="uplink")

    def work(self):
        return open_unit_of_work(self.eldercare.db, **self._open)

    def wears(self, device):
        told = readings_pb2.DeviceBound(device=device, domain="eldercare", subject=ELDER)
        told.bind_time.FromDatetime(self.clock.now())
        for kind in ("heart-rate", "battery"):
            told.promises.add(kind=kind, cadence_seconds=60)
        with self.work() as uow:
            bound(told, KINDS, uow=uow, on_facts=on_facts)

    def lays_off(self, device):
        told = readings_pb2.DeviceUnbound(device=device, domain="eldercare", subject=ELDER)
        told.unbind_time.FromDatetime(self.clock.now())
        with self.work() as uow:
            on_device_unbound(told, uow=uow, meta=None)

    def says_low(self, device="band"):
        number = next(_numbers)
        event = readings_pb2.DeviceEvent(
            id=f"e{number}", device=device, subject=ELDER, kind="low-battery"
        )
        event.occur_time.FromDatetime(self.clock.now())
        self.uplink().ReportDeviceEvent(readings_pb2.ReportDeviceEventRequest(event=event))

    def tells(self, percent, device="band", kind="battery", unit="%"):
        at = int(self.clock.now().timestamp() * 1_000_000)
        one = readings_pb2.RawReading(
            device=device, subject=ELDER, kind=kind, value=percent, unit=unit,
            observe_micros=at, receive_micros=at,
        )  # fmt: skip
        asked = readings_pb2.IngestBatchRequest(
            readings=[one], request_id=f"request-{next(_numbers):06d}"
        )
        assert self.uplink().IngestBatch(asked).stored == 1

    def passes(self, time):
        self.clock.advance(time)
        self.eldercare.fire_timers()

    def falls_silent(self, device="band"):
        self.tells(70, device, "heart-rate", "/min")
        self.clock.advance(timedelta(minutes=30))
        assert self._watch.look()

    def messages(self):
        """Who was told of the battery, and whether at once."""
        name = messages_pb2.MessageRequested.DESCRIPTOR.full_name
        with self.eldercare.db.read() as conn:
            rows = conn.scalars(
                select(outbox.c.data).where(outbox.c.type == name).order_by(outbox.c.seq)
            )
            told = [messages_pb2.MessageRequested.FromString(row) for row in rows]
        return [(one.recipient, one.urgent) for one in told if one.params["rule"] == LOW]

    def open(self):
        asked = monitoring_pb2.ListResidentAlertsRequest(parent=ELDER, open=True)
        found = self.eldercare.as_("daughter", MonitoringServiceStub).ListResidentAlerts(asked)
        return [one for one in found.alerts if one.rule == LOW]


@pytest.fixture
def wearer(eldercare):
    eldercare.world.member("admin", "device-keeper", [HERE])
    made = Wearer(eldercare)
    made.wears("band")
    eldercare.clock.advance(timedelta(seconds=1))
    return made


def people(*aliases):
    return {person_id(one) for one in aliases}


class TestLowBattery:
    def test_the_family_hears_in_words_and_nobody_is_woken(self, wearer):
        wearer.says_low()
        [alert] = wearer.open()
        assert alert.reasons[0].display == "The device says that its battery is low"
        assert {one for one, _ in wearer.messages()} == people("daughter", "carer")
        assert not any(urgent for _, urgent in wearer.messages())

    def test_the_keeper_hears_when_nobody_charges_it_in_a_day(self, wearer):
        wearer.says_low()
        wearer.passes(DAY - timedelta(minutes=1))
        assert {one for one, _ in wearer.messages()} == people("daughter", "carer")
        wearer.passes(timedelta(minutes=1))
        told = {one for one, _ in wearer.messages()}
        assert told == people("daughter", "carer", "admin", "doctor")
        assert not any(urgent for _, urgent in wearer.messages())

    def test_charged_it_is_over_and_the_next_time_is_told_again(self, wearer):
        wearer.says_low()
        before = len(wearer.messages())
        wearer.passes(timedelta(hours=1))
        wearer.tells(95)
        assert not wearer.open()
        wearer.passes(2 * DAY)
        assert len(wearer.messages()) == before
        wearer.says_low()
        assert len(wearer.messages()) == 2 * before

    def test_a_battery_that_only_rested_is_not_charged(self, wearer):
        wearer.tells(9)
        wearer.passes(timedelta(hours=1))
        wearer.tells(12)
        assert wearer.open()
        wearer.passes(timedelta(hours=1))
        wearer.tells(80)
        assert not wearer.open()
        wearer.passes(timedelta(hours=1))
        wearer.tells(8)
        assert wearer.open()

    def test_another_device_s_battery_charges_no_band(self, wearer):
        wearer.wears("locator")
        wearer.says_low("band")
        wearer.passes(timedelta(minutes=1))
        wearer.tells(90, "locator")
        assert wearer.open()
        wearer.tells(90, "band")
        assert not wearer.open()

    def test_a_silent_device_has_an_alarm_of_its_own_and_tells_anew_when_it_is_back(self, wearer):
        wearer.tells(8)
        wearer.passes(timedelta(seconds=1))
        wearer.falls_silent()
        assert not wearer.open()
        wearer.passes(timedelta(minutes=10))
        wearer.tells(7)
        assert wearer.open()

    def test_a_band_that_speaks_is_not_silent_because_something_of_it_is(self, wearer):
        wearer.clock.advance(timedelta(minutes=10))
        wearer.tells(8)
        wearer.clock.advance(timedelta(minutes=7))
        assert wearer._watch.look()  # no heart rate for a while
        assert wearer.open()

    def test_laid_off_nobody_waits_for_its_charging(self, wearer):
        wearer.says_low()
        wearer.clock.advance(timedelta(minutes=1))
        wearer.lays_off("band")
        assert not wearer.open()
