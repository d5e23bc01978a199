"""Bringing a database up to date: the SDK's tables, then the service's, each with its history."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text

from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.locks import lock_number

__all__ = ["drift", "migrate", "needs_migration"]

_SDK = "xianban_sdk.storage.migrations"
# Alembic's `op` is one global: services starting side by side would migrate each other's database.
_ALEMBIC = threading.Lock()


def migrate(db: Database, migrations: str | None = None) -> None:
    """Apply what is missing. `migrations` is the service's package, e.g. "xianban_x.migrations".

    Its revisions are Alembic files in the package or in its `versions` folder; no env.py is
    needed. Processes that start together take turns; each history is applied whole or not at all.
    """
    for package in (_SDK, migrations):
        if package:
            with _ALEMBIC, _alone(db) as conn:
                _upgrade(conn, db, package)


def needs_migration(db: Database, migrations: str | None = None) -> bool:
    """Whether `migrate` has something to do; for health and for services that may not migrate."""
    with db.read() as conn:
        return any(
            _context(conn, db, package).get_current_heads() != _head(package)
            for package in (_SDK, migrations)
            if package
        )


def drift(db: Database, metadata: MetaData) -> list[Any]:
    """Where the migrated database differs from the tables in code; empty is right."""

    def ours(name: str | None, kind: str, _parents: Any) -> bool:
        return kind != "table" or name in metadata.tables

    # Types are not compared: a type decorator has no name the database could give back.
    options = {"compare_type": False, "include_name": ours}
    with db.read() as conn:
        return compare_metadata(MigrationContext.configure(conn, opts=options), metadata)


@contextmanager
def _alone(db: Database) -> Generator[Connection]:
    with db.begin() as conn:  # on SQLite the owner's one write transaction
        if db.dialect == "postgresql":
            conn.execute(text("SET LOCAL statement_timeout = 0"))
            number = lock_number(db.schema, "migrate")
            conn.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
            conn.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{db.schema}"'))
        yield conn


def _upgrade(conn: Connection, db: Database, package: str) -> None:
    script = _scripts(package)

    def missing(revision: Any, _context: Any) -> Any:
        return script._upgrade_revs("head", revision)  # pyright: ignore[reportPrivateUsage]

    with EnvironmentContext(Config(), script, fn=missing) as environment:
        environment.configure(
            connection=conn,
            version_table=_version_table(db, package),
            transactional_ddl=True,
            render_as_batch=True,
        )
        environment.run_migrations()


def _context(conn: Connection, db: Database, package: str) -> MigrationContext:
    return MigrationContext.configure(conn, opts={"version_table": _version_table(db, package)})


def _head(package: str) -> tuple[str, ...]:
    return tuple(_scripts(package).get_heads())


def _scripts(package: str) -> ScriptDirectory:
    folder = Path(str(resources.files(package)))
    versions = folder / "versions"
    return ScriptDirectory(
        str(folder), version_locations=[str(versions if versions.is_dir() else folder)]
    )


def _version_table(db: Database, package: str) -> str:
    return "sdk_version" if package == _SDK else f"{db.schema}_version"
