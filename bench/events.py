"""Events per second: written to the outbox, relayed and applied, and published to a broker."""

from __future__ import annotations

import os
import time
from typing import Any

from xianban.common.v1.messages_pb2 import MessageRequested
from xianban_sdk.clock import SystemClock
from xianban_sdk.ids import UlidIds
from xianban_sdk.messaging import Event, Inbox, MemoryBus, Relay, consumer
from xianban_sdk.storage import Database, UnitOfWork, open_unit_of_work
from xianban_sdk.storage.migrate import migrate

from bench.backends import Backend

EVENTS, PER_TRANSACTION = 3000, 100
PATTERN = "parking.v1.message_requested"


@consumer(PATTERN)
def on_message(event: MessageRequested, *, uow: UnitOfWork, meta: Event) -> None:
    """Does nothing: the inbox row and its commit are the cost."""


def measure(backend: Backend) -> dict[str, Any]:
    """The consumer's database is its own, as in the suite."""
    found: dict[str, Any] = {}
    sender, taker = _database(backend, "parking"), _database(backend, "notify")
    clock = SystemClock()
    ids = UlidIds(clock)
    bus = MemoryBus()
    inbox = Inbox(taker, "notify", [on_message], clock=clock, ids=ids)
    subscription = bus.subscribe("notify", inbox.patterns, inbox.deliver)
    found["outbox rows written (100 per transaction)"] = _rate(lambda: _emit(sender, clock, ids))
    relay = Relay(sender, bus, clock)
    found["relayed and applied"] = _rate(relay.flush)
    inbox.stop()
    subscription.close()
    broker = os.environ.get("XIANBAN_TEST_BROKER", "")
    if broker:
        found["relayed to RabbitMQ with confirms"] = _to_rabbitmq(sender, broker, clock, ids)
    sender.close()
    taker.close()
    return found


def _to_rabbitmq(sender: Database, broker: str, clock: SystemClock, ids: UlidIds) -> int:
    from xianban_sdk.messaging.kombu_bus import KombuBus

    bus = KombuBus(broker)
    bus.declare("bench", [PATTERN])
    _emit(sender, clock, ids)
    try:
        return _rate(Relay(sender, bus, clock).flush)
    finally:
        bus.close()


def _database(backend: Backend, owner: str) -> Database:
    db = Database.open(backend.of(f"events_{owner}"), owner=owner)
    migrate(db)
    return db


def _emit(db: Database, clock: SystemClock, ids: UlidIds) -> None:
    for first in range(0, EVENTS, PER_TRANSACTION):
        with open_unit_of_work(db, clock=clock, ids=ids) as uow:
            for number in range(first, first + PER_TRANSACTION):
                told = MessageRequested(recipient=f"r{number}", template="bench", dedupe_key="x")
                uow.emit(told, aggregate=f"residents/{number % 500}")


def _rate(work: Any) -> int:
    begin = time.perf_counter()
    work()
    return round(EVENTS / (time.perf_counter() - begin))
