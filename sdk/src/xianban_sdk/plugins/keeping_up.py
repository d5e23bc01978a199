"""Follows what came and went where nobody says so: a replica beside the one that was told, or a
process without an admin socket."""

from __future__ import annotations

import threading
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

from xianban_sdk.plugins.hooks import Hooks
from xianban_sdk.plugins.shared_switches import SharedSwitches
from xianban_sdk.settings import Settings
from xianban_sdk.telemetry import log

if TYPE_CHECKING:
    from xianban_sdk.app import Resources, Service

__all__ = ["KeepingUp"]

_LOOK_SECONDS: Final = 2.0
# The list of what is off, the store's state, and what its indexes said last.
_TOLD_BY: Final = ("off.json", "store/state.json", "store/indexes/*")

_Stamp = list[tuple[str, int]]


class KeepingUp:
    """Follows store and switches; what is there when it is made is followed already."""

    def __init__(
        self,
        hooks: Hooks,
        hookspecs: ModuleType | None,
        settings: Settings,
        shared: SharedSwitches | None = None,
    ) -> None:
        self._hooks = hooks
        self._hookspecs = hookspecs
        self._settings = settings
        self._shared = shared
        self._seen = _stamp(settings)

    @classmethod
    def of(cls, service: Service, resources: Resources) -> KeepingUp:
        """A service's, which shares its switches with its other replicas."""
        shared = SharedSwitches(resources.db, resources.settings, service.name)
        return cls(resources.hooks, service.hookspecs, resources.settings, shared)

    def run(self, stop: threading.Event) -> None:
        """Looks until told to stop."""
        while not stop.wait(_LOOK_SECONDS):
            try:
                self.look()
            except Exception as error:
                # Half written, spoilt, or the database is away: it is looked at again.
                log.error("plugins_not_followed", domain=self._hooks.domain, error=str(error))

    def look(self) -> None:
        """Follows what changed since the last look.

        A service looks before it answers, and does not answer where that fails: it would ask what
        is off.
        """
        if self._shared is not None:
            self._shared.bring()
        now = _stamp(self._settings)
        if now != self._seen:
            self._follow()
            self._seen = now

    def _follow(self) -> None:
        # Signatures and indexes cost a start their imports: only where something came or went.
        from xianban_sdk.plugins.registry import following

        if self._hookspecs is not None:
            following.follow(self._hooks, self._hookspecs, self._settings)
        if self._shared is not None:
            self._shared.keep()


def _stamp(settings: Settings) -> _Stamp:
    folder = Path(settings.data, "plugins")
    return sorted(
        (str(path), path.stat().st_mtime_ns)
        for pattern in _TOLD_BY
        for path in folder.glob(pattern)
        if path.is_file()
    )
