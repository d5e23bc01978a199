"""A loaded plugin, in whichever tier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from xianban_sdk.plugins.manifest import Manifest

__all__ = ["Doing", "Plugin", "Runner"]


@dataclass(frozen=True, slots=True)
class Doing:
    """How a plugin's process is doing; nothing of it where the plugin has none of its own."""

    memory: int = 0
    """Bytes."""
    restarts: int = 0
    paused: float = 0.0
    """Seconds that it is still left alone after failing too often."""
    confinement: Mapping[str, str] = field(default_factory=dict[str, str])
    """Each means, and why it is not in force; empty: it is."""


class Runner(Protocol):
    """Runs what is called of a plugin, with an end."""

    set_aside: str
    """Why the plugin is not asked any more; "" while it is."""
    since: float
    """Since when that is so (monotonic)."""

    @property
    def left_alone(self) -> float:
        """Seconds for which it is not asked because it failed too often; 0 while it is."""
        ...

    @property
    def doing(self) -> Doing:
        """What there is to know of its process."""
        ...

    def run(self, what: str, call: Callable[[], Any], seconds: float) -> Any:
        """The call's value; Overrun when it takes longer, its own error when it raises."""
        ...

    def close(self) -> None:
        """Ends what the plugin has running."""
        ...


@dataclass(frozen=True, slots=True)
class Plugin:
    """What the host knows of it."""

    manifest: Manifest
    implementations: Mapping[str, Any]
    """Hook → what takes its ``argnames`` as a ``function``."""
    runner: Runner
    tier: int
    archive: str = ""
    """The hash of the archive that the operator installed; empty: a package of the environment."""

    @property
    def quarantined(self) -> str:
        """Why it is not asked any more; "" while it is."""
        return self.runner.set_aside
