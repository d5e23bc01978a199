"""An audit row when a plugin is set aside, and when it is asked again, however that came.

Also when its process ended, and when it failed so often that it is left alone for a while.
"""

from __future__ import annotations

import threading
from typing import Final

from xianban_sdk.plugins.hooks import Hooks
from xianban_sdk.rpc.accesses import AccessLog
from xianban_sdk.storage.unit_of_work import CallInfo

__all__ = ["PluginsNoted"]

_EVERY_SECONDS: Final = 1.0
_ACTION: Final = "plugin"
_LONGEST: Final = 200


class PluginsNoted:
    """Looks at the hooks: a plugin falls by its own fault, by a start, or with its container."""

    def __init__(self, hooks: Hooks, accesses: AccessLog) -> None:
        self._hooks = hooks
        self._accesses = accesses
        self._known: dict[str, str] = {}
        self._ended: dict[str, int] = {}
        self._paused: set[str] = set()

    def run(self, stop: threading.Event) -> None:
        """Until told to stop."""
        self.look()
        while not stop.wait(_EVERY_SECONDS):
            self.look()

    def look(self) -> None:
        """Notes what changed since."""
        now = self._hooks.quarantined
        for plugin in now.keys() - self._known.keys():
            self._note(plugin, "set-aside", now[plugin])
        for plugin in self._known.keys() - now.keys():
            here = plugin in self._hooks.plugins
            self._note(plugin, "asked-again" if here else "let-go", "")
        self._known = now
        self._look_at_processes()

    def _look_at_processes(self) -> None:
        doing = {name: plugin.runner.doing for name, plugin in self._hooks.plugins.items()}
        for plugin, one in doing.items():
            if one.restarts > self._ended.get(plugin, 0):
                self._note(plugin, "ended", "")
            if one.paused and plugin not in self._paused:
                self._note(plugin, "paused", "")
        self._ended = {plugin: one.restarts for plugin, one in doing.items()}
        self._paused = {plugin for plugin, one in doing.items() if one.paused}

    def _note(self, plugin: str, outcome: str, why: str) -> None:
        # What the plugin itself said stands behind the colon: it may be somebody's data.
        told = why.removeprefix(f"{plugin}: ").partition(": ")[0][:_LONGEST]
        self._accesses.record(CallInfo(actor=f"plugins/{plugin}"), _ACTION, outcome, told)
