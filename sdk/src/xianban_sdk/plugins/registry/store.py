"""The plugins that an operator installed, in the suite's data: ``DATA/plugins/store``.

Offline grace: an index that cannot be reached stops nothing. What was fetched last goes on to
count, revocations included, and its age is told by `xianban plugin list`; who needs a revocation to
reach a district within a time makes that time the alarm.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson

from xianban_sdk.plugins.manifest import MANIFEST, Manifest, PluginRefused, parse_manifest
from xianban_sdk.plugins.registry import index as indexes
from xianban_sdk.plugins.registry.archive import Archive, open_archive, unpack
from xianban_sdk.plugins.registry.index import Index, Standing
from xianban_sdk.plugins.registry.refusals import RegistryRefused
from xianban_sdk.plugins.registry.signing import Signature, read_signature, verify
from xianban_sdk.plugins.switches import Off, Switches
from xianban_sdk.plugins.tiers import STORE
from xianban_sdk.settings import Settings

__all__ = ["Installed", "Store"]

_WHEEL: Final = "plugin.whl"


@dataclass(frozen=True, slots=True)
class Installed:
    """One plugin of the store."""

    id: str
    version: str
    domain: str
    entry: str
    sha256: str
    time: str
    source: str
    """The index's address, or the file."""
    key: str = ""
    """Who signed it; empty: nobody."""
    index_key: str = ""
    """The index's own key; empty: it came from a file."""
    enabled: bool = True

    @property
    def domains(self) -> list[str]:
        """Those whose hooks it implements."""
        return self.domain.split(",")


