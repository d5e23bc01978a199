"""The hook this plugin implements."""

from __future__ import annotations

from xianban_eldercare.hookspecs import RulePack, hookimpl

from xianban_plugin_eldercare_fall.pack import FallDetection

__all__ = ["register_rule_pack"]


@hookimpl
def register_rule_pack() -> list[RulePack]:
    """One pack: falls."""
    return [FallDetection()]
