"""Follows what came and went where nobody says so: a replica beside the one that was told, or a
process without an admin socket."""

from __future__ import annotations

import threading
from pathlib import Path
from types import ModuleType
from typing import Final

from xianban_sdk.plugins.hooks import Hooks
from xianban_sdk.settings import Settings
from xianban_sdk.telemetry import log

__all__ = ["keep_up"]

_LOOK_SECONDS: Final = 2.0
# The list of what is off, the store's state, and what its indexes said last.
_TOLD_BY: Final = ("off.json", "store/state.json", "store/indexes/*")

_Stamp = list[tuple[str, int]]


def keep_up(hooks: Hooks, hookspecs: ModuleType, settings: Settings, stop: threading.Event) -> None:
    """Follows store and switches until told to stop; what was there at the start is there."""
    seen = _stamp(settings)
    while not stop.wait(_LOOK_SECONDS):
        now = _stamp(settings)
        if now == seen:
            continue
        # Signatures and indexes cost a start their imports: only where something came or went.
        from xianban_sdk.plugins.registry import following

        try:
            following.follow(hooks, hookspecs, settings)
            seen = now
        except Exception as error:
            # Half written, or spoilt: it is looked at again.
            log.error("plugins_not_followed", domain=hooks.domain, error=str(error))


def _stamp(settings: Settings) -> _Stamp:
    folder = Path(settings.data, "plugins")
    return sorted(
        (str(path), path.stat().st_mtime_ns)
        for pattern in _TOLD_BY
        for path in folder.glob(pattern)
        if path.is_file()
    )