class Store:
    """Everything under one folder; changes are made by one process at a time."""

    def __init__(self, settings: Settings) -> None:
        self._root = Path(settings.data, *STORE)
        self._switches = Switches(settings)

    def installed(self) -> dict[str, Installed]:
        """By id."""
        try:
            table = orjson.loads((self._root / "state.json").read_bytes())
        except FileNotFoundError:
            return {}
        off = self._switches.off()
        found = {name: Installed(**facts) for name, facts in table.items()}
        return {name: replace(one, enabled=name not in off) for name, one in found.items()}

    def folder(self, plugin: Installed) -> Path:
        """Where its files lie."""
        return self._root / plugin.id / plugin.version

    def manifest(self, plugin: Installed) -> Manifest:
        """As its files say it."""
        file = self.folder(plugin) / plugin.entry.partition(".")[0] / MANIFEST
        return parse_manifest(file.read_bytes(), file)

    def standing(self, plugin: Installed) -> Standing:
        """How far it can be trusted now: its files are read anew."""
        try:
            index = self.index(plugin)
        except RegistryRefused:
            return Standing.MODIFIED
        if index is not None and index.revocation(plugin.id, plugin.version):
            return Standing.REVOKED
        if self._is_modified(plugin):
            return Standing.MODIFIED
        if not plugin.key:
            return Standing.UNSIGNED
        return Standing.CORE if plugin.key == plugin.index_key else Standing.SIGNED

    def runnable(self, domain: str) -> list[Installed]:
        """Those of a domain that may run: enabled, neither modified nor revoked."""
        stopped = (Standing.MODIFIED, Standing.REVOKED)
        found = [one for one in self.installed().values() if domain in one.domains and one.enabled]
        return [one for one in found if self.standing(one) not in stopped]

    def index(self, plugin: Installed) -> Index | None:
        """The copy of its index that was fetched last; RegistryRefused when it is spoilt."""
        if not plugin.index_key:
            return None
        return self._kept(plugin.source, plugin.index_key)

    def refresh(self) -> tuple[list[str], list[RegistryRefused]]:
        """Fetches the indexes anew; (those that could not be reached, why others were refused).

        One that is forged or spoilt does not keep the others' revocations away.
        """
        absent: list[str] = []
        refused: list[RegistryRefused] = []
        keys = {one.source: one.index_key for one in self.installed().values() if one.index_key}
        for source, key in keys.items():
            try:
                self.fetch_index(source, key)
            except OSError:
                absent.append(source)
            except RegistryRefused as error:
                refused.append(error)
        return absent, refused

    def fetch_index(self, source: str, key: str) -> Index:
        """An index as it is now, kept for when it cannot be reached; never one that is older."""
        raw, signature = indexes.fetch(source)
        index = indexes.read(raw, signature or Signature("", ""), key, source)
        kept = self._kept(source, key) if self._copy(source).is_file() else index
        if index.time < kept.time:
            raise RegistryRefused("index-older", source)
        self._copy(source).parent.mkdir(parents=True, exist_ok=True)
        # One file: who reads it never sees an index with another one's signature.
        _replace(self._copy(source), (signature or _NONE).dump() + raw)
        return index

    def _kept(self, source: str, key: str) -> Index:
        try:
            line, _, raw = self._copy(source).read_bytes().partition(b"\n")
        except OSError as error:
            why = error.strerror or ""
            raise RegistryRefused("index-unreadable", source, why=why) from None
        return indexes.read(raw, read_signature(line, source), key, source)

    def install_from_index(self, source: str, key: str, plugin: str, now: datetime) -> Installed:
        """The newest version that is not revoked."""
        index = self.fetch_index(source, key)
        version = index.newest(plugin)
        told = index.plugins[plugin][version]
        raw, _ = indexes.fetch(source, told.file)
        if hashlib.sha256(raw).hexdigest() != told.sha256:
            raise RegistryRefused("archive-modified", told.file)
        with tempfile.TemporaryDirectory(prefix="xianban-install-") as folder:
            file = Path(folder, told.file)
            file.write_bytes(raw)
            archive = open_archive(file)
            if (archive.manifest.id, archive.manifest.version) != (plugin, version):
                raise RegistryRefused("archive-no-plugin", told.file)
            signature = Signature(told.key, told.signature) if told.key else None
            return self.install(archive, signature, now, source=source, index_key=key)

    def install(
        self,
        archive: Archive,
        signature: Signature | None,
        now: datetime,
        *,
        source: str,
        index_key: str = "",
    ) -> Installed:
        """Unpacks an archive and enables it; what was there of the same id is replaced."""
        if signature is not None:
            verify(signature, archive.sha256.encode(), archive.path.name)
        made = Installed(
            id=archive.manifest.id,
            version=archive.manifest.version,
            domain=archive.domain,
            entry=archive.entry,
            sha256=archive.sha256,
            time=now.isoformat(),
            source=source,
            key=signature.key if signature else "",
            index_key=index_key,
        )
        with self._changing() as state:
            self._put(archive, made)
            old = state.get(made.id)
            state[made.id] = made
        self._switches.switch_on(made.id)
        if old is not None and old.version != made.version:
            shutil.rmtree(self.folder(old), ignore_errors=True)
        return made

    def enable(self, plugin: str, *, enabled: bool) -> Installed:
        """Lets it run, or not; RegistryRefused when it is not installed."""
        known = self._known(self.installed(), plugin)
        if enabled:
            self._switches.switch_on(plugin)
        else:
            now = datetime.now(UTC).isoformat()
            self._switches.switch_off(plugin, Off("", "", now))
        return replace(known, enabled=enabled)

    def remove(self, plugin: str) -> Installed:
        """Its files go, too."""
        with self._changing() as state:
            gone = self._known(state, plugin)
            del state[plugin]
        self._switches.switch_on(plugin)
        shutil.rmtree(self._root / plugin, ignore_errors=True)
        return gone

    def _known(self, state: dict[str, Installed], plugin: str) -> Installed:
        if plugin not in state:
            raise RegistryRefused("store-no-plugin", plugin)
        return state[plugin]

    def _put(self, archive: Archive, made: Installed) -> None:
        target = self.folder(made)
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=target.parent, prefix=".part-"))
        fresh.chmod(0o755)
        try:
            unpack(archive, fresh)
            shutil.copyfile(archive.path, fresh / _WHEEL)
            shutil.rmtree(target, ignore_errors=True)
            fresh.rename(target)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _is_modified(self, plugin: Installed) -> bool:
        """Whether any file differs from the archive, or one was added."""
        folder = self.folder(plugin)
        try:
            if hashlib.sha256((folder / _WHEEL).read_bytes()).hexdigest() != plugin.sha256:
                return True
            names = open_archive(folder / _WHEEL).names
            return _files(folder) != {_WHEEL, *names} or not _same(folder, names)
        except (OSError, PluginRefused):
            return True

    def _copy(self, source: str) -> Path:
        return self._root / "indexes" / f"{hashlib.sha256(source.encode()).hexdigest()[:16]}.json"

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Installed]]:
        self._root.mkdir(parents=True, exist_ok=True)
        with (self._root / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            state = self.installed()
            yield state
            table = {name: asdict(one) for name, one in state.items()}
            _replace(self._root / "state.json", orjson.dumps(table, option=orjson.OPT_INDENT_2))


_NONE: Final = Signature("", "")


def _files(folder: Path) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    return {
        path.relative_to(folder).as_posix() for path in found if "__pycache__" not in path.parts
    }


def _same(folder: Path, names: tuple[str, ...]) -> bool:
    with zipfile.ZipFile(folder / _WHEEL) as wheel:
        return all((folder / name).read_bytes() == wheel.read(name) for name in names)


def _replace(file: Path, content: bytes) -> None:
    fresh = file.with_name(f".{file.name}.part")
    fresh.write_bytes(content)
    os.replace(fresh, file)
