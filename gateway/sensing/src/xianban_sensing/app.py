"""The composition root of sensing; nothing else wires."""

from __future__ import annotations

from xianban_sdk.app import Service

from xianban_sensing import hookspecs
from xianban_sensing.personal import PERSONAL
from xianban_sensing.repository import metadata
from xianban_sensing.servicer import BindingServicer, DeviceServicer

__all__ = ["app"]

app = Service(
    name="sensing",
    package="xianban_sensing",
    servicers={
        "xianban.sensing.v1.DeviceService": DeviceServicer,
        "xianban.sensing.v1.BindingService": BindingServicer,
    },
    hookspecs=hookspecs,
    metadata=metadata,
    migrations="xianban_sensing.migrations",
    personal_data=PERSONAL,
)
