"""Which of the features that confine a plugin this machine gives, and which ones there must be."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from xianban.plugin.v1.plugin_pb2 import Bounds, Start

from xianban_sdk.plugins.isolation.child import Child
from xianban_sdk.plugins.isolation.room import Room
from xianban_sdk.plugins.limits import Limits
from xianban_sdk.plugins.manifest import Manifest, PluginRefused
from xianban_sdk.sandbox.confinement import FEATURES
from xianban_sdk.settings import Settings

__all__ = ["bounds_of", "check_required", "confinement_here"]

# A plugin that is none: a process that confines itself, tells, and ends.
_NOBODY = Manifest("confinement-trial", "0", "xianban", ">=0", frozenset())


def confinement_here(settings: Settings) -> dict[str, str]:
    """Feature → "" where it is in force, else why it is not; tried in a process."""
    room = Room(_NOBODY, settings, [Path(__file__)])
    start = Start(
        plugin=_NOBODY.id,
        scratch=str(room.scratch),
        bounds=bounds_of(Limits()),
        uid=room.uid,
        why_no_user=room.why_no_user,
    )
    try:
        child = Child(start, {}, None)
        child.discard()
        return {name: child.ready.confinement[name] for name in FEATURES}
    finally:
        room.close()


def bounds_of(limits: Limits) -> Bounds:
    """In the units of the wire."""
    return Bounds(
        memory_bytes=limits.memory_mb << 20,
        reply_bytes=limits.reply_kb << 10,
        scratch_bytes=limits.scratch_mb << 20,
        calls_at_once=limits.calls_at_once,
    )


def check_required(plugin: str, confinement: Mapping[str, str], required: str) -> None:
    """PluginRefused when something that the operator requires is not in force."""
    wanted = {name.strip() for name in required.split(",") if name.strip()}
    unknown = sorted(wanted - FEATURES.keys())
    if unknown:
        raise PluginRefused(f"plugin_require names {unknown[0]!r}; known: {', '.join(FEATURES)}")
    missing = [name for name in sorted(wanted) if confinement.get(name, "not told")]
    if missing:
        reason = confinement.get(missing[0], "not told")
        raise PluginRefused(f"{plugin}: no {missing[0]} here: {reason}")
