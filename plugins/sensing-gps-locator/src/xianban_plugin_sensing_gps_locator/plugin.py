"""The hooks this plugin implements."""

from __future__ import annotations

from xianban_sensing.hookspecs import DeviceAdapter, hookimpl

from xianban_plugin_sensing_gps_locator.gps_locator import GpsLocator

__all__ = ["register_device_adapter"]


@hookimpl
def register_device_adapter() -> list[DeviceAdapter]:
    """One model: the GPS locator."""
    return [GpsLocator()]
