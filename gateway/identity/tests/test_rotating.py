"""The next signing key signs when the operator says so, beside a running identity."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from xianban_identity.app import app
from xianban_identity.oidc import keys
from xianban_identity.rotating import rotate_soon
from xianban_sdk.clock import SystemClock
from xianban_sdk.ids import UlidIds
from xianban_sdk.settings import Settings
from xianban_sdk.storage import Database, Keyring, install_keys, migrate, open_unit_of_work
from xianban_sdk.storage.tables import timer


@pytest.fixture
def running(tmp_path: Path):
    """Identity's database in the hands of its owner, its keys just made."""
    install_keys(Keyring.derive(b"k" * 32))
    db = Database.open(f"sqlite:///{tmp_path / 'identity.db'}", owner="identity")
    migrate(db, app.migrations)
    clock = SystemClock()
    with open_unit_of_work(db, clock=clock, ids=UlidIds(clock)) as uow:
        keys.ensure(uow, timedelta(days=30))
    yield db
    db.close()


def due(db: Database) -> datetime:
    with db.read() as conn:
        found = conn.scalar(select(timer.c.not_before).where(timer.c.kind == keys.ROTATE_TIMER))
    assert found is not None
    return found


def test_the_timer_that_rotates_them_anyway_is_due_at_once(running: Database, tmp_path: Path):
    later = datetime.now(UTC) + timedelta(hours=1)
    assert rotate_soon(Settings(data=tmp_path), later) == 0
    assert due(running) == later


def test_a_key_that_not_everybody_knows_yet_does_not_sign(running: Database, tmp_path: Path):
    now = datetime.now(UTC)
    assert 0 < rotate_soon(Settings(data=tmp_path), now) <= 61
    assert due(running) > now + timedelta(days=29)
