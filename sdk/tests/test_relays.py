"""A relay in a process of its own publishes what services without one have committed."""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import func, select
from xianban.common.v1 import relations_pb2
from xianban_sdk.app import Service
from xianban_sdk.clock import ManualClock
from xianban_sdk.ids import SeededIds
from xianban_sdk.messaging import Event, MemoryBus
from xianban_sdk.relays import RelayProcess
from xianban_sdk.settings import Settings
from xianban_sdk.storage import Database, open_unit_of_work
from xianban_sdk.storage.tables import outbox

POSTGRESQL = os.environ.get("XIANBAN_TEST_DATABASE", "")


def test_a_file_of_one_owner_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="SQLite"):
        RelayProcess([], Settings(data=tmp_path), MemoryBus())


@pytest.mark.backends
@pytest.mark.skipif(not POSTGRESQL, reason="XIANBAN_TEST_DATABASE names no PostgreSQL")
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_waits_in_the_outbox_leaves_and_is_marked(
    database: Database,
    database_url: str,
    owner: str,
    clock: ManualClock,
    ids: SeededIds,
    tmp_path: Path,
) -> None:
    heard: list[Event] = []
    bus = MemoryBus()
    bus.subscribe("listener", [f"{owner}.#"], heard.extend)
    with open_unit_of_work(database, clock=clock, ids=ids) as uow:
        beat = relations_pb2.RelationsHeartbeat(sequence=1, observe_time=Timestamp(seconds=1))
        uow.emit(beat, aggregate="relations", domain=owner)
    service = Service(name=owner, package="xianban_sdk", servicers={})
    settings = dataclasses.replace(Settings(data=tmp_path), database=database_url)
    relays = RelayProcess([service], settings, _Alone(bus), clock)
    relays.start()
    try:
        assert _soon(lambda: len(heard) == 1 and _unsent(database) == 0)
    finally:
        relays.stop()


class _Alone:
    """The bus without the installed services' groups: nobody consumes for them here."""

    def __init__(self, bus: MemoryBus) -> None:
        self._bus = bus

    def declare(self, group: str, patterns: list[str]) -> None:
        assert group
        assert patterns

    def publish(self, events: list[Event]) -> None:
        self._bus.publish(events)

    def close(self) -> None:
        self._bus.close()


def _unsent(db: Database) -> int:
    with db.read() as conn:
        return conn.scalar(select(func.count()).where(outbox.c.sent_at.is_(None))) or 0


def _soon(holds) -> bool:
    end = time.monotonic() + 30
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
