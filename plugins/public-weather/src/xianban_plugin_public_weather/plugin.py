"""The hook this plugin implements, and its configuration."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from xianban_eldercare.hookspecs import WeatherSource, hookimpl
from xianban_sdk.settings import Settings

from xianban_plugin_public_weather.demo import DemoSource
from xianban_plugin_public_weather.source import CapSource, SourceFacts

__all__ = ["configured", "register_weather"]

CONFIG: Final = Path("plugins", "public-weather.toml")
_KNOWN: Final = frozenset({"id", "names", "url", "cadence_seconds", "areas", "forecast"})
_NAMES: Final = {"zh-CN": "气象台", "en": "Weather service"}


@hookimpl
def register_weather() -> list[WeatherSource]:
    """The configured sources; without a configuration none, but in a demo district its own."""
    settings = Settings.load()
    file = settings.data / CONFIG
    if file.exists():
        tables = tomllib.loads(file.read_text("utf-8")).get("source", [])
        return [configured(table) for table in tables]
    return [DemoSource()] if settings.demo else []


def configured(table: Mapping[str, Any]) -> WeatherSource:
    """One source of the configuration; ValueError names what is wrong."""
    source, unknown = str(table.get("id", "")), sorted(table.keys() - _KNOWN)
    if unknown or not source:
        raise ValueError(
            f"source {source or '?'}: " + (f"unknown {unknown[0]}" if unknown else "no id")
        )
    facts = SourceFacts(
        id=source,
        names=table.get("names", _NAMES),
        url=str(table.get("url", "")),
        cadence=timedelta(seconds=int(table.get("cadence_seconds", 300))),
        places=table.get("areas", {}),
        forecasts={str(one["area"]): str(one["url"]) for one in table.get("forecast", [])},
    )
    return CapSource(facts)
