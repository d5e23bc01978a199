"""Plugins of the zoo in processes of their own."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from xianban_parking import hookspecs
from xianban_parking.hookspecs import ConcessionRequest
from xianban_sdk.plugins import Hooks, Limits, Manifest, build
from xianban_sdk.plugins.isolation import open_plugin, source_in
from xianban_sdk.plugins.manifest import parse_manifest
from xianban_sdk.settings import Settings

ZOO = Path(__file__).parents[3] / "tests" / "zoo"
IMPORTS = """
import logging, os, socket, threading, time
from datetime import timedelta
from pathlib import Path
from xianban_parking.hookspecs import *
"""
NOW = datetime(2026, 11, 29, 4, 0, tzinfo=UTC)


@pytest.fixture
def stay() -> ConcessionRequest:
    end = NOW + timedelta(hours=2)
    return ConcessionRequest("nanqiao", "310120", NOW, end, "car", frozenset())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data")


@pytest.fixture
def opened(settings: Settings) -> Iterator[Callable[..., Hooks]]:
    """Parking's hooks with plugins of the zoo, each in a process of its own."""
    made: list[Hooks] = []

    def open_them(*names: str, **limits: int) -> Hooks:
        hooks = build("parking", hookspecs, [])
        made.append(hooks)
        for name in names:
            directory = ZOO / name
            manifest = parse_manifest((directory / "plugin.toml").read_bytes(), directory)
            bounds = Limits(**{"memory_mb": 96, **limits})
            plugin = open_plugin(source_in(directory), manifest, hookspecs, bounds, settings)
            hooks.take_up(plugin)
        return hooks

    yield open_them
    for hooks in made:
        hooks.close()


@pytest.fixture
def written(tmp_path: Path, settings: Settings) -> Iterator[Callable[..., Hooks]]:
    """Parking's hooks with one plugin, "p", made of this code."""
    made: list[Hooks] = []

    def open_it(code: str, hosts: tuple[str, ...] = (), **limits: float) -> Hooks:
        package = tmp_path / "src" / "p"
        package.mkdir(parents=True, exist_ok=True)
        (package / "plugin.py").write_text(IMPORTS + code)
        names = frozenset({"tariff_concessions", "register_feed", "register_file_format"})
        manifest = Manifest("p", "1", "test", ">=1", names, hosts)
        bounds = Limits(**limits)  # type: ignore[arg-type]
        plugin = open_plugin(source_in(tmp_path), manifest, hookspecs, bounds, settings)
        hooks = build("parking", hookspecs, [])
        hooks.take_up(plugin)
        made.append(hooks)
        return hooks

    yield open_it
    for hooks in made:
        hooks.close()
