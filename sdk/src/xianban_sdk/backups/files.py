"""What lies under DATA beside the databases and is nobody's to make again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["copy_files", "copy_keys", "kept_files"]

# Uploads, installed plugins with their configuration, rows that imports refused.
_FOLDERS: Final = ("blobs", "plugins", "rejected")


def copy_files(source: Path, target: Path) -> None:
    """After the databases: a row of theirs then never names a file that came later."""
    for path in kept_files(source):
        _copy(source / path, target / path)


def kept_files(data: Path) -> Iterator[Path]:
    """Relative paths; configuration files lie at the top."""
    found = [path for folder in _FOLDERS for path in (data / folder).rglob("*")]
    for path in sorted([*found, *data.glob("*.toml")]):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(data)


def copy_keys(source: Path, target: Path) -> None:
    """Keys and secrets, to a place of their own."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.tmp"))
    target.chmod(0o700)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        shutil.copy2(source, target)
    except FileNotFoundError:
        return  # erased meanwhile, as it was meant to be
