"""What needs Alembic: importing it costs as much as the rest of a service's start together."""

import threading
from importlib import resources
from pathlib import Path
from typing import Any, Final

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData

from xianban_sdk.storage.engine import Database

__all__ = ["ALEMBIC", "differences", "upgrade"]

# Alembic's `op` is one global: services starting side by side would migrate each other's database.
ALEMBIC: Final = threading.Lock()


def upgrade(conn: Connection, package: str, version_table: str) -> None:
    """Applies what is missing of one history, whole or not at all."""
    script = _scripts(package)

    def missing(revision: Any, _context: Any) -> Any:
        return script._upgrade_revs("head", revision)  # pyright: ignore[reportPrivateUsage]

    with EnvironmentContext(Config(), script, fn=missing) as environment:
        environment.configure(
            connection=conn,
            version_table=version_table,
            transactional_ddl=True,
            render_as_batch=True,
        )
        environment.run_migrations()


def differences(db: Database, metadata: MetaData) -> list[Any]:
    """Where the database differs from the tables in code."""

    def ours(name: str | None, kind: str, _parents: Any) -> bool:
        return kind != "table" or name in metadata.tables

    # Types are not compared: a type decorator has no name the database could give back.
    options = {"compare_type": False, "include_name": ours}
    with db.read() as conn:
        return compare_metadata(MigrationContext.configure(conn, opts=options), metadata)


def _scripts(package: str) -> ScriptDirectory:
    folder = Path(str(resources.files(package)))
    versions = folder / "versions"
    return ScriptDirectory(
        str(folder), version_locations=[str(versions if versions.is_dir() else folder)]
    )
