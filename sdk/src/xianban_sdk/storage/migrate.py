"""Bringing a database up to date: the SDK's tables, then the service's, each with its history."""

import re
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.exc import OperationalError

from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.locks import lock_number

__all__ = ["drift", "migrate", "needs_migration"]

_SDK = "xianban_sdk.storage.migrations"
_log = structlog.get_logger("xianban.storage")
# PostgreSQL's lock_not_available: somebody reads or writes the table for longer than we wait.
_LOCKED = "55P03"
_PAUSE = 0.5
_PATIENCE = 60.0
# By their letters: Python 3.11 counts the depth of syntax trees per process, and two threads that
# parse at once can fail ("AST constructor recursion depth mismatch"). Services start side by side.
_CONSTANT = re.compile(
    r"""^(?P<name>(down_)?revision)\b[^=\n]*=\s*(?:None|["'](?P<value>\w+)["'])\s*$""", re.MULTILINE
)


def migrate(db: Database, migrations: str | None = None) -> None:
    """Apply what is missing. `migrations` is the service's package, e.g. "xianban_x.migrations".

    Its revisions are Alembic files in the package or in its `versions` folder; no env.py is
    needed. Processes that start together take turns; each history is applied whole or not at all.
    A schema that a newer release has migrated is left as it is: it bears this one's code.
    """
    for package in _behind(db, migrations):
        _bring(db, package)


def needs_migration(db: Database, migrations: str | None = None) -> bool:
    """Whether `migrate` has something to do; for health and for services that may not migrate."""
    return bool(_behind(db, migrations))


def _behind(db: Database, migrations: str | None) -> list[str]:
    packages = [package for package in (_SDK, migrations) if package]
    with db.read() as conn:
        return [each for each in packages if _is_behind(conn, each, _version_table(db, each))]


def _is_behind(conn: Connection, package: str, version_table: str) -> bool:
    applied = _applied(conn, version_table)
    if newer := applied - _revisions(package):
        _log.warning("schema_is_newer", history=package, revisions=sorted(newer))
        return False
    return applied != _heads(package)


def _bring(db: Database, package: str) -> None:
    """Waits for nobody's lock for long: whoever comes after us would wait behind us."""
    # Imported here: only a start that has something to migrate pays for Alembic.
    from xianban_sdk.storage.alembic_runs import ALEMBIC, upgrade

    end = time.monotonic() + _PATIENCE
    while True:
        try:
            with ALEMBIC, _alone(db) as conn:
                upgrade(conn, package, _version_table(db, package))
                return
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", "") != _LOCKED or time.monotonic() > end:
                raise
        time.sleep(_PAUSE)


def drift(db: Database, metadata: MetaData) -> list[Any]:
    """Where the migrated database differs from the tables in code; empty is right."""
    from xianban_sdk.storage.alembic_runs import differences

    return differences(db, metadata)


@contextmanager
def _alone(db: Database) -> Generator[Connection]:
    with db.begin() as conn:  # on SQLite the owner's one write transaction
        if db.dialect == "postgresql":
            conn.execute(text("SET LOCAL statement_timeout = 0"))
            number = lock_number(db.schema, "migrate")
            conn.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
            conn.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{db.schema}"'))
            # Below deadlock_timeout: it is never a call that the database gives up for us.
            conn.execute(text("SET LOCAL lock_timeout = '500ms'"))
        yield conn


def _applied(conn: Connection, version_table: str) -> set[str]:
    if not inspect(conn).has_table(version_table):
        return set()
    return set(conn.scalars(text(f'SELECT version_num FROM "{version_table}"')))  # noqa: S608 ours


def _heads(package: str) -> set[str]:
    """The newest revisions."""
    return _revisions(package) - set(_history(package).values())


def _revisions(package: str) -> set[str]:
    return set(_history(package))


@cache
def _history(package: str) -> dict[str, str]:
    """Revision → the one before, read from the files as Alembic would, without importing them."""
    known = [_revision(file) for file in _files(package)]
    return {str(e["revision"]): str(e.get("down_revision")) for e in known if "revision" in e}


def _files(package: str) -> Iterator[Path]:
    folder = Path(str(resources.files(package)))
    versions = folder / "versions"
    return (versions if versions.is_dir() else folder).glob("*.py")


def _revision(file: Path) -> dict[str, str | None]:
    """`revision` and `down_revision` of a revision file."""
    found = _CONSTANT.finditer(file.read_text("utf-8"))
    return {each["name"]: each["value"] for each in found}


def _version_table(db: Database, package: str) -> str:
    return "sdk_version" if package == _SDK else f"{db.schema}_version"
