"""The hooks this plugin implements, and its configuration."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, cast

from xianban_parking.hookspecs import Feed, FileFormat, hookimpl
from xianban_sdk.pulling import Puller
from xianban_sdk.settings import Settings
from xianban_sdk.signatures import installed_secret

from xianban_plugin_parking_parkapi.feeds import FeedFacts, PullFeed, PushFeed
from xianban_plugin_parking_parkapi.files import ParkApiFiles

__all__ = ["configured", "register_feed", "register_file_format"]

CONFIG: Final = Path("plugins", "parking-parkapi.toml")
_NAMES: Final = {"zh-CN": "ParkAPI 推送", "en": "ParkAPI push"}
_KNOWN: Final = frozenset({"id", "names", "mode", "url", "cadence_seconds", "area"})


@hookimpl
def register_feed() -> list[Feed]:
    """The configured feeds; without a configuration one push feed, "parkapi"."""
    settings = Settings.load()
    file = settings.data / CONFIG
    tables: list[dict[str, Any]] = [{"id": "parkapi", "mode": "push"}]
    if file.exists():
        tables = tomllib.loads(file.read_text("utf-8")).get("feed", [])
    return [configured(table, settings) for table in tables]


@hookimpl
def register_file_format() -> list[FileFormat]:
    """The same formats, as files."""
    return [ParkApiFiles()]


def configured(table: Mapping[str, Any], settings: Settings) -> Feed:
    """One feed of the configuration; ValueError names what is wrong."""
    unknown = sorted(table.keys() - _KNOWN)
    feed = str(table.get("id", ""))
    if unknown or not feed:
        raise ValueError(
            f"feed {feed or '?'}: " + (f"unknown {unknown[0]}" if unknown else "no id")
        )
    seconds = cast("int", table.get("cadence_seconds", 300))
    facts = FeedFacts(
        feed, table.get("names", _NAMES), timedelta(seconds=seconds), str(table.get("area", ""))
    )
    if table.get("mode") == "pull":
        return PullFeed(facts, Puller(str(table.get("url", ""))))
    if table.get("mode") == "push":
        return PushFeed(facts, installed_secret(f"feed-{feed}", settings))
    raise ValueError(f"feed {feed}: mode is push or pull")
