"""The composition root of sensing; nothing else wires."""

from __future__ import annotations

from xianban_sdk.app import Service

from xianban_sensing import hookspecs
from xianban_sensing.consumers import (
    on_device_command_requested,
    on_device_hand_over_requested,
)
from xianban_sensing.personal import PERSONAL
from xianban_sensing.repository import metadata
from xianban_sensing.seed import seed
from xianban_sensing.servicer import DeviceServicer, UplinkServicer

__all__ = ["app"]

app = Service(
    name="sensing",
    package="xianban_sensing",
    servicers={
        "xianban.sensing.v1.DeviceService": DeviceServicer,
        "xianban.sensing.v1.UplinkService": UplinkServicer,
    },
    hookspecs=hookspecs,
    metadata=metadata,
    consumers=[on_device_command_requested, on_device_hand_over_requested],
    seed=seed,
    migrations="xianban_sensing.migrations",
    personal_data=PERSONAL,
)
