"""Which plugins an operator has switched off: one list for all, ``DATA/plugins/off.json``.

It outlives restarts, and counts for packages of the environment and for the store alike.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import orjson

from xianban_sdk.settings import Settings

__all__ = ["Off", "Switches"]

_FOLDER: Final = "plugins"
_LIST: Final = "off.json"


@dataclass(frozen=True, slots=True)
class Off:
    """Why a plugin is off."""

    reason: str
    by: str
    """A person's id; empty: the command line."""
    time: str
    """ISO 8601."""


class Switches:
    """The list; changes are made by one process at a time."""

    def __init__(self, settings: Settings) -> None:
        self._folder = Path(settings.data, _FOLDER)

    def off(self) -> dict[str, Off]:
        """By the plugin's id."""
        try:
            table = orjson.loads((self._folder / _LIST).read_bytes())
        except FileNotFoundError:
            return {}
        return {name: Off(**facts) for name, facts in table.items()}

    def switch_off(self, plugin: str, off: Off) -> None:
        """It does not run until it is switched on; who switched it off first stays named."""
        with self._changing() as table:
            table.setdefault(plugin, off)

    def switch_on(self, plugin: str) -> None:
        """It may run; nothing happens where it was not off."""
        if plugin in self.off():
            with self._changing() as table:
                table.pop(plugin, None)

    def set(self, plugin: str, off: Off | None) -> None:
        """As it is elsewhere, whoever was named here before."""
        if self.off().get(plugin) == off:
            return
        with self._changing() as table:
            table.pop(plugin, None)
            table.update({plugin: off} if off else {})

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Off]]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            table = self.off()
            yield table
            raw = orjson.dumps({name: asdict(one) for name, one in table.items()})
            fresh = self._folder / f".{_LIST}.part"
            fresh.write_bytes(raw)
            os.replace(fresh, self._folder / _LIST)
