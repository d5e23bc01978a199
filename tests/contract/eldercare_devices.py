"""What elder care's tests of rule packs do: devices that speak, and what is seen of it."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

from eldercare_names import ELDER
from xianban.common.v1 import readings_pb2
from xianban.common.v1.readings_pb2_grpc import IngestServiceStub
from xianban.eldercare.v1 import monitoring_pb2 as pb
from xianban.eldercare.v1.monitoring_pb2_grpc import MonitoringServiceStub

# The recording has no thermometer: one beside the bed.
WARM = 36.8
WELL = {
    "heart-rate": (70.0, "/min"),
    "respiratory-rate": (16.0, "/min"),
    "oxygen-saturation": (98.0, "%"),
    "systolic-pressure": (120.0, "mm[Hg]"),
    "body-temperature": (WARM, "Cel"),
}
# 5 and 7 points, and no number beyond its own limit.
ILL = {
    **WELL,
    "respiratory-rate": (22.0, "/min"),
    "heart-rate": (112.0, "/min"),
    "body-temperature": (38.5, "Cel"),
}
WORSE = {**ILL, "oxygen-saturation": (92.0, "%")}
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
