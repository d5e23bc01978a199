"""The tables as migrated are the tables in code, on both databases."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import text
from xianban_parking.repository import metadata
from xianban_sdk.storage import Database, drift, migrate


def urls(tmp_path: Path) -> list[str]:
    found = [f"sqlite:///{tmp_path / 'parking.db'}"]
    postgresql = os.environ.get("XIANBAN_TEST_DATABASE", "")
    return [*found, postgresql] if postgresql else found


def test_the_migration_makes_the_tables_of_the_code(tmp_path: Path) -> None:
    for url in urls(tmp_path):
        db = Database.open(url, owner="parking_drift")
        try:
            migrate(db, "xianban_parking.migrations")
            assert drift(db, metadata) == []
        finally:
            if db.dialect == "postgresql":
                with db.begin() as conn:
                    conn.execute(text('DROP SCHEMA "parking_drift" CASCADE'))
            db.close()
    if len(urls(tmp_path)) == 1:
        pytest.skip("PostgreSQL: XIANBAN_TEST_DATABASE is not set; SQLite passed")
