"""The hook this plugin implements, and its configuration."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from xianban_parking.hookspecs import TrafficSource, TrafficStretch, hookimpl
from xianban_sdk.settings import Settings

from xianban_plugin_public_traffic.demo import DemoSource
from xianban_plugin_public_traffic.source import DatexSource, SourceFacts

__all__ = ["configured", "register_traffic"]

CONFIG: Final = Path("plugins", "public-traffic.toml")
_KNOWN: Final = frozenset({"id", "names", "url", "situations", "cadence_seconds", "stretch"})
_NAMES: Final = {"zh-CN": "交通信息控制中心", "en": "Traffic control centre"}


@hookimpl
def register_traffic() -> list[TrafficSource]:
    """The configured sources; without a configuration none, but in a demo district its own."""
    settings = Settings.load()
    file = settings.data / CONFIG
    if file.exists():
        tables = tomllib.loads(file.read_text("utf-8")).get("source", [])
        return [configured(table) for table in tables]
    return [DemoSource()] if settings.demo else []


def configured(table: Mapping[str, Any]) -> TrafficSource:
    """One source of the configuration; ValueError names what is wrong."""
    source, unknown = str(table.get("id", "")), sorted(table.keys() - _KNOWN)
    if unknown:
        raise ValueError(f"source {source or '?'}: unknown {unknown[0]}")
    if not source:
        raise ValueError("source ?: no id")
    facts = SourceFacts(
        id=source,
        names=table.get("names", _NAMES),
        url=str(table.get("url", "")),
        situations_url=str(table.get("situations", "")),
        cadence=timedelta(seconds=int(table.get("cadence_seconds", 60))),
        stretches=tuple(_stretch(source, one) for one in table.get("stretch", ())),
    )
    return DatexSource(facts)


def _stretch(source: str, table: Mapping[str, Any]) -> TrafficStretch:
    location = str(table.get("location", ""))
    if not location:
        raise ValueError(f"source {source}: a stretch without location")
    names = table.get("names", {"zh-CN": location, "en": location})
    return TrafficStretch(location, names, tuple(table.get("leads_to", ())))
