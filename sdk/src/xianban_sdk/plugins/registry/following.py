"""Keeps a running domain's plugins as store and switches have them, without a restart."""

from __future__ import annotations

import threading
from dataclasses import replace
from types import ModuleType
from typing import Final

from xianban_sdk.plugins.building import in_environment, open_outside, take_up, take_up_again
from xianban_sdk.plugins.hooks import Hooks
from xianban_sdk.plugins.isolation import Source
from xianban_sdk.plugins.loaded import Plugin
from xianban_sdk.plugins.manifest import PluginRefused
from xianban_sdk.plugins.registry.store import Installed, Store
from xianban_sdk.plugins.registry.watching import watched
from xianban_sdk.plugins.switches import Switches
from xianban_sdk.plugins.tiers import SetAside
from xianban_sdk.settings import Settings
from xianban_sdk.telemetry import log

__all__ = ["follow"]

_TURN: Final = threading.Lock()


def follow(hooks: Hooks, hookspecs: ModuleType, settings: Settings) -> list[str]:
    """Brings the domain's plugins into line; returns the ids that run of the store.

    Packages of the environment come and go by the operator's switch alone. A plugin from the store
    runs in its own process, always. One that cannot be started, or that calls itself like one that
    is here already, is set aside; health and the log say why.
    """
    store = Store(settings)
    # Whoever else refreshes now would let go, or start, the same ones.
    with _TURN:
        return _followed(hooks, hookspecs, store, settings)


def _follow_switches(hooks: Hooks, hookspecs: ModuleType, settings: Settings) -> None:
    off = Switches(settings).off()
    for name, (manifest, point) in in_environment(hooks.domain).items():
        running = name in hooks.plugins and not hooks.plugins[name].archive
        if running and name in off:
            hooks.let_go(name)
            hooks.left_out.add(name)
            log.info("plugin_let_go", plugin=name)
        elif name in hooks.left_out and name not in off:
            hooks.left_out.discard(name)
            take_up_again(hooks, hookspecs, manifest, point, settings)
            log.info("plugin_taken_up", plugin=name, version=manifest.version)


def _followed(hooks: Hooks, hookspecs: ModuleType, store: Store, settings: Settings) -> list[str]:
    _follow_switches(hooks, hookspecs, settings)
    wanted = {one.id: one for one in store.runnable(hooks.domain)}
    for name, archive in _running(hooks).items():
        if name not in wanted or wanted[name].sha256 != archive:
            hooks.let_go(name)
            log.info("plugin_let_go", plugin=name)
    running = _running(hooks)
    for name, one in wanted.items():
        if name not in running:
            _take_up(hooks, hookspecs, store, one, settings)
    return sorted(name for name in _running(hooks) if not hooks.plugins[name].quarantined)


def _running(hooks: Hooks) -> dict[str, str]:
    """Id → archive of those that came from the store; "" of one that did not start: try again."""
    return {
        name: "" if isinstance(one.runner, SetAside) else one.archive
        for name, one in hooks.plugins.items()
        if one.archive
    }


def _take_up(
    hooks: Hooks, hookspecs: ModuleType, store: Store, one: Installed, settings: Settings
) -> None:
    if one.id in hooks.plugins:
        # Looked at first: a process is not started only to be refused.
        log.error("plugin_set_aside", plugin=one.id, error="one of this id is installed already")
        return
    try:
        manifest = store.manifest(one)
    except (PluginRefused, OSError) as error:
        log.error("plugin_set_aside", plugin=one.id, error=str(error))
        return
    source = Source(one.entry, (store.folder(one),))

    def opened() -> Plugin:
        made = open_outside(source, manifest, hookspecs, hooks.domain, settings)
        found = made.implementations
        if settings.demo and settings.plugin_watch == one.id:
            found = watched(one.id, found)
        return replace(made, implementations=found, archive=one.sha256)

    made = opened()
    take_up(hooks, made, opened)
    if not made.quarantined:
        log.info("plugin_taken_up", plugin=one.id, version=one.version)
