"""Where a plugin runs: in our process (0), in one of its own (1), or where somebody runs it (2)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from xianban_sdk.plugins.loaded import Doing
from xianban_sdk.plugins.manifest import PluginRefused

__all__ = [
    "ELSEWHERE",
    "IN_PROCESS",
    "PROCESS",
    "STORE",
    "Place",
    "SetAside",
    "place_of",
    "tier_of",
]

IN_PROCESS: Final = 0
PROCESS: Final = 1
ELSEWHERE: Final = 2
_EVERY: Final = "*"
_ID: Final = "{plugin}"
# Under the suite's data: what the operator installed, which runs in processes of its own.
STORE: Final = ("plugins", "store")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a plugin runs."""

    tier: int
    address: str = ""
    """Of tier 2: unix:PATH or HOST:PORT."""


def place_of(plugin: str, tiers: str, usual: int = IN_PROCESS) -> Place:
    """The operator's choice, e.g. "parking-lpr=1", "*=1,notify-sms=0" or "acme=2@unix:/run/a.sock".

    ``{plugin}`` in an address stands for the id. Who is not named runs in the usual tier.
    """
    chosen = {name: place for name, _, place in (one.partition("=") for one in _parts(tiers))}
    wanted = chosen.get(plugin, chosen.get(_EVERY, str(usual)))
    tier, at, address = wanted.partition("@")
    if tier == str(ELSEWHERE) and address:
        return Place(ELSEWHERE, address.replace(_ID, plugin))
    if at or tier not in (str(IN_PROCESS), str(PROCESS)):
        raise PluginRefused(f"plugin_tiers: {plugin}={wanted!r} is none of 0, 1 and 2@ADDRESS")
    return Place(int(tier))


def tier_of(plugin: str, tiers: str) -> int:
    """Its number alone, of an installed package."""
    return place_of(plugin, tiers).tier


def _parts(tiers: str) -> list[str]:
    return [part.strip() for part in tiers.split(",") if part.strip()]


class SetAside:
    """In place of a plugin that could not be started: it has no hooks, and says why."""

    def __init__(self, reason: str) -> None:
        self.set_aside = reason
        self.left_alone = 0.0
        self.since = time.monotonic()
        self.doing = Doing()

    def run(self, what: str, call: Callable[[], Any], seconds: float) -> Any:
        """Nothing of it can be called."""
        raise PluginRefused(self.set_aside)

    def close(self) -> None:
        """Nothing runs."""
