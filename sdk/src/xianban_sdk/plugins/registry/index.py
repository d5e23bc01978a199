"""A district's or a vendor's index: a folder of files that any web server can hold.

``index.json`` names each version with its file's hash and its vendor's signature, and what is
revoked; ``index.json.sig`` is the index's own signature; the wheels lie beside them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, cast

import httpx
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from xianban_sdk.plugins.conformance.names import mistaken
from xianban_sdk.plugins.registry.archive import Archive
from xianban_sdk.plugins.registry.refusals import RegistryRefused
from xianban_sdk.plugins.registry.signing import Signature, read_signature, sign, verify

__all__ = ["Index", "Published", "Revocation", "Standing", "fetch", "publish", "read", "revoke"]

_INDEX: Final = "index.json"
_SIGNATURE: Final = "index.json.sig"
_FORMAT: Final = 1
_LARGEST: Final = 8 << 20
_LARGEST_WHEEL: Final = 32 << 20
_SECONDS: Final = 30.0


class Standing(StrEnum):
    """How far a plugin can be trusted."""

    # Signed with the index's own key.
    CORE = "core"
    # Signed by its vendor.
    SIGNED = "signed"
    UNSIGNED = "unsigned"
    # Its files are not those that were published.
    MODIFIED = "modified"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Published:
    """One version."""

    file: str
    sha256: str
    domain: str
    vendor: str
    time: str
    key: str = ""
    """The vendor's public key; empty: unsigned."""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Revocation:
    """Versions that nobody shall run any more."""

    id: str
    versions: str
    """A range, e.g. "<1.2"."""
    reason: str
    time: str

    def covers(self, plugin: str, version: str) -> bool:
        """Whether this version of this plugin is meant."""
        return plugin == self.id and SpecifierSet(self.versions, prereleases=True).contains(version)


@dataclass(frozen=True, slots=True)
class Index:
    """All that an index says."""

    key: str
    """Whose it is; what is signed with it is core."""
    time: str
    plugins: Mapping[str, Mapping[str, Published]] = field(
        default_factory=dict[str, Mapping[str, Published]]
    )
    """Id → version → what was published."""
    revoked: tuple[Revocation, ...] = ()

    def newest(self, plugin: str) -> str:
        """The newest version that is not revoked; RegistryRefused when there is none."""
        versions = [v for v in self.plugins.get(plugin, {}) if not self.revocation(plugin, v)]
        if not versions:
            raise RegistryRefused("index-no-plugin", plugin)
        return max(versions, key=Version)

    def standing_of_newest(self, plugin: str) -> Standing:
        """That of the version which would be installed."""
        return self.standing(plugin, self.newest(plugin))

    def revocation(self, plugin: str, version: str) -> Revocation | None:
        """Why this version must not run, if it must not."""
        return next((one for one in self.revoked if one.covers(plugin, version)), None)

    def standing(self, plugin: str, version: str) -> Standing:
        """As the index knows it; whether files were changed is seen where they lie."""
        if self.revocation(plugin, version):
            return Standing.REVOKED
        key = self.plugins[plugin][version].key
        if not key:
            return Standing.UNSIGNED
        return Standing.CORE if key == self.key else Standing.SIGNED


def publish(
    folder: Path,
    archive: Archive,
    signature: Signature | None,
    key: Ed25519PrivateKey,
    now: datetime,
) -> Index:
    """Adds a version; RegistryRefused for another's id, one like it, or a version that is out."""
    index = _mine(folder, key, now)
    plugin, version = archive.manifest.id, archive.manifest.version
    _check_owner(index, archive, signature)
    entry = Published(
        # Not the file's own name: two plugins may come in files that are called the same.
        file=f"{plugin}-{version}.whl",
        sha256=archive.sha256,
        domain=archive.domain,
        vendor=archive.manifest.vendor,
        time=now.isoformat(),
        key=signature.key if signature else "",
        signature=signature.value if signature else "",
    )
    old = index.plugins.get(plugin, {}).get(version)
    if old is not None and old.sha256 != entry.sha256:
        raise RegistryRefused("index-published", f"{plugin} {version}")
    shutil.copyfile(archive.path, folder / entry.file)
    plugins = {**index.plugins, plugin: {**index.plugins.get(plugin, {}), version: entry}}
    return _write(folder, replace(index, plugins=plugins, time=now.isoformat()), key)


