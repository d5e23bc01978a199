"""Tier 2: a plugin that somebody else runs, joined when it is there, and when it comes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Final

import grpc
from xianban.plugin.v1.plugin_pb2 import Hello

from xianban_sdk.hook_versions import api_of
from xianban_sdk.plugins.addresses import Address
from xianban_sdk.plugins.isolation.attached import Attached
from xianban_sdk.plugins.isolation.confined import bounds_of
from xianban_sdk.plugins.isolation.declared import configured_hosts
from xianban_sdk.plugins.isolation.failures import PluginGone, PluginUnavailable
from xianban_sdk.plugins.isolation.opening import (
    Source,
    closed_on_failure,
    hooks_of,
    place_texts,
)
from xianban_sdk.plugins.isolation.remote import Remote
from xianban_sdk.plugins.loaded import Plugin
from xianban_sdk.plugins.manifest import Manifest
from xianban_sdk.plugins.tiers import ELSEWHERE, SetAside
from xianban_sdk.settings import Settings
from xianban_sdk.telemetry import log
from xianban_sdk.threads import background

__all__ = ["Awaited", "join_plugin"]

# Between two looks whether it is there.
_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 2.0


def join_plugin(
    address: str, source: Source, manifest: Manifest, hookspecs: ModuleType, settings: Settings
) -> Plugin:
    """The plugin that runs there; PluginGone when nobody does, PluginRefused by who does not fit.

    Nothing confines it but what its container does; nothing of its code is imported here.
    """
    hello = _hello(manifest, hookspecs, settings)
    where = Address.parse(address)
    remote = _Elsewhere(
        manifest.id, lambda: Attached(where, hello, settings), manifest.limits.call_seconds
    )
    with closed_on_failure(remote):
        found = hooks_of(remote, hookspecs)
    place_texts(source)
    log.info("plugin_elsewhere", plugin=manifest.id, address=address, api=remote.ready.api)
    return Plugin(manifest, found, remote, ELSEWHERE)


def _hello(manifest: Manifest, hookspecs: ModuleType, settings: Settings) -> Hello:
    return Hello(
        plugin=manifest.id,
        version=manifest.version,
        hookspecs=hookspecs.__name__,
        api=api_of(hookspecs),
        bounds=bounds_of(manifest.limits),
        hosts=configured_hosts(manifest, settings),
    )


class _Elsewhere(Remote):
    """While it is away its hooks are skipped at once, and health says so."""

    def __init__(self, plugin: str, join: Callable[[], Attached], seconds: float) -> None:
        self._over = threading.Event()
        super().__init__(plugin, join, _Nothing(), seconds)

    def close(self) -> None:
        self._over.set()
        super().close()

    def hand_in(self, file: Path) -> Path:
        try:
            return self._joined().hand_in(file)
        except (grpc.RpcError, ValueError) as error:
            raise PluginGone(f"{self.plugin} took no file: {error}") from error

    def take_back(self, copy: Path) -> None:
        if isinstance(self._child, Attached):
            self._child.take_back(copy)

    def _joined(self) -> Attached:
        if not isinstance(self._child, Attached):
            raise PluginUnavailable(f"{self.plugin} is not there")
        return self._child

    def _come_back(self, how: str) -> None:
        """Waits for it as long as it takes: who restarts it, and how often, is decided there."""
        self.set_aside, self.since = f"it is not there: {how}", time.monotonic()
        pause = _FIRST_PAUSE
        while not self._over.wait(pause):
            pause = min(pause * 2, _LONGEST_PAUSE)
            try:
                joined = self._spawn()
            except Exception as error:
                self.set_aside = str(error)
                continue
            # First: it may be gone again at once, and whoever notices says so.
            self.set_aside, self.since = "", time.monotonic()
            self._install(joined)
            log.info("plugin_came_back", plugin=self.plugin)
            return


class _Nothing:
    """Around it is its container; files go over the same connection as calls."""

    def hand_in(self, file: Path) -> Path:
        return file

    def take_back(self, copy: Path) -> None:
        return

    def sweep(self) -> None:
        return

    def close(self) -> None:
        return


class Awaited(SetAside):
    """In place of a plugin of tier 2 that is not there yet; ``join`` tries again until it is."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self._over = threading.Event()

    def join(
        self, plugin: str, again: Callable[[], Plugin], there: Callable[[Plugin], None]
    ) -> None:
        """Hands the plugin to ``there`` once; never when it is closed before."""
        background(f"plugin-{plugin}-await", lambda: self._wait(again, there))

    def close(self) -> None:
        """Nobody waits any more."""
        self._over.set()

    def _wait(self, again: Callable[[], Plugin], there: Callable[[Plugin], None]) -> None:
        pause = _FIRST_PAUSE
        while not self._over.wait(pause):
            pause = min(pause * 2, _LONGEST_PAUSE)
            found = again()
            if found.quarantined:
                self.set_aside = found.quarantined
                continue
            if self._over.is_set():
                found.runner.close()
                return
            there(found)
            return
