"""The rows under the comparison: SQLite files or PostgreSQL databases, a copy per contestant."""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path
from typing import Protocol

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import Engine

__all__ = ["Backend", "Postgresql", "Sqlite", "backend"]

COPIES = ("peer", "bare")


class Backend(Protocol):
    """Where the suite and its rivals keep their rows."""

    name: str

    def suite_arguments(self) -> tuple[str, ...]:
        """What `xianban up` is told."""
        ...

    def copy(self, data: Path) -> None:
        """Copies parking's rows for each rival; the suite does not run meanwhile."""
        ...

    def of(self, who: str) -> str:
        """The URL of a rival's copy, or of a new empty database (layers, events)."""
        ...

    def processes(self, who: str) -> tuple[int, ...]:
        """The database server's processes that work for one contestant."""
        ...

    def close(self) -> None:
        """Removes what was made."""
        ...


class Sqlite:
    """Files beside each other; the database's work is the process's own."""

    name = "sqlite"

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def suite_arguments(self) -> tuple[str, ...]:
        return ()

    def copy(self, data: Path) -> None:
        for who in COPIES:
            for part in ("", "-wal"):
                if (rows := data / f"parking.db{part}").exists():
                    shutil.copy(rows, self._directory / f"{who}.db{part}")

    def of(self, who: str) -> str:
        return f"sqlite:///{self._directory / who}.db"

    def processes(self, who: str) -> tuple[int, ...]:
        return ()

    def close(self) -> None:
        pass


class Postgresql:
    """Databases of one run on one server, made and dropped here."""

    name = "postgresql"

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._run = f"bench_{uuid.uuid4().hex[:8]}"
        self._server: Engine = create_engine(url, isolation_level="AUTOCOMMIT")
        self._made: list[str] = []
        self._make("suite")

    def suite_arguments(self) -> tuple[str, ...]:
        return ("--database", self._named("suite"))

    def copy(self, data: Path) -> None:
        for who in COPIES:
            self._make(who, like="suite")

    def of(self, who: str) -> str:
        self._make(who)
        return self._named(who)

    def processes(self, who: str) -> tuple[int, ...]:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = :name"
        with self._server.connect() as conn:
            return tuple(conn.scalars(text(query), {"name": f"{self._run}_{who}"}))

    def close(self) -> None:
        with self._server.connect() as conn:
            for who in self._made:
                conn.execute(text(f'DROP DATABASE "{self._run}_{who}" WITH (FORCE)'))
        self._server.dispose()

    def _make(self, who: str, like: str = "") -> None:
        if who in self._made:
            return
        template = f' TEMPLATE "{self._run}_{like}"' if like else ""
        with self._server.connect() as conn:
            conn.execute(text(f'CREATE DATABASE "{self._run}_{who}"{template}'))
        self._made.append(who)

    def _named(self, who: str) -> str:
        url = self._url.set(database=f"{self._run}_{who}")
        return url.render_as_string(hide_password=False)


def backend(name: str, directory: Path) -> Backend:
    """The named one; "backends" is the PostgreSQL of XIANBAN_TEST_DATABASE."""
    if name == "sqlite":
        return Sqlite(directory)
    return Postgresql(os.environ["XIANBAN_TEST_DATABASE"])