def revoke(
    folder: Path, plugin: str, versions: str, reason: str, key: Ed25519PrivateKey, now: datetime
) -> Index:
    """Revokes versions of a plugin; RegistryRefused for a range that is none."""
    index = _mine(folder, key, now)
    try:
        SpecifierSet(versions)
    except InvalidSpecifier:
        raise RegistryRefused("index-no-range", versions) from None
    if plugin not in index.plugins:
        raise RegistryRefused("index-no-plugin", plugin)
    added = Revocation(plugin, versions, reason, now.isoformat())
    revoked = tuple(dict.fromkeys([*index.revoked, added]))
    return _write(folder, replace(index, revoked=revoked, time=now.isoformat()), key)


def read(raw: bytes, signature: Signature, key: str, where: str) -> Index:
    """An index that this key signed; RegistryRefused, which names `where` it is from, otherwise."""
    if signature.key != key:
        raise RegistryRefused("index-other-key", signature.key)
    verify(signature, raw, where)
    try:
        table: dict[str, Any] = orjson.loads(raw)
        if table["format"] != _FORMAT:
            raise RegistryRefused("index-format", str(table["format"]))
        plugins = cast("dict[str, dict[str, Any]]", table["plugins"])
        return Index(
            key,
            str(table["time"]),
            {
                name: {version: Published(**facts) for version, facts in versions.items()}
                for name, versions in plugins.items()
            },
            tuple(Revocation(**one) for one in table["revoked"]),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise RegistryRefused("index-unreadable", where, why=str(error)) from None


def fetch(place: str, name: str = "") -> tuple[bytes, Signature | None]:
    """(index, its signature), or a wheel by its name, from a folder or a web server.

    OSError when it cannot be reached: the copy that was fetched last goes on to count.
    """
    if name:
        return _fetched(place, name, _LARGEST_WHEEL), None
    raw = _fetched(place, _INDEX, _LARGEST)
    return raw, read_signature(_fetched(place, _SIGNATURE, _LARGEST), _SIGNATURE)


def _fetched(place: str, name: str, most: int) -> bytes:
    if Path(name).name != name:
        raise RegistryRefused("archive-bad-path", name[:200])
    if not place.startswith(("https://", "http://")):
        with Path(place, name).open("rb") as file:
            raw = file.read(most + 1)
            _check_size(raw, name, most)
            return raw
    try:
        found = bytearray()
        with httpx.stream("GET", f"{place.rstrip('/')}/{name}", timeout=_SECONDS) as answer:
            answer.raise_for_status()
            for chunk in answer.iter_bytes():
                found += chunk
                _check_size(found, name, most)
        return bytes(found)
    except httpx.HTTPError as error:
        raise OSError(f"{place}: {error}") from error


def _check_size(raw: bytes | bytearray, name: str, most: int) -> None:
    if len(raw) > most:
        raise RegistryRefused("archive-too-large", name)


def _mine(folder: Path, key: Ed25519PrivateKey, now: datetime) -> Index:
    """The index in a folder, which this key must have signed; a new one where there is none."""
    own = sign(key, b"").key
    if not (folder / _INDEX).is_file():
        folder.mkdir(parents=True, exist_ok=True)
        return Index(own, now.isoformat())
    raw, signature = fetch(str(folder))
    return read(raw, signature or Signature("", ""), own, str(folder))


def _check_owner(index: Index, archive: Archive, signature: Signature | None) -> None:
    """An id belongs to whoever signed its first version, and so do those that look like it."""
    plugin = archive.manifest.id
    own = _owner(signature.key if signature else "", archive.manifest.vendor)
    others = {
        name: next(iter(versions.values())).vendor
        for name, versions in index.plugins.items()
        if own not in {_owner(one.key, one.vendor) for one in versions.values()}
    }
    if plugin in others:
        raise RegistryRefused("index-anothers", plugin)
    for finding in mistaken(plugin, others):
        raise RegistryRefused(finding.complaint.key, "id", **finding.complaint.params)


def _owner(key: str, vendor: str) -> tuple[str, str]:
    """What a vendor calls itself counts only where nobody signed: anybody can write it."""
    return (key, "" if key else vendor)


def _write(folder: Path, index: Index, key: Ed25519PrivateKey) -> Index:
    table = {
        "format": _FORMAT,
        "time": index.time,
        "plugins": {
            name: {version: asdict(one) for version, one in versions.items()}
            for name, versions in index.plugins.items()
        },
        "revoked": [asdict(one) for one in index.revoked],
    }
    raw = orjson.dumps(table, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    # The signature last: who reads between the two refuses, and asks again.
    for name, content in ((_INDEX, raw), (_SIGNATURE, sign(key, raw).dump())):
        fresh = folder / f".{name}.part"
        fresh.write_bytes(content)
        os.replace(fresh, folder / name)
    return index
