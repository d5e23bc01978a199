"""What the host needs of a plugin's process, wherever that runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from xianban.plugin.v1.plugin_pb2 import FromPlugin, Ready, ToPlugin

__all__ = ["Line", "PluginProcess", "Surroundings"]


class Line(Protocol):
    """A way to it for one call at a time."""

    def ask(self, asked: ToPlugin, until: float, abandoned: Callable[[], bool]) -> FromPlugin:
        """The answer; Overrun after ``until`` (monotonic), CallerGone when nobody waits.

        Closed or Malformed: nobody is there any more whom one could understand.
        """
        ...

    def reclaim(self) -> str:
        """Ends a call that overran; why the process must end when the call does not."""
        ...

    def close(self) -> None:
        """It is not used again."""
        ...


class PluginProcess(Protocol):
    """A running plugin."""

    ready: Ready

    @property
    def lanes(self) -> Sequence[Line]:
        """All ways to it."""
        ...

    @property
    def pid(self) -> int:
        """Its number; 0 where it is not this machine's."""
        ...

    def watch(self, gone: Callable[[str], None], idle: Callable[[], bool]) -> None:
        """Hands on what it logs; ``gone`` is called once when it has ended, with how."""
        ...

    def kill(self) -> None:
        """Ends it, or what we have to do with it."""
        ...


class Surroundings(Protocol):
    """What lies around the process."""

    def hand_in(self, file: Path) -> Path:
        """A copy of a file where the plugin can read it."""
        ...

    def take_back(self, copy: Path) -> None:
        """The copy goes."""
        ...

    def sweep(self) -> None:
        """What an ended process left goes."""
        ...

    def close(self) -> object:
        """All of it goes."""
        ...
