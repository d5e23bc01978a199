"""The services' schemas by PostgreSQL's own tools, in one snapshot."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import URL, create_engine, inspect, make_url, text

from xianban_sdk.backups.manifest import BackupRefused

__all__ = ["DUMP", "dump", "read_dump", "schemas_there"]

DUMP: Final = "services.dump"


def dump(url: str, schemas: Iterable[str], target: Path) -> datetime:
    """Writes `target`/services.dump; returns the instant of its snapshot."""
    engine = create_engine(_driven(url), isolation_level="REPEATABLE READ")
    with engine.connect() as conn:
        taken = "SELECT pg_export_snapshot(), clock_timestamp()"
        snapshot, cut = conn.execute(text(taken)).one()
        chosen = [f"--schema={name}" for name in schemas]
        _run("pg_dump", url, "-Fc", f"--snapshot={snapshot}", f"--file={target / DUMP}", *chosen)
    engine.dispose()
    return cut


def read_dump(url: str, source: Path) -> None:
    """Writes everything back, or nothing."""
    _run("pg_restore", url, "--single-transaction", "--no-owner", "--exit-on-error", source / DUMP)


def schemas_there(url: str, schemas: Iterable[str]) -> list[str]:
    """Which of them the database has."""
    engine = create_engine(_driven(url))
    with engine.connect() as conn:
        found = set(inspect(conn).get_schema_names())
    engine.dispose()
    return sorted(found & set(schemas))


def _driven(url: str) -> URL:
    return make_url(url).set(drivername="postgresql+psycopg")


def _run(tool: str, url: str, *arguments: str | Path) -> None:
    if shutil.which(tool) is None:
        raise BackupRefused(f"{tool} is not here: install PostgreSQL's client programs")
    parsed = make_url(url).set(drivername="postgresql")
    # Arguments are seen by everybody on the machine, the environment is not.
    plain = parsed._replace(password=None).render_as_string()
    environment = os.environ | ({"PGPASSWORD": str(parsed.password)} if parsed.password else {})
    command: Sequence[str | Path] = (tool, f"--dbname={plain}", *arguments)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - the tool is one of two
    if done.returncode:
        raise BackupRefused(f"{tool}: {done.stderr.strip()[-2000:]}")
