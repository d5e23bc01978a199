"""The hooks this plugin implements."""

from __future__ import annotations

from xianban_sensing.hookspecs import DeviceAdapter, hookimpl

from xianban_plugin_sensing_home_set.home_set import HomeSet

__all__ = ["register_device_adapter"]


@hookimpl
def register_device_adapter() -> list[DeviceAdapter]:
    """One model: the home set."""
    return [HomeSet()]
