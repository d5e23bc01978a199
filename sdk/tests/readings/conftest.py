"""A kind of each sort, and an ingest on every database there is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection
from xianban.common.v1 import readings_pb2 as pb
from xianban_sdk.clock import ManualClock
from xianban_sdk.ids import SeededIds
from xianban_sdk.readings import Fact, Ingest, Kind, Kinds, Rule, Taken
from xianban_sdk.readings.watch import bound
from xianban_sdk.storage import Database, UnitOfWork, open_unit_of_work
from xianban_sdk.storage.instant import to_micros

HEART = Kind(
    code="heart-rate",
    unit="/min",
    low=20,
    high=300,
    not_measured=frozenset({0.0}),
    max_change=30,
    names={"zh-CN": "心率", "en": "Heart rate"},
)
OXYGEN = Kind(code="oxygen-saturation", unit="%", low=50, high=100, not_measured=frozenset({0.0}))
WARMTH = Kind(code="body-temperature", unit="Cel", low=25, high=45)
LOCATION = Kind(code="location", unit="", positional=True)
KINDS = Kinds([HEART, OXYGEN, WARMTH, LOCATION])
ELDER, BAND = "residents/01ELDER", "BAND-1"


class World:
    """One service's ingest, its clock, and what its rules have told."""

    kinds = KINDS
    elder = ELDER
    band = BAND

    def __init__(self, db: Database, clock: ManualClock, ids: SeededIds) -> None:
        self.db, self.clock, self.ids = db, clock, ids
        self.rules: list[Rule] = []
        self.facts: list[Fact] = []
        self.restart()

    def restart(self) -> None:
        """All that is not in the database is gone."""
        self.ingest = Ingest(KINDS, rules=self._rules, on_facts=self._hear)

    def take(self, *readings: pb.RawReading) -> Taken:
        with self.unit() as uow:
            return self.ingest.take(readings, uow)

    def unit(self) -> Any:
        return open_unit_of_work(self.db, clock=self.clock, ids=self.ids)

    def raw(self, value: float, at: datetime | None = None, **changes: Any) -> pb.RawReading:
        """A heart rate of the elder's band, true and received now unless told otherwise."""
        now = self.clock.now()
        fields: dict[str, Any] = {
            "device": BAND,
            "subject": ELDER,
            "kind": "heart-rate",
            "unit": "/min",
            "observe_micros": to_micros(at or now),
            "receive_micros": to_micros(now),
            **changes,
        }
        return pb.RawReading(value=value, **fields)

    def bind(self, device: str, subject: str, kind: str, cadence: timedelta) -> None:
        """A device that promised to speak so often."""
        event = pb.DeviceBound(device=device, subject=subject)
        event.promises.add(kind=kind, cadence_seconds=int(cadence.total_seconds()))
        event.bind_time.FromDatetime(self.clock.now())
        with self.unit() as uow:
            bound(event, KINDS, uow=uow, on_facts=self._hear)

    def _rules(
        self, _conn: Connection, wanted: Collection[tuple[str, str]]
    ) -> Mapping[tuple[str, str], Sequence[Rule]]:
        return {pair: [r for r in self.rules if r.kind == pair[1]] for pair in wanted}

    def _hear(self, facts: Sequence[Fact], _uow: UnitOfWork) -> None:
        self.facts += facts


@pytest.fixture
def world(database: Database, clock: ManualClock, ids: SeededIds) -> World:
    return World(database, clock, ids)


@pytest.fixture
def ago(clock: ManualClock) -> Callable[..., datetime]:
    """An instant before now."""

    def before(**span: float) -> datetime:
        return clock.now() - timedelta(**span)

    return before
