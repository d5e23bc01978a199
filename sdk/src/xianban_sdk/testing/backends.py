"""Where services under test keep data and events: in the process, or on PostgreSQL and RabbitMQ.

XIANBAN_TEST_TARGET chooses: "inprocess" (also when it is not set) or "backends", then
XIANBAN_TEST_DATABASE and XIANBAN_TEST_BROKER say where those are. Each worker of pytest-xdist has
a database and a virtual host of its own, so that tests side by side do not meet.
"""

from __future__ import annotations

import os
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal, cast, get_args
from urllib.parse import urlsplit

from sqlalchemy import Connection, create_engine, make_url, text

from xianban_sdk.app import Service, database_url
from xianban_sdk.settings import Settings
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.migrate import migrate

__all__ = ["Target", "backends", "renew", "target"]

Target = Literal["inprocess", "backends"]
# The group of `xianban.unrouted`: what nobody asked for, which every new group would look through.
_UNROUTED: Final = "unrouted"
_KEPT: Final = "_kept"
# In one round trip. What has no row is left: to truncate makes new files of a table and of each of
# its indexes. Alembic's own rows say what is there.
_EMPTY: Final = """
DO $$
DECLARE held record; filled boolean; names text[] := '{{}}';
BEGIN
  FOR held IN SELECT relname FROM pg_class WHERE relnamespace = '"{schema}"'::regnamespace
    AND relkind IN ('r', 'p') AND relname NOT LIKE '%\\_version'
  LOOP
    EXECUTE format('SELECT EXISTS (TABLE "{schema}".%I)', held.relname) INTO filled;
    IF filled THEN names := names || format('"{schema}".%I', held.relname); END IF;
  END LOOP;
  IF names <> '{{}}' THEN
    EXECUTE 'TRUNCATE ' || array_to_string(names, ', ') || ' RESTART IDENTITY CASCADE';
  END IF;
END $$
"""


def target() -> Target:
    """Where the tests run; ValueError for a name that is none."""
    chosen = os.environ.get("XIANBAN_TEST_TARGET") or "inprocess"
    if chosen not in get_args(Target):
        raise ValueError(f"XIANBAN_TEST_TARGET={chosen!r}: one of {', '.join(get_args(Target))}")
    return cast(Target, chosen)


def backends() -> tuple[str, str]:
    """(database, broker) URLs of this worker; ("", "") in the process."""
    if target() == "inprocess":
        return "", ""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    database = _own_database(os.environ["XIANBAN_TEST_DATABASE"], worker)
    return database, _own_host(os.environ.get("XIANBAN_TEST_BROKER", ""), worker)


def renew(app: Service, settings: Settings) -> None:
    """Tables as the service's migrations leave them, and no events."""
    file = Path(make_url(database_url(app.name, settings)).database or "")
    if not settings.database and not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_migrated_file(app.name, app.migrations), file)
    if settings.database:
        db = Database.open(settings.database, owner=app.name)
        try:
            _renew_tables(db, _migrated(settings.database, app.name, app.migrations))
        finally:
            db.close()
    if settings.broker:
        _empty_queues(app.name, settings.broker)


@cache
def _migrated_file(service: str, migrations: str | None) -> Path:
    """Every test's file begins as a copy of this one: to migrate takes longer than most tests."""
    file = Path(_folder().name) / f"{service}-{migrations}.db"
    db = Database.open(f"sqlite:///{file}", owner=service)
    try:
        migrate(db, migrations)
    finally:
        db.close()
    return file


@cache
def _folder() -> TemporaryDirectory[str]:
    """Goes with the process."""
    return TemporaryDirectory(prefix="xianban-migrated-")


@cache
def _own_database(url: str, worker: str) -> str:
    """Made anew once in each process: migrations may have changed since the last one."""
    given = make_url(url)
    name = "_".join(part for part in (given.database, "test", worker) if part)
    engine = create_engine(given, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        conn.execute(text(f'CREATE DATABASE "{name}"'))
        # A test's data need not outlive the machine; all else is as in production.
        conn.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
    engine.dispose()
    return given.set(database=name).render_as_string(hide_password=False)


def _own_host(broker: str, worker: str) -> str:
    return urlsplit(broker)._replace(path=f"/{worker}").geturl() if broker and worker else broker


@cache
def _migrated(database: str, service: str, migrations: str | None) -> tuple[str, ...]:
    """Migrates once, and keeps a copy of each table into which that put rows."""
    db = Database.open(database, owner=service)
    try:
        migrate(db, migrations)
        with db.begin() as conn:
            kept = _filled(conn, db.schema)
            conn.execute(text(f'CREATE SCHEMA "{db.schema}{_KEPT}"'))
            for table in kept:
                conn.execute(
                    text(f'CREATE TABLE "{db.schema}{_KEPT}"."{table}" AS TABLE "{table}"')
                )
    finally:
        db.close()
    return kept


def _renew_tables(db: Database, kept: tuple[str, ...]) -> None:
    with db.begin() as conn:
        conn.execute(text(_EMPTY.format(schema=db.schema)))
        for table in kept:
            copy = f'"{db.schema}{_KEPT}"."{table}"'
            conn.execute(text(f'INSERT INTO "{table}" TABLE {copy}'))


def _filled(conn: Connection, schema: str) -> tuple[str, ...]:
    """The tables that have rows, but for Alembic's own: those say that the others are there."""
    found = conn.scalars(
        text("SELECT tablename FROM pg_tables WHERE schemaname = :schema"), {"schema": schema}
    )
    tables = [name for name in found if not name.endswith("_version")]
    return tuple(name for name in tables if conn.scalar(text(f'SELECT EXISTS (TABLE "{name}")')))


def _empty_queues(service: str, broker: str) -> None:
    # Imported here: tests in the process do without kombu.
    from kombu.connection import Connection

    from xianban_sdk.messaging.topology import UNROUTED_NAME, dead_name, exists, queue_name

    with Connection(broker) as connection:
        for queue in (queue_name(service), dead_name(service)):
            connection.default_channel.queue_delete(queue)
        if exists(connection, _UNROUTED):
            connection.default_channel.queue_purge(UNROUTED_NAME)
