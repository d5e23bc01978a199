"""The tables that a service's migrations make are the tables in its code, on either database."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from xianban_sdk.app import Service, installed_services
from xianban_sdk.storage import Database, drift, migrate, needs_migration, sdk_metadata
from xianban_sdk.testing.backends import backends


@pytest.mark.parametrize("service", installed_services(), ids=lambda one: one.name)
def test_the_migrations_make_the_tables_of_the_code(service: Service, tmp_path: Path) -> None:
    url = backends()[0] or f"sqlite:///{tmp_path / 'new.db'}"
    # A name of its own: nobody else's schema is touched.
    db = Database.open(url, owner=f"{service.name}_drift")
    try:
        migrate(db, service.migrations)
        assert not needs_migration(db, service.migrations)
        assert service.metadata is not None
        assert drift(db, service.metadata) == []
        assert drift(db, sdk_metadata) == []
    finally:
        if db.dialect == "postgresql":
            with db.begin() as conn:
                conn.execute(text(f'DROP SCHEMA IF EXISTS "{db.schema}" CASCADE'))
        db.close()
