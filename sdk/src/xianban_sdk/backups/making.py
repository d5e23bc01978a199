"""`xianban backup`: works beside the running suite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from xianban_sdk.app import Service
from xianban_sdk.backups import postgresql, sqlite
from xianban_sdk.backups.files import copy_files, copy_keys
from xianban_sdk.backups.manifest import BackupRefused, Manifest, digest, key_id
from xianban_sdk.settings import Settings

__all__ = ["back_up"]

# What the uplink holds for services that did not take it yet; encrypted.
_SPOOL: Final = "uplink-spool.db"


def back_up(
    services: Sequence[Service], settings: Settings, folder: Path, keys: Path | None = None
) -> Manifest:
    """Into a new folder; the keys into another one, if at all: together they open everything."""
    for each in (folder, *([keys] if keys else [])):
        if each.exists() and any(each.iterdir()):
            raise BackupRefused(f"{each} is not empty: a backup is never written over another")
    if keys is not None and folder.absolute() in (keys.absolute(), *keys.absolute().parents):
        raise BackupRefused(f"{keys} lies in the backup: its rows would be as good as in the clear")
    key = key_id(settings)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    cut, database, names = _databases(services, settings, folder)
    copy_files(settings.data, folder)
    if keys is not None:
        copy_keys(settings.keys, keys)
    made = Manifest(
        version=version("xianban-sdk"),
        cut=cut.astimezone(UTC).isoformat(),
        database=database,
        services=names,
        key=key,
        files={str(f.relative_to(folder)): digest(f) for f in _all(folder)},
    )
    made.write(folder)
    return made


def _databases(
    services: Sequence[Service], settings: Settings, folder: Path
) -> tuple[datetime, str, list[str]]:
    spool = [path for path in [settings.data / _SPOOL] if path.exists()]
    if settings.database:
        names = postgresql.schemas_there(settings.database, [one.name for one in services])
        if not names:
            raise BackupRefused("the database has no schema of a service")
        cut = postgresql.dump(settings.database, names, folder)
        sqlite.copy_databases(spool, folder)
        return cut, "postgresql", names
    there = [path for one in services if (path := settings.data / f"{one.name}.db").exists()]
    if not there:
        raise BackupRefused(f"no service has a database under {settings.data}")
    cut = sqlite.copy_databases([*there, *spool], folder)
    return cut, "sqlite", [path.stem for path in there]


def _all(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
