"""``plugin.toml``: what a plugin says it does. What it does not declare, it does not get.

The keys, their forms and bounds are data (``manifest.schema.json``); the reference in docs/plugins
is made of it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, cast

import orjson
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from xianban_sdk.plugins.complaints import PACKAGE, Complaint, complaints
from xianban_sdk.plugins.limits import Limits

__all__ = [
    "MANIFEST",
    "Manifest",
    "ManifestRefused",
    "PluginRefused",
    "manifest_schema",
    "parse_manifest",
    "read_manifest",
]

MANIFEST: Final = "plugin.toml"
_LARGEST: Final = 64 * 1024
_LOWER_BOUNDS: Final = frozenset({">=", ">", "==", "~="})


class PluginRefused(RuntimeError):
    """A plugin does not fit its manifest or its host; the process does not start with it."""


class ManifestRefused(PluginRefused):
    """A manifest that cannot be read, or says what it may not."""

    def __init__(self, where: str, found: list[Complaint]) -> None:
        self.where = where
        self.complaints = found
        told = "; ".join(complaint.text("en") for complaint in found)
        super().__init__(f"{where}: {MANIFEST}: {told}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """A plugin's declaration."""

    id: str
    version: str
    vendor: str
    api: str
    hooks: frozenset[str]
    hosts: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    """Secrets of the installation that it needs besides the one of its own id."""
    purposes: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    """The words of each, by locale."""
    limits: Limits = field(default_factory=Limits)
    licence: str = ""
    contact: str = ""
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """A JSON Schema; empty: there is nothing to configure."""

    def accepts(self, api: str) -> bool:
        """True when the plugin was written for this version of the domain's hooks."""
        try:
            return SpecifierSet(self.api).contains(api)
        except InvalidSpecifier as error:
            raise PluginRefused(f"{self.id}: api {self.api!r} is no version range") from error

    @property
    def since(self) -> str:
        """The first API version that it works with; empty where its range has no lower bound."""
        lower = [one.version for one in SpecifierSet(self.api) if one.operator in _LOWER_BOUNDS]
        return min(lower, key=lambda one: Version(one.removesuffix(".*")), default="")


def read_manifest(package: str) -> Manifest:
    """The manifest that lies in the plugin's package; ManifestRefused names the key."""
    # Found without importing it: whose code may run here is decided by what the manifest says.
    spec = find_spec(package)
    places = (spec.submodule_search_locations if spec else None) or []
    file = next((file for place in places if (file := Path(place, MANIFEST)).is_file()), None)
    if file is None:
        raise PluginRefused(f"{package} has no {MANIFEST}")
    return parse_manifest(file.read_bytes(), package)


def parse_manifest(raw: bytes, where: str | Path) -> Manifest:
    """Reads a manifest; `where` says whose it is when it is refused."""
    where = str(where)
    if len(raw) > _LARGEST:
        raise ManifestRefused(where, [Complaint("", "manifest-too-large")])
    try:
        table = tomllib.loads(raw.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ManifestRefused(
            where, [Complaint("", "manifest-no-toml", {"why": str(error)})]
        ) from None
    found = complaints(manifest_schema(), table) or _beyond_the_schema(table)
    if found:
        raise ManifestRefused(where, found)
    return _manifest(table)


@cache
def manifest_schema() -> dict[str, Any]:
    """The JSON Schema of a manifest."""
    return orjson.loads(resources.files(PACKAGE).joinpath("manifest.schema.json").read_bytes())


def _beyond_the_schema(table: dict[str, Any]) -> list[Complaint]:
    found: list[Complaint] = []
    try:
        SpecifierSet(table["api"])
    except InvalidSpecifier:
        found.append(Complaint("api", "manifest-no-range"))
    for host in cast("list[str]", table["hosts"]):
        _, colon, port = host.rpartition(":")
        if colon and port.isdigit() and int(port) > 65535:
            found.append(Complaint("hosts", "manifest-no-port", {"host": host}))
    return found


def _manifest(table: dict[str, Any]) -> Manifest:
    changed: dict[str, Any] = {
        "hooks": frozenset(table["hooks"]),
        "hosts": tuple(table["hosts"]),
        "secrets": tuple(table.get("secrets", ())),
        "purposes": dict(table.get("purposes") or {}),
        "limits": Limits(**table.get("limits", {})),
    }
    return Manifest(**{**table, **changed})
