"""The models of device that installed plugins can read."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Final, TypeAlias

from xianban_sdk.plugins import (
    Brought,
    BroughtByName,
    CapabilityToken,
    HookResult,
    Hooks,
    PluginLied,
    Refuse,
    Wanted,
    run_together,
)
from xianban_sdk.plugins.tokens import Nobody
from xianban_sdk.telemetry import log

from xianban_sensing.hookspecs import Alarming, DeviceAdapter, Happened, Measured, Rejected

__all__ = ["ALARMS", "PARSE", "Message", "Model", "Models", "Part", "models_of"]

PARSE: Final = "adapter.parse"
_RENDER: Final = "adapter.render"

# For all messages of one turn: who takes longer hangs.
_SECONDS: Final = 10.0
_RENDER_SECONDS: Final = 2.0
# Of one message; an hour of beats, and far from what would fill the memory.
_MOST_PARTS: Final = 5000

# What a plugin may read without consent: somebody may need help.
ALARMS: Final = frozenset({"sos", "sos-cancel", "fall", "smoke", "gas"})

Part: TypeAlias = Measured | Happened | Rejected


@dataclass(frozen=True, slots=True)
class Message:
    """What a device sent, and by what right it is read."""

    payload: bytes
    received_at: datetime
    right: CapabilityToken | Nobody


@dataclass(frozen=True, slots=True)
class Model:
    """An adapter and the plugin that brought it."""

    plugin: str
    adapter: DeviceAdapter
    hooks: Hooks

    @property
    def alarms(self) -> frozenset[str]:
        """What of this model is handed on without consent; empty: it is not read then."""
        if isinstance(self.adapter, Alarming):
            return ALARMS & frozenset(self.adapter.alarms)
        return ALARMS

    def parse(self, messages: Sequence[Message]) -> list[HookResult]:
        """What each message says; with whose data, and by what right, its capability says."""
        wanted = [
            Wanted(partial(self._parts, one.payload, one.received_at), one.right)
            for one in messages
        ]
        return run_together(self.hooks, self.plugin, PARSE, wanted, _SECONDS)

    def _parts(self, payload: bytes, now: datetime) -> list[Part]:
        parts = list(islice(self.adapter.parse(payload, now), _MOST_PARTS + 1))
        if len(parts) > _MOST_PARTS:
            raise PluginLied(f"more than {_MOST_PARTS} parts of one message")
        for part in parts:
            # Over a line they were held against the promise already; in process nobody did.
            if not isinstance(part, Part):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise PluginLied(f"{type(part).__name__} is no part of a message")
        return parts

    def render(self, device: str, command: str, text: str, event: str) -> bytes:
        """In the words of the model; b"": it has no display. `event` as services know it.

        A plugin that fails costs only this word, and it is said: the words of every other model
        come by the same way.
        """
        if not self.adapter.has_display:
            return b""
        asked = partial(self._rendered, command, text, event.removeprefix(f"{device}:"))
        result = self.hooks.run(self.plugin, _RENDER, asked, _RENDER_SECONDS)
        if result.error is not None:
            kind = type(result.error).__name__
            log.error("word_not_rendered", plugin=self.plugin, device=device, error=kind)
            return b""
        return result.value

    def _rendered(self, command: str, text: str, event: str) -> bytes:
        render = self.adapter.render
        if "event" not in inspect.signature(render).parameters:
            said = render(command, text)
        else:
            said = render(command, text, event)
        if not isinstance(said, bytes):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise PluginLied(f"{type(said).__name__} is no message")
        return said


Models = Mapping[str, Model]


def models_of(hooks: Hooks) -> Models:
    """By the model's name, as they are now; the first plugin that brings a name keeps it."""

    def made(results: Sequence[HookResult], _refuse: Refuse) -> Models:
        found: dict[str, Model] = {}
        for result in results:
            for adapter in result.value or ():
                found.setdefault(adapter.model, Model(result.plugin, adapter, hooks))
        return found

    return BroughtByName(Brought(hooks, "register_device_adapter", made))
