"""`xianban restore`: into an empty place, whole or not at all."""

from __future__ import annotations

# kombu ships partial types:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xianban_sdk.app import Service
from xianban_sdk.backups import postgresql
from xianban_sdk.backups.files import copy_keys
from xianban_sdk.backups.manifest import BackupRefused, Manifest
from xianban_sdk.backups.missed import Missed, find_missed, send_again
from xianban_sdk.settings import Settings

__all__ = ["Restored", "restore"]


@dataclass(frozen=True, slots=True)
class Restored:
    """What is there again; `dropped` events waited at the broker, of a time that is no more."""

    manifest: Manifest
    missed: Missed
    dropped: int


def restore(
    services: Sequence[Service], settings: Settings, folder: Path, keys: Path | None = None
) -> Restored:
    """The suite is stopped; nothing that is there is written over."""
    found = Manifest.read(folder)
    if keys is not None:
        if settings.keys.exists():
            raise BackupRefused(f"{settings.keys} is there already; leave --keys out")
        copy_keys(keys, settings.keys)
    found.must_fit(settings, [one.name for one in services])
    _must_be_empty(settings, found)
    if settings.database:
        postgresql.read_dump(settings.database, folder)
    _files(folder, settings.data, found)
    dropped = _empty_queues(services, settings.broker) if settings.broker else 0
    missed = find_missed(services, settings)
    send_again(services, settings, missed)
    return Restored(found, missed, dropped)


def _must_be_empty(settings: Settings, found: Manifest) -> None:
    there = [path for path in found.files if (settings.data / path).exists()]
    if settings.database:
        there += postgresql.schemas_there(settings.database, found.services)
    if there:
        raise BackupRefused(f"nothing is written over, and these are there: {', '.join(there)}")


def _files(folder: Path, data: Path, found: Manifest) -> None:
    for path in found.files:
        if path == postgresql.DUMP:
            continue
        (data / path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copy2(folder / path, data / path)


def _empty_queues(services: Sequence[Service], broker: str) -> int:
    """Events that left after the cut are of rows that nobody has any more."""
    from kombu.connection import Connection

    from xianban_sdk.messaging.topology import queue_name

    dropped = 0
    with Connection(broker, connect_timeout=5) as connection:
        for one in services:
            channel: Any = connection.channel()
            try:
                dropped += int(channel.queue_purge(queue_name(one.name)))
            except connection.channel_errors:
                continue  # a broker as new as the rest
    return dropped
