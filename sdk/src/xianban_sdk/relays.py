"""Outbox relays in a process of their own, beside services that run with ``relay=False``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import grpc

from xianban_sdk import telemetry
from xianban_sdk.app import Service, database_url, installed_services
from xianban_sdk.clock import Clock, SystemClock
from xianban_sdk.messaging.bus import Bus
from xianban_sdk.messaging.relay import Relay
from xianban_sdk.observed import observe_database
from xianban_sdk.probe import open_probe
from xianban_sdk.running import patterns
from xianban_sdk.settings import Settings
from xianban_sdk.storage.engine import Database
from xianban_sdk.telemetry import log
from xianban_sdk.threads import background

__all__ = ["RelayProcess"]


class RelayProcess:
    """Publishes the named services' outboxes until it is stopped; needs PostgreSQL and a broker.

    Any number may run for the same service, in services' own processes too: an advisory lock lets
    one publish, the others stand by.
    """

    def __init__(
        self, services: Sequence[Service], settings: Settings, bus: Bus, clock: Clock | None = None
    ) -> None:
        if not settings.database:
            raise ValueError("a SQLite file has one owner, the service itself, which relays too")
        self.settings = settings
        self._services = list(services)
        self._bus = bus
        self._clock = clock or SystemClock()
        self._stop = threading.Event()
        self._databases: list[Database] = []
        self._threads: list[threading.Thread] = []
        self._ends: list[Callable[[], None]] = []
        self._probe: grpc.Server | None = None

    def start(self) -> None:
        """Returns at once; database and broker may come later."""
        telemetry.configure(self.settings, "relay")
        self._declare_groups()
        for service in self._services:
            db = Database.open(database_url(service.name, self.settings), owner=service.name)
            relay = Relay(db, self._bus, self._clock)
            self._databases.append(db)
            self._ends += observe_database(service.name, db, self._clock)
            self._run(service.name, relay)
        self._probe = open_probe(self.settings, lambda: not self._stop.is_set())
        log.info("relaying", services=[service.name for service in self._services])

    def _run(self, name: str, relay: Relay) -> None:
        self._threads.append(background(f"{name}-relay", lambda: relay.run(self._stop)))

    def _declare_groups(self) -> None:
        """An event must not leave before its consumers' queues exist."""
        for service in installed_services(None):
            try:
                self._bus.declare(service.name, patterns(service))
            except Exception as error:
                # The broker is away: consumers declare themselves when it is back.
                log.warning("group_not_declared", group=service.name, error=repr(error))

    def announce_drain(self) -> None:
        """Nobody calls a relay."""

    def stop(self) -> None:
        """What is being published is marked; the rest waits for the next relay."""
        self._stop.set()
        for db in self._databases:
            db.wake_all()
        for thread in self._threads:
            thread.join(5.0)
        self._bus.close()
        for end in self._ends:
            end()
        for db in self._databases:
            db.close()
        if self._probe is not None:
            self._probe.stop(None)
        telemetry.flush()
        log.info("stopped", relays=[service.name for service in self._services])
