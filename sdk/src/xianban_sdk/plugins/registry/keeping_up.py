"""For processes with plugins and without an admin socket: nobody tells them that a plugin came."""

from __future__ import annotations

import threading
from pathlib import Path
from types import ModuleType
from typing import Final

from xianban_sdk.plugins.hooks import Hooks
from xianban_sdk.plugins.registry.following import follow
from xianban_sdk.settings import Settings
from xianban_sdk.telemetry import log

__all__ = ["keep_up"]

_LOOK_SECONDS: Final = 2.0
# The list of what is off, the store's state, and what its indexes said last.
_TOLD_BY: Final = frozenset({".json", ".sig"})

_Stamp = list[tuple[str, int]]


def keep_up(hooks: Hooks, hookspecs: ModuleType, settings: Settings, stop: threading.Event) -> None:
    """Follows store and switches until told to stop; what was there at the start is there."""
    seen = _stamp(settings)
    while not stop.wait(_LOOK_SECONDS):
        now = _stamp(settings)
        if now == seen:
            continue
        try:
            follow(hooks, hookspecs, settings)
            seen = now
        except Exception as error:
            # Half written, or spoilt: it is looked at again.
            log.error("plugins_not_followed", domain=hooks.domain, error=str(error))


def _stamp(settings: Settings) -> _Stamp:
    folder = Path(settings.data, "plugins")
    return sorted(
        (str(path), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.suffix in _TOLD_BY and path.is_file()
    )
