"""The pytest plugin: real services on real channels, with people by marker.

Fixtures: ``clock`` (ManualClock), ``ids``, ``issuer``, ``relations`` (grant, revoke, consent,
member, age …), ``bus``, ``service_under_test`` (a factory: ``service_under_test(app)``) and
``otlp_collector``. ``@pytest.mark.resident("daughter")`` says who calls.
XIANBAN_TEST_TARGET=backends runs the same tests on PostgreSQL and RabbitMQ
(XIANBAN_TEST_DATABASE, XIANBAN_TEST_BROKER). XIANBAN_PLUGIN_TIERS="*=1" runs plugins' tests with
the plugins in processes of their own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from xianban_sdk import telemetry
from xianban_sdk.app import Service
from xianban_sdk.clock import ManualClock
from xianban_sdk.ids import Ids, SeededIds
from xianban_sdk.messaging.bus import Bus
from xianban_sdk.messaging.memory_bus import MemoryBus
from xianban_sdk.plugins.domains import offer_carried
from xianban_sdk.testing.backends import backends
from xianban_sdk.testing.harness import ServiceUnderTest, settings_for
from xianban_sdk.testing.issuer import TestIssuer
from xianban_sdk.testing.outside import Outside
from xianban_sdk.testing.world import RelationsWorld

__all__ = [
    "START",
    "RelationsWorld",
    "ServiceUnderTest",
    "TestIssuer",
    "bus",
    "clock",
    "ids",
    "issuer",
    "otlp_collector",
    "relations",
    "service_under_test",
    "settings_for",
]

_OUTSIDE: Final = pytest.StashKey[Outside]()
_FOLDERS: Final = pytest.StashKey[set[str]]()
START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marker known, and the hookspecs where no service is installed."""
    offer_carried()
    outside = config.stash[_OUTSIDE] = Outside()
    config.add_cleanup(outside.close)
    outside.move()
    config.addinivalue_line("markers", "resident(name): the call is made as this demo person")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Keeps in which folders tests lie: those of a plugin lie under its id."""
    session.config.stash[_FOLDERS] = {part for one in session.items for part in one.path.parts}


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Says loudly where plugins ran, so that nobody takes one tier's tests for another's."""
    told = list(config.stash[_OUTSIDE].told(config.stash.get(_FOLDERS, ())))
    if told:
        terminalreporter.section("plugins in processes of their own")
        for line in told:
            terminalreporter.line(line)


@pytest.fixture
def clock() -> ManualClock:
    """09:00 in Shanghai on 2026-11-23, until the test moves it."""
    return ManualClock(START)


@pytest.fixture
def ids(clock: ManualClock) -> Ids:
    """The same ids in every run."""
    return SeededIds(1, clock)


@pytest.fixture
def issuer(clock: ManualClock) -> TestIssuer:
    """Signs tokens."""
    return TestIssuer(clock)


@pytest.fixture
def relations(clock: ManualClock) -> RelationsWorld:
    """Identity's log, as the test wants it."""
    return RelationsWorld(clock)


@pytest.fixture
def bus() -> Iterator[Bus]:
    """The bus that services under test share."""
    _, broker = backends()
    if broker:
        from xianban_sdk.messaging.kombu_bus import KombuBus

        made: Bus = KombuBus(broker)
    else:
        made = MemoryBus()
    yield made
    made.close()


@pytest.fixture
def service_under_test(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    clock: ManualClock,
    ids: Ids,
    issuer: TestIssuer,
    relations: RelationsWorld,
) -> Iterator[Callable[..., ServiceUnderTest]]:
    """Starts services; each is drained and its files removed at the end."""
    marker = request.node.get_closest_marker("resident")
    person = str(marker.args[0]) if marker else None
    started: list[ServiceUnderTest] = []

    def start(app: Service, **settings: Any) -> ServiceUnderTest:
        under_test = ServiceUnderTest(
            app,
            settings_for(tmp_path / f"{app.name}-{len(started)}", **settings),
            clock=clock,
            ids=ids,
            issuer=issuer,
            world=relations,
            person=person,
        )
        started.append(under_test)
        under_test.start()
        return under_test

    yield start
    for under_test in reversed(started):
        under_test.stop()
        shutil.rmtree(under_test.settings.run, ignore_errors=True)


@pytest.fixture
def otlp_collector() -> Iterator[InMemorySpanExporter]:
    """Every span that would leave the process; ask after the service is started."""
    exporter = InMemorySpanExporter()
    telemetry.add_exporter(exporter, SimpleSpanProcessor(exporter))
    yield exporter
    exporter.clear()
