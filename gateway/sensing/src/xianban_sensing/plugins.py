"""The models of device that installed plugins can read."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from xianban_sdk.plugins import CapabilityToken, Hooks
from xianban_sdk.plugins.tokens import Nobody, carrying
from xianban_sdk.telemetry import log

from xianban_sensing.hookspecs import Alarming, DeviceAdapter, Happened, Measured, Rejected

__all__ = ["ALARMS", "PARSE", "Model", "Models", "models_of"]

PARSE: Final = "adapter.parse"


# What a plugin may read without consent: somebody may need help.
ALARMS: Final = frozenset({"sos", "sos-cancel", "fall", "smoke", "gas"})


@dataclass(frozen=True, slots=True)
class Model:
    """An adapter and the plugin that brought it."""

    plugin: str
    adapter: DeviceAdapter

    @property
    def alarms(self) -> frozenset[str]:
        """What of this model is handed on without consent; empty: it is not read then."""
        if isinstance(self.adapter, Alarming):
            return ALARMS & frozenset(self.adapter.alarms)
        return ALARMS

    def parse(
        self, payload: bytes, now: datetime, capability: CapabilityToken | Nobody
    ) -> list[Measured | Happened | Rejected]:
        """Reads one message; with whose data, and by what right, the capability says."""
        if isinstance(capability, Nobody):
            return list(self.adapter.parse(payload, now))
        capability.spend(self.plugin, PARSE)
        with carrying(capability):
            return list(self.adapter.parse(payload, now))

    def render(self, device: str, command: str, text: str, event: str) -> bytes:
        """In the words of the model; b"": it has no display. `event` as services know it.

        A plugin that fails costs only this word, and it is said: the words of every other model
        come by the same way.
        """
        if not self.adapter.has_display:
            return b""
        try:
            return self._rendered(command, text, event.removeprefix(f"{device}:"))
        except Exception as error:
            kind = type(error).__name__
            log.error("word_not_rendered", plugin=self.plugin, device=device, error=kind)
            return b""

    def _rendered(self, command: str, text: str, event: str) -> bytes:
        render = self.adapter.render
        if "event" not in inspect.signature(render).parameters:
            return render(command, text)
        return render(command, text, event)


Models = Mapping[str, Model]


def models_of(hooks: Hooks) -> Models:
    """By the model's name; the first plugin that brings a name keeps it."""
    found: dict[str, Model] = {}
    for result in hooks.registered("register_device_adapter"):
        for adapter in result.value or ():
            found.setdefault(adapter.model, Model(result.plugin, adapter))
    return found
