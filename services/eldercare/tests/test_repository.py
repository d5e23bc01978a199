"""The tables as migrated are the tables in code, on both databases."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import text
from xianban_eldercare.repository import metadata
from xianban_sdk.storage import Database, drift, migrate

POSTGRESQL = os.environ.get("XIANBAN_TEST_DATABASE", "")


@pytest.mark.parametrize(
    "url",
    [
        "sqlite",
        pytest.param(
            POSTGRESQL,
            marks=pytest.mark.skipif(
                not POSTGRESQL, reason="XIANBAN_TEST_DATABASE names no PostgreSQL"
            ),
            id="postgresql",
        ),
    ],
)
def test_the_migration_makes_the_tables_of_the_code(url: str, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'eldercare.db'}" if url == "sqlite" else url
    db = Database.open(address, owner="eldercare_drift")
    try:
        migrate(db, "xianban_eldercare.migrations")
        assert drift(db, metadata) == []
    finally:
        if db.dialect == "postgresql":
            with db.begin() as conn:
                conn.execute(text('DROP SCHEMA "eldercare_drift" CASCADE'))
        db.close()
