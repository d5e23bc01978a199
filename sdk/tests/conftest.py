"""Backends for the SDK's own tests: each test runs on every database and bus there is."""

import os
import secrets
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kombu import Connection
from sqlalchemy import text
from xianban_sdk.clock import ManualClock
from xianban_sdk.ids import SeededIds
from xianban_sdk.messaging import Bus, MemoryBus
from xianban_sdk.messaging.kombu_bus import KombuBus
from xianban_sdk.storage import Database, Keyring, install_keys, migrate

POSTGRESQL = os.environ.get("XIANBAN_TEST_DATABASE", "")
BROKER = os.environ.get("XIANBAN_TEST_BROKER", "")

postgresql = pytest.param(
    "postgresql",
    marks=[
        pytest.mark.backends,
        pytest.mark.skipif(not POSTGRESQL, reason="XIANBAN_TEST_DATABASE names no PostgreSQL"),
    ],
)
rabbitmq = pytest.param(
    "rabbitmq",
    marks=[
        pytest.mark.backends,
        pytest.mark.skipif(not BROKER, reason="XIANBAN_TEST_BROKER names no RabbitMQ"),
    ],
)


@pytest.fixture(autouse=True)
def keys() -> Keyring:
    keyring = Keyring.derive(b"k" * 32)
    install_keys(keyring)
    return keyring


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 23, 8, 0, tzinfo=UTC))


@pytest.fixture
def ids(clock: ManualClock) -> SeededIds:
    return SeededIds(7, clock)


@pytest.fixture(params=["sqlite", postgresql])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return POSTGRESQL if request.param == "postgresql" else f"sqlite:///{tmp_path}/test.db"


@pytest.fixture
def owner(database_url: str) -> Iterator[str]:
    """A service name of this test alone; its schema is dropped at the end."""
    name = f"t{secrets.token_hex(6)}"
    yield name
    if database_url == POSTGRESQL:
        db = Database.open(POSTGRESQL, owner=name)
        with db.begin() as conn:
            conn.execute(text(f"DROP SCHEMA IF EXISTS {name} CASCADE"))
        db.close()


@pytest.fixture
def database(database_url: str, owner: str) -> Iterator[Database]:
    db = Database.open(database_url, owner=owner)
    migrate(db)
    yield db
    db.close()


@pytest.fixture
def group() -> str:
    """A consumer group, and a domain for routing keys, of this test alone."""
    return f"t{secrets.token_hex(6)}"


@pytest.fixture(params=["memory", rabbitmq])
def bus(request: pytest.FixtureRequest, group: str) -> Iterator[Bus]:
    if request.param == "memory":
        made: Bus = MemoryBus(settle_seconds=10)
        yield made
        made.close()
        return
    made = KombuBus(BROKER)
    yield made
    made.close()
    with Connection(BROKER) as connection:
        for queue in (f"xianban.{group}", f"xianban.{group}.dead"):
            connection.default_channel.queue_delete(queue)


@pytest.fixture
def background() -> Iterator[Callable[[Callable[[threading.Event], None]], threading.Event]]:
    """Runs a loop in a thread until its stop event, or the end of the test."""
    running: list[tuple[threading.Event, threading.Thread]] = []

    def start(loop: Callable[[threading.Event], None]) -> threading.Event:
        stop = threading.Event()
        thread = threading.Thread(target=loop, args=(stop,), daemon=True)
        thread.start()
        running.append((stop, thread))
        return stop

    yield start
    for stop, thread in running:
        stop.set()
        thread.join(10)
        assert not thread.is_alive(), "a loop did not stop when told"
