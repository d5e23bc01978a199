"""Elder care under test: the real service on real sockets, with the demo's elder."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

import grpc
import pytest
from eldercare_names import ELSEWHERE, HERE
from sqlalchemy import func, select
from xianban_eldercare.app import app
from xianban_sdk.alerts.tables import alert_telling
from xianban_sdk.app import Service
from xianban_sdk.clock import ManualClock
from xianban_sdk.testing import RelationsWorld, ServiceUnderTest
from xianban_sdk.timers import Timers

Stub = TypeVar("Stub")


class Eldercare:
    """The service, and stubs in people's names."""

    def __init__(
        self, service: ServiceUnderTest, world: RelationsWorld, clock: ManualClock
    ) -> None:
        self.service, self.world, self.clock = service, world, clock
        self.db = service.db

    def fire_timers(self) -> None:
        """What is due now, as the service's own thread would."""
        resources = self.service.resources
        Timers(self.db, app.timers, clock=self.clock, ids=resources.ids).fire_due()

    def tellings(self) -> int:
        """How often anybody was paged."""
        with self.db.read() as conn:
            return conn.scalar(select(func.count()).select_from(alert_telling)) or 0

    def told(self) -> set[str]:
        """Who was paged."""
        with self.db.read() as conn:
            return set(conn.scalars(select(alert_telling.c.person)))

    def as_(self, person: str, stub: Callable[[grpc.Channel], Stub], **claims: Any) -> Stub:
        """A stub in somebody's name; "" is anonymous."""
        return self.service.stub(stub, person, **claims)


@pytest.fixture
def eldercare_of(
    service_under_test: Callable[..., ServiceUnderTest],
    relations: RelationsWorld,
    clock: ManualClock,
) -> Callable[[Service], Eldercare]:
    """Starts a service composed otherwise, e.g. with rule packs of a test's own."""

    def start(composed: Service) -> Eldercare:
        # Before the start: what is known by then is read at once.
        relations.grant("daughter", "elder", "family", ["eldercare"])
        relations.grant("carer", "elder", "carer", ["eldercare"])
        relations.consent("elder", "eldercare.monitoring")
        relations.member("dispatcher", "dispatcher", ["310120"])
        relations.member("doctor", "station-manager", [HERE])
        relations.member("operator", "station-manager", [ELSEWHERE])
        quiet = dataclasses.replace(composed, loops=(), timers={})
        return Eldercare(service_under_test(quiet, demo=True), relations, clock)

    return start


@pytest.fixture
def eldercare(eldercare_of: Callable[[Service], Eldercare]) -> Eldercare:
    """Daughter and carer act for the elder; the dispatcher and a station manager answer here."""
    return eldercare_of(app)
