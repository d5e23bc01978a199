"""What a backup says of itself, and what is checked before any of it is believed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from xianban_sdk.settings import Settings
from xianban_sdk.signatures import known_secret
from xianban_sdk.storage.masters import installed_keyring

__all__ = ["BackupRefused", "Manifest", "digest", "key_id"]

_NAME: Final = "backup.json"
_FORMAT: Final = 1


class BackupRefused(RuntimeError):
    """Why nothing was backed up or restored."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """`cut` is the instant that the rows of all services are of; `files` are digests by path."""

    format: int = _FORMAT
    version: str
    cut: str
    # "sqlite" or "postgresql".
    database: str
    services: list[str]
    # Says which master secret the encrypted columns need, and nothing about it.
    key: str
    files: dict[str, str]

    @property
    def instant(self) -> datetime:
        """`cut` as an instant."""
        return datetime.fromisoformat(self.cut)

    def write(self, folder: Path) -> None:
        """Last of all: a folder without it is no backup."""
        (folder / _NAME).write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Reads it and holds every file against it."""
        try:
            made = cls(**json.loads((folder / _NAME).read_text("utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise BackupRefused(f"{folder} is no backup: {_NAME}: {error}") from error
        if made.format != _FORMAT:
            raise BackupRefused(f"{_NAME}: format {made.format} is not known here")
        for path, expected in made.files.items():
            if not (folder / path).is_file() or digest(folder / path) != expected:
                raise BackupRefused(f"{path} is not what was backed up")
        return made

    def must_fit(self, settings: Settings, services: Iterable[str]) -> None:
        """BackupRefused where these settings would not understand what is in it."""
        here = "postgresql" if settings.database else "sqlite"
        if self.database != here:
            raise BackupRefused(f"it was made of {self.database}, --database names {here}")
        if unknown := set(self.services) - set(services):
            raise BackupRefused(f"no such services here: {', '.join(sorted(unknown))}")
        if self.key != key_id(settings):
            raise BackupRefused(f"master.secret under {settings.keys} is not that of the backup")


def key_id(settings: Settings) -> str:
    """Tells master secrets apart; none is made for the question."""
    if known_secret("master", settings) is None:
        raise BackupRefused(f"there is no master.secret under {settings.keys}: give --keys")
    derived = installed_keyring(settings).lookup
    return hashlib.sha256(b"backup" + derived).hexdigest()[:16]


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
