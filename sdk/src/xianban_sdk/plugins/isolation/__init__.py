"""Tier 1: a plugin in its own confined process, behind the same hooks as one in ours."""

from xianban_sdk.plugins.isolation.opening import Source, open_plugin, source_in

__all__ = ["Source", "open_plugin", "source_in"]
