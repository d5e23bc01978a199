"""The hooks this plugin implements."""

from __future__ import annotations

from xianban_sensing.hookspecs import DeviceAdapter, hookimpl

from xianban_plugin_sensing_wristband.wristband import JsonWristband

__all__ = ["register_device_adapter"]


@hookimpl
def register_device_adapter() -> list[DeviceAdapter]:
    """One model: the JSON wristband."""
    return [JsonWristband()]
