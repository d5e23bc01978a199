"""The hook this plugin implements, and its configuration."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from xianban_eldercare.hookspecs import ResponderSource, hookimpl
from xianban_sdk.settings import Settings

from xianban_plugin_public_responders.demo import DemoSource
from xianban_plugin_public_responders.source import BrokerSource, SourceFacts

__all__ = ["configured", "register_responders"]

CONFIG: Final = Path("plugins", "public-responders.toml")
_KNOWN: Final = frozenset({"id", "names", "url", "type", "cadence_seconds"})
_NAMES: Final = {"zh-CN": "指挥调度系统", "en": "Dispatching system"}


@hookimpl
def register_responders() -> list[ResponderSource]:
    """The configured sources; without a configuration none, but in a demo district its own."""
    settings = Settings.load()
    file = settings.data / CONFIG
    if file.exists():
        tables = tomllib.loads(file.read_text("utf-8")).get("source", [])
        return [configured(table) for table in tables]
    return [DemoSource()] if settings.demo else []


def configured(table: Mapping[str, Any]) -> ResponderSource:
    """One source of the configuration; ValueError names what is wrong."""
    source, unknown = str(table.get("id", "")), sorted(table.keys() - _KNOWN)
    if unknown:
        raise ValueError(f"source {source or '?'}: unknown {unknown[0]}")
    if not source:
        raise ValueError("source ?: no id")
    facts = SourceFacts(
        id=source,
        names=table.get("names", _NAMES),
        url=str(table.get("url", "")).rstrip("/"),
        cadence=timedelta(seconds=int(table.get("cadence_seconds", 30))),
        type=str(table.get("type", "Responder")),
    )
    return BrokerSource(facts)
