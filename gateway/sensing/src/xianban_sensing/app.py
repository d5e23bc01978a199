"""The composition root of sensing; nothing else wires."""

from __future__ import annotations

from xianban_sdk.app import Service
from xianban_sdk.plugins import Capability

from xianban_sensing import hookspecs
from xianban_sensing.consumers import (
    on_device_command_requested,
    on_device_hand_over_requested,
    on_occupancy_changed,
)
from xianban_sensing.loops import LOOPS
from xianban_sensing.personal import PERSONAL
from xianban_sensing.repository import KEPT, metadata
from xianban_sensing.seed import seed
from xianban_sensing.servicer import (
    ContextServicer,
    DeviceServicer,
    SubscriptionServicer,
    UplinkServicer,
)

__all__ = ["app"]

CAPABILITIES = (Capability("register_device_adapter", "missing-device-adapter"),)

app = Service(
    name="sensing",
    package="xianban_sensing",
    servicers={
        "xianban.sensing.v1.ContextService": ContextServicer,
        "xianban.sensing.v1.DeviceService": DeviceServicer,
        "xianban.sensing.v1.SubscriptionService": SubscriptionServicer,
        "xianban.sensing.v1.UplinkService": UplinkServicer,
    },
    hookspecs=hookspecs,
    capabilities=CAPABILITIES,
    metadata=metadata,
    consumers=[on_device_command_requested, on_device_hand_over_requested, on_occupancy_changed],
    loops=LOOPS,
    seed=seed,
    migrations="xianban_sensing.migrations",
    kept=KEPT,
    personal_data=PERSONAL,
)
