"""A plugin as one file: a wheel with its manifest, each file's hash and what it is made of (SBOM).

The same folder makes the same bytes. Nothing is unpacked before paths, sizes and counts are known
to be in bounds, and nothing is believed before each file has the hash that RECORD says.
"""

from __future__ import annotations

import base64
import hashlib
import lzma
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any, Final

import orjson
from packaging.requirements import Requirement

from xianban_sdk.plugins.conformance.source import PluginSource, open_source
from xianban_sdk.plugins.manifest import MANIFEST, Manifest, parse_manifest
from xianban_sdk.plugins.registry.refusals import RegistryRefused

__all__ = ["Archive", "build", "open_archive", "unpack"]

_LARGEST: Final = 32 << 20
_UNPACKED: Final = 64 << 20
_MOST: Final = 2000
_LONGEST_NAME: Final = 240
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_MODE: Final = 0o644 << 16
_LINK: Final = 0o120000
_TYPE: Final = 0o170000
_ENCRYPTED: Final = 0x1
# What zipfile and its decompressors raise for bytes that are not what they say.
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    NotImplementedError,
    UnicodeDecodeError,
)


@dataclass(frozen=True, slots=True)
class Archive:
    """A wheel whose every file is as its RECORD says."""

    path: Path
    manifest: Manifest
    domain: str
    """The domains whose hooks it implements, with a comma between them."""
    entry: str
    """The module with its hooks."""
    names: tuple[str, ...]
    sha256: str
    """Of the whole file, in hex."""


def build(folder: Path, out: Path) -> Path:
    """Writes the wheel of a plugin's folder into `out`; RegistryRefused, PluginRefused."""
    source = open_source(folder)
    _check_version(source)
    name = source.package.name
    info = f"{name}-{source.manifest.version}.dist-info"
    files = {f"{name}/{path}": raw for path, raw in _code(source)}
    files |= dict(_about(source, info))
    files[f"{info}/sboms/sbom.cdx.json"] = _sbom(source, files)
    record = [f"{path},sha256={_hash(raw)},{len(raw)}" for path, raw in sorted(files.items())]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""]).encode()
    out.mkdir(parents=True, exist_ok=True)
    wheel = out / f"{name}-{source.manifest.version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, raw in sorted(files.items(), key=lambda item: (".dist-info/" in item[0], item)):
            archive.writestr(_entry(path), raw)
    return wheel


