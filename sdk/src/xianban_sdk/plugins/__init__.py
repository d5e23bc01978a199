"""Plugins: loading by entry point, manifest, isolated hook calls."""

from xianban_sdk.plugins.hooks import HookResult, Hooks, Plugin, build, hookimpl, hookspec
from xianban_sdk.plugins.manifest import Manifest, PluginRefused, read_manifest
from xianban_sdk.plugins.workers import Overrun

__all__ = [
    "HookResult",
    "Hooks",
    "Manifest",
    "Overrun",
    "Plugin",
    "PluginRefused",
    "build",
    "hookimpl",
    "hookspec",
    "read_manifest",
]
