"""The composition root of the parking service; nothing else wires."""

from __future__ import annotations

from xianban_sdk.alerts import ALERT_SERVICE, AlertServicer
from xianban_sdk.app import Service
from xianban_sdk.plugins import Capability

from xianban_parking import hookspecs
from xianban_parking.alarms import BOOK
from xianban_parking.consumers import CONSUMERS
from xianban_parking.importer import import_parking
from xianban_parking.loops import LOOPS
from xianban_parking.personal import PERSONAL
from xianban_parking.repository import KEPT, metadata
from xianban_parking.seed import seed
from xianban_parking.servicer import (
    CameraServicer,
    IngestServicer,
    OperatorServicer,
    ParkingServicer,
    TrafficServicer,
)
from xianban_parking.timers import HANDLERS

__all__ = ["app"]

# Without any of them parking goes on; what it cannot do is said.
CAPABILITIES = (
    Capability("register_payment", "missing-payment"),
    Capability("register_gate", "missing-gate"),
    Capability("register_feed", "missing-feed"),
    Capability("register_camera_events", "missing-camera-events"),
    Capability("register_geocoder", "missing-geocoder"),
    Capability("register_traffic", "missing-traffic"),
    Capability("register_file_format", "missing-file-format"),
)

app = Service(
    name="parking",
    package="xianban_parking",
    servicers={
        "xianban.parking.v1.ParkingService": ParkingServicer,
        "xianban.parking.v1.OperatorService": OperatorServicer,
        "xianban.parking.v1.IngestService": IngestServicer,
        "xianban.parking.v1.CameraService": CameraServicer,
        "xianban.parking.v1.TrafficService": TrafficServicer,
        ALERT_SERVICE: lambda resources: AlertServicer(resources, BOOK),
    },
    hookspecs=hookspecs,
    capabilities=CAPABILITIES,
    metadata=metadata,
    migrations="xianban_parking.migrations",
    consumers=CONSUMERS,
    timers=HANDLERS,
    loops=LOOPS,
    seed=seed,
    importers={"parking": import_parking},
    kept=KEPT,
    personal_data=PERSONAL,
)