def open_archive(path: Path) -> Archive:
    """Reads a wheel without unpacking it; RegistryRefused says what is wrong with which file."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = _bounded(path, archive)
            _check_record(archive, names)
            manifest, domain, entry = _described(archive, names)
    except _UNREADABLE as error:
        raise RegistryRefused("archive-unreadable", path.name, why=str(error)) from None
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Archive(path, manifest, domain, entry, tuple(names), digest)


def unpack(archive: Archive, into: Path) -> None:
    """Writes its files below a folder that is made for it."""
    with zipfile.ZipFile(archive.path) as wheel:
        for name in archive.names:
            file = into / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(wheel.read(name))


def _check_version(source: PluginSource) -> None:
    told = source.project.get("project", {}).get("version", source.manifest.version)
    if told != source.manifest.version:
        raise RegistryRefused(
            "archive-two-versions", "version", one=told, other=source.manifest.version
        )


def _code(source: PluginSource) -> Iterator[tuple[str, bytes]]:
    for path in sorted(source.package.rglob("*")):
        name = path.relative_to(source.package).as_posix()
        if "__pycache__" in path.parts or not path.is_file():
            continue
        if path.is_symlink() and name != MANIFEST:
            raise RegistryRefused("archive-link", name)
        yield name, path.read_bytes()
    if not (source.package / MANIFEST).is_file():
        yield MANIFEST, (source.folder / MANIFEST).read_bytes()


def _about(source: PluginSource, info: str) -> Iterator[tuple[str, bytes]]:
    yield f"{info}/METADATA", _metadata(source).encode()
    tags = "Wheel-Version: 1.0\nGenerator: xianban\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    yield f"{info}/WHEEL", tags.encode()
    points = [
        f"[xianban.{one.name}]\n{source.manifest.id} = {source.entry}\n" for one in source.domains
    ]
    yield f"{info}/entry_points.txt", "".join(points).encode()


def _metadata(source: PluginSource) -> str:
    project, manifest = source.project.get("project", {}), source.manifest
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {source.package.name.replace('_', '-')}",
        f"Version: {manifest.version}",
        f"Summary: {project.get('description', manifest.id)}",
        f"License-Expression: {manifest.licence}",
        f"Author: {manifest.vendor}",
        f"Requires-Python: {project.get('requires-python', '>=3.11')}",
        *(f"Requires-Dist: {one}" for one in project.get("dependencies", ())),
        "Description-Content-Type: text/markdown",
    ]
    return "\n".join([*lines, "", source.text("README.md")])


def _sbom(source: PluginSource, files: Mapping[str, bytes]) -> bytes:
    """CycloneDX 1.6, where PEP 770 has it lie."""
    manifest = source.manifest
    needed = [
        Requirement(one).name for one in source.project.get("project", {}).get("dependencies", ())
    ]
    document: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library",
                "bom-ref": manifest.id,
                "name": manifest.id,
                "version": manifest.version,
                "publisher": manifest.vendor,
                "licenses": [{"expression": manifest.licence}],
            },
            "properties": [{"name": "xianban:sdk", "value": version("xianban-sdk")}],
        },
        "components": [
            *(
                {
                    "type": "file",
                    "name": name,
                    "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(raw).hexdigest()}],
                }
                for name, raw in sorted(files.items())
            ),
            *({"type": "library", "name": name} for name in needed),
        ],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DATE)
    # Stored: a compressor of another version would make other bytes of the same files.
    entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_STORED, _MODE, 3
    return entry


def _hash(raw: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).rstrip(b"=").decode()


def _bounded(path: Path, archive: zipfile.ZipFile) -> list[str]:
    """The names, when they and the sizes are in bounds."""
    entries = archive.infolist()
    if path.stat().st_size > _LARGEST or sum(one.file_size for one in entries) > _UNPACKED:
        raise RegistryRefused("archive-too-large", path.name)
    if len(entries) > _MOST or len({one.filename.casefold() for one in entries}) != len(entries):
        raise RegistryRefused("archive-too-many", path.name)
    for entry in entries:
        mode = entry.external_attr >> 16 & _TYPE
        if not _is_plain(entry.filename) or mode == _LINK or entry.flag_bits & _ENCRYPTED:
            raise RegistryRefused("archive-bad-path", entry.filename[:_LONGEST_NAME])
    return [entry.filename for entry in entries]


def _is_plain(name: str) -> bool:
    """A file below the folder, whatever system reads the name."""
    parts = PurePosixPath(name).parts
    odd = any(ord(letter) < 32 or letter in '\\:*?"<>|' for letter in name)
    outside = not parts or name.startswith("/") or name.endswith("/") or ".." in parts
    return not odd and not outside and len(name) <= _LONGEST_NAME


def _check_record(archive: zipfile.ZipFile, names: list[str]) -> None:
    """Every file is in RECORD, with its size and hash, and no other is."""
    record = next((name for name in names if name.endswith(".dist-info/RECORD")), "")
    if not record:
        raise RegistryRefused("archive-no-record")
    lines = archive.read(record).decode("utf-8", "replace").splitlines()
    told = {path: (digest, size) for path, digest, size in map(_line, lines) if path != record}
    for name in names:
        if name == record:
            continue
        raw = archive.read(name)
        if told.pop(name, None) != (f"sha256={_hash(raw)}", str(len(raw))):
            raise RegistryRefused("archive-modified", name)
    if told:
        raise RegistryRefused("archive-modified", min(told))


def _line(line: str) -> tuple[str, str, str]:
    path, _, rest = line.rpartition(",")
    path, _, digest = path.rpartition(",")
    return path, digest, rest


def _described(archive: zipfile.ZipFile, names: list[str]) -> tuple[Manifest, str, str]:
    """(manifest, domain, entry) as the wheel itself says them."""
    manifests = [name for name in names if name.count("/") == 1 and name.endswith(f"/{MANIFEST}")]
    points = [name for name in names if name.endswith(".dist-info/entry_points.txt")]
    if len(manifests) != 1 or len(points) != 1:
        raise RegistryRefused("archive-no-plugin")
    manifest = parse_manifest(archive.read(manifests[0]), manifests[0])
    entry = f"{manifests[0].partition('/')[0]}.plugin"
    groups = _groups(archive.read(points[0]).decode("utf-8", "replace"))
    wrong = any(found != {manifest.id: entry} for found in groups.values())
    if not groups or wrong or not all(group.startswith("xianban.") for group in groups):
        raise RegistryRefused("archive-no-plugin")
    return manifest, ",".join(group.removeprefix("xianban.") for group in groups), entry


def _groups(text: str) -> dict[str, dict[str, str]]:
    """Group → name → module; empty where it is no such file."""
    parser = ConfigParser(delimiters=("=",), interpolation=None)
    try:
        parser.read_string(text)
    except ConfigError:
        return {}
    return {group: dict(parser[group]) for group in parser.sections()}
