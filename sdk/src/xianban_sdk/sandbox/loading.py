"""Finds what a plugin implements, and refuses what its domain does not know."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import pluggy

from xianban_sdk.hook_versions import removed_from

__all__ = ["Misfit", "implementations", "load", "refuse_removed"]


class Misfit(RuntimeError):
    """A plugin does not fit the hooks of its domain."""


def load(entry: str) -> Any:
    """The object that an entry point names: ``module`` or ``module:attribute``."""
    module, _, attribute = entry.partition(":")
    found: Any = importlib.import_module(module)
    for name in attribute.split(".") if attribute else ():
        found = getattr(found, name)
    return found


def refuse_removed(hookspecs: Any, plugin: Any, manager: pluggy.PluginManager) -> None:
    """Misfit when the plugin implements a hook that the domain has no more.

    The whole plugin: one of which a part is silently not asked helps nobody.
    """
    for name, gone in removed_from(hookspecs).items():
        if hasattr(plugin, name) and manager.parse_hookimpl_opts(plugin, name) is not None:
            raise Misfit(f"the hook {name} was removed in API {gone.version}; use {gone.use}")


def implementations(hookspecs: ModuleType, plugin: Any, name: str) -> dict[str, Any]:
    """Hook → pluggy's implementation of it; Misfit for a misspelt or removed hook, or argument."""
    manager = pluggy.PluginManager(hookspecs.hookspec.project_name)
    manager.add_hookspecs(hookspecs)
    refuse_removed(hookspecs, plugin, manager)
    try:
        manager.register(plugin, name)
        # pluggy takes a misspelt hook without a word until it is asked.
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise Misfit(str(error)) from error
    return {
        caller.name: one
        for caller in manager.get_hookcallers(plugin) or ()
        for one in caller.get_hookimpls()
        if one.plugin is plugin
    }
