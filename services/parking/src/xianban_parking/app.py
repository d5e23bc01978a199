"""The composition root of the parking service; nothing else wires."""

from __future__ import annotations

from xianban_sdk.app import Service

from xianban_parking import hookspecs
from xianban_parking.consumers import CONSUMERS
from xianban_parking.importer import import_parking
from xianban_parking.loops import LOOPS
from xianban_parking.personal import PERSONAL
from xianban_parking.repository import metadata
from xianban_parking.seed import seed
from xianban_parking.servicer import IngestServicer, OperatorServicer, ParkingServicer
from xianban_parking.timers import HANDLERS

__all__ = ["app"]

app = Service(
    name="parking",
    package="xianban_parking",
    servicers={
        "xianban.parking.v1.ParkingService": ParkingServicer,
        "xianban.parking.v1.OperatorService": OperatorServicer,
        "xianban.parking.v1.IngestService": IngestServicer,
    },
    hookspecs=hookspecs,
    metadata=metadata,
    migrations="xianban_parking.migrations",
    consumers=CONSUMERS,
    timers=HANDLERS,
    loops=LOOPS,
    seed=seed,
    importers={"parking": import_parking},
    personal_data=PERSONAL,
)
