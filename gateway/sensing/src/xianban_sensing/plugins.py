"""The models of device that installed plugins can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xianban_sdk.plugins import Hooks

from xianban_sensing.hookspecs import DeviceAdapter

__all__ = ["Model", "Models", "models_of"]


@dataclass(frozen=True, slots=True)
class Model:
    """An adapter and the plugin that brought it."""

    plugin: str
    adapter: DeviceAdapter


Models = Mapping[str, Model]


def models_of(hooks: Hooks) -> Models:
    """By the model's name; the first plugin that brings a name keeps it."""
    found: dict[str, Model] = {}
    for result in hooks.registered("register_device_adapter"):
        for adapter in result.value or ():
            found.setdefault(adapter.model, Model(result.plugin, adapter))
    return found
