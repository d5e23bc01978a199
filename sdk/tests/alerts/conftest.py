"""Alerts of one domain, on every database."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from xianban_sdk.clock import ManualClock
from xianban_sdk.storage import Database

sys.path.insert(0, str(Path(__file__).parent))
from alert_world import World


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 23, 1, 0, tzinfo=UTC))


@pytest.fixture
def world(database: Database, clock: ManualClock) -> World:
    return World(database, clock)
