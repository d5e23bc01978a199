"""The wire side of sensing."""

from __future__ import annotations

from xianban_sensing.servicer.context import ContextServicer
from xianban_sensing.servicer.devices import DeviceServicer, UplinkServicer
from xianban_sensing.servicer.subscriptions import SubscriptionServicer

__all__ = ["ContextServicer", "DeviceServicer", "SubscriptionServicer", "UplinkServicer"]
