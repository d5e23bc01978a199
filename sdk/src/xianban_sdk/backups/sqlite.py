"""SQLite files of one instant, copied while their services write on."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

__all__ = ["copy_databases"]

# A service's own transaction ends within this, or it is told that nothing can be backed up.
_WAIT_SECONDS: Final = 10.0


def copy_databases(files: Sequence[Path], target: Path) -> datetime:
    """Copies them into a folder; returns the instant that all of them are of.

    For a few milliseconds nobody may write anywhere: in that moment each file's snapshot is taken.
    """
    with ExitStack() as held:
        readers: Mapping[Path, sqlite3.Connection] = {
            file: held.enter_context(closing(_opened(file))) for file in files
        }
        cut = _snapshot(readers)
        for file, reader in readers.items():
            with closing(sqlite3.connect(target / file.name)) as copy:
                reader.backup(copy)
        return cut


def _snapshot(readers: Mapping[Path, sqlite3.Connection]) -> datetime:
    with ExitStack() as held:
        for file in readers:
            writer = held.enter_context(closing(_opened(file)))
            writer.execute("BEGIN IMMEDIATE")
        for reader in readers.values():
            # A transaction that has read goes on seeing what it saw.
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return datetime.now(UTC)


def _opened(file: Path) -> sqlite3.Connection:
    found = sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=_WAIT_SECONDS, isolation_level=None
    )
    found.execute("PRAGMA journal_mode=WAL")
    return found
