"""``plugin.toml``: what a plugin says it does. What it does not declare, it does not get."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final, cast

from packaging.specifiers import InvalidSpecifier, SpecifierSet

__all__ = ["Manifest", "PluginRefused", "read_manifest"]

_LISTS: Final = ("hooks", "purposes", "hosts")
_TEXTS: Final = ("id", "version", "vendor", "api", "licence", "contact")


class PluginRefused(RuntimeError):
    """A plugin does not fit its manifest or its host; the process does not start with it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A plugin's declaration."""

    id: str
    version: str
    vendor: str
    api: str
    hooks: frozenset[str]
    purposes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    licence: str = ""
    contact: str = ""

    def accepts(self, api: str) -> bool:
        """True when the plugin was written for this version of the domain's hooks."""
        try:
            return SpecifierSet(self.api).contains(api)
        except InvalidSpecifier as error:
            raise PluginRefused(f"{self.id}: api {self.api!r} is no version range") from error


def read_manifest(package: str) -> Manifest:
    """The manifest that lies in the plugin's package."""
    file = resources.files(package).joinpath("plugin.toml")
    if not file.is_file():
        raise PluginRefused(f"{package} has no plugin.toml")
    try:
        return _manifest(package, tomllib.loads(file.read_text("utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise PluginRefused(f"{package}: plugin.toml: {error}") from error


def _manifest(package: str, table: dict[str, Any]) -> Manifest:
    missing = [name for name in (*_TEXTS, *_LISTS) if name not in table]
    if missing:
        raise PluginRefused(f"{package}: plugin.toml lacks {', '.join(missing)}")
    for name in _TEXTS:
        if not isinstance(table[name], str) or not table[name]:
            raise PluginRefused(f"{package}: plugin.toml: {name} must be a text")
    lists = {name: _texts(package, name, table[name]) for name in _LISTS}
    return Manifest(
        **{name: cast(str, table[name]) for name in _TEXTS},
        hooks=frozenset(lists["hooks"]),
        purposes=lists["purposes"],
        hosts=lists["hosts"],
    )


def _texts(package: str, name: str, value: Any) -> tuple[str, ...]:
    items = cast(list[Any], value) if isinstance(value, list) else [None]
    if not all(isinstance(item, str) and item for item in items):
        raise PluginRefused(f"{package}: plugin.toml: {name} must be a list of texts")
    return tuple(cast(list[str], items))
