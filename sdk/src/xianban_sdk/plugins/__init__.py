"""Plugins: loading by entry point, manifest, isolated hook calls.

Nothing is loaded before it is asked for: a process that serves one plugin needs its manifest alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from xianban_sdk.plugins.brought import Brought, BroughtByName, Refuse
    from xianban_sdk.plugins.building import build, hookimpl, hookspec
    from xianban_sdk.plugins.capabilities import Capability
    from xianban_sdk.plugins.hooks import HookResult, Hooks
    from xianban_sdk.plugins.isolation.failures import PluginLied, PluginUnavailable
    from xianban_sdk.plugins.limits import Limits
    from xianban_sdk.plugins.loaded import Plugin
    from xianban_sdk.plugins.manifest import (
        Manifest,
        ManifestRefused,
        PluginRefused,
        read_manifest,
    )
    from xianban_sdk.plugins.together import Wanted, run_together
    from xianban_sdk.plugins.tokens import NOBODY, STRANGER, CapabilityToken, NotBooked
    from xianban_sdk.plugins.workers import Overrun

__all__ = [
    "NOBODY",
    "STRANGER",
    "Brought",
    "BroughtByName",
    "Capability",
    "CapabilityToken",
    "HookResult",
    "Hooks",
    "Limits",
    "Manifest",
    "ManifestRefused",
    "NotBooked",
    "Overrun",
    "Plugin",
    "PluginLied",
    "PluginRefused",
    "PluginUnavailable",
    "Refuse",
    "Wanted",
    "build",
    "hookimpl",
    "hookspec",
    "read_manifest",
    "run_together",
]

_FROM: Final = {
    "brought": ("Brought", "BroughtByName", "Refuse"),
    "building": ("build", "hookimpl", "hookspec"),
    "capabilities": ("Capability",),
    "hooks": ("HookResult", "Hooks"),
    "isolation.failures": ("PluginLied", "PluginUnavailable"),
    "limits": ("Limits",),
    "loaded": ("Plugin",),
    "manifest": ("Manifest", "ManifestRefused", "PluginRefused", "read_manifest"),
    "together": ("Wanted", "run_together"),
    "tokens": ("NOBODY", "STRANGER", "CapabilityToken", "NotBooked"),
    "workers": ("Overrun",),
}
_ROOMS: Final = {name: room for room, names in _FROM.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
    globals()[name] = found
    return found
