"""One process with any number of services: servers, relay, consumers, timers, loops, drain."""

from __future__ import annotations

import os
import signal
import stat
import threading
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol

import grpc

from xianban_sdk import telemetry
from xianban_sdk.app import GROUP, Service, UnknownService, installed_services
from xianban_sdk.clock import Clock, SystemClock
from xianban_sdk.identity.workload import IdentityHttp
from xianban_sdk.ids import Ids, UlidIds
from xianban_sdk.messaging.bus import Bus
from xianban_sdk.messaging.memory_bus import MemoryBus
from xianban_sdk.probe import open_probe
from xianban_sdk.running import RunningService, patterns
from xianban_sdk.settings import Settings
from xianban_sdk.storage.keys import install_keys
from xianban_sdk.storage.masters import installed_keyring
from xianban_sdk.telemetry import log

__all__ = ["Process", "Runnable", "bus_of", "run_until_signal"]


class Runnable(Protocol):
    """What a process runs until it is told to stop."""

    settings: Settings

    def start(self) -> None: ...
    def announce_drain(self) -> None: ...
    def stop(self) -> None: ...


class Process:
    """Starts and drains services; needs neither bus nor identity nor a database to start."""

    def __init__(
        self,
        services: Sequence[Service],
        settings: Settings,
        *,
        clock: Clock | None = None,
        ids: Ids | None = None,
        bus: Bus | None = None,
    ) -> None:
        self._services = list(services)
        self.settings = settings
        self._clock = clock or SystemClock()
        self._ids = ids or UlidIds(self._clock)
        self.bus = bus or bus_of(settings)
        self._identity = IdentityHttp(settings)
        self.running: list[RunningService] = []
        self._probe: grpc.Server | None = None

    def start(self) -> None:
        """Opens everything; returns when every socket is open, not when all is ready."""
        self._prepare()
        self._declare_groups()
        try:
            for service in self._services:
                self._made(service).start()
            self._probe = open_probe(self.settings, self._serving)
        except BaseException:
            # Half a process serves nobody: what is open is closed again.
            self.stop()
            raise
        log.info("started", services=[service.name for service in self._services])

    def _serving(self) -> bool:
        return all(running.health.serving for running in self.running)

    def open_for_upkeep(self, *, relay: bool = False) -> None:
        """Opens databases and admin sockets alone, for a command while nothing runs."""
        self._prepare()
        if isinstance(self.bus, MemoryBus):
            # The absent ones' groups too: what is for them stays in the outbox until they come.
            self._declare(self._all_services())
        for service in self._services:
            self._made(service).open_for_upkeep(relay=relay)

    def _prepare(self) -> None:
        # Services' threads import it where they need it: begun by two at once, the import of a
        # package and of a module in it can fail with a KeyError (Python 3.11).
        import_module("xianban_sdk.plugins.registry.following")
        telemetry.configure(self.settings, "+".join(service.name for service in self._services))
        _private(self.settings.run)
        self.settings.data.mkdir(parents=True, exist_ok=True)
        install_keys(installed_keyring(self.settings))

    def _made(self, service: Service) -> RunningService:
        running = RunningService(
            service, self.settings, self._clock, self._ids, self.bus, self._identity
        )
        self.running.append(running)
        return running

    def _declare_groups(self) -> None:
        """Makes every group known first: an event must not leave before its consumers exist."""
        alone = isinstance(self.bus, MemoryBus)
        self._declare(self._services if alone else self._all_services())

    def _declare(self, services: Sequence[Service]) -> None:
        for service in services:
            try:
                self.bus.declare(service.name, patterns(service))
            except Exception as error:
                # The broker is away: consumers declare themselves when it is back (K6).
                log.warning("group_not_declared", group=service.name, error=repr(error))

    def _all_services(self) -> list[Service]:
        try:
            others = installed_services(None)
        except (ImportError, AttributeError, TypeError, UnknownService) as error:
            log.error("installed_services_unreadable", group=GROUP, error=repr(error))
            others = []
        ours = {service.name for service in self._services}
        return [*self._services, *(other for other in others if other.name not in ours)]

    def stop(self) -> None:
        """Drains: not serving → running calls end → loops end → outboxes are flushed."""
        for running in self.running:
            running.stop_taking_calls()
        for running in self.running:
            running.stop_working()
        self.flush()
        self.bus.close()
        for running in self.running:
            running.close()
        self._identity.close()
        if self._probe is not None:
            self._probe.stop(None)
        telemetry.flush()
        log.info("stopped", services=[service.name for service in self._services])

    def flush(self) -> None:
        """What was committed leaves, if it can."""
        for running in self.running:
            running.flush()

    def announce_drain(self) -> None:
        """Health says "not serving" before the first call is refused."""
        for running in self.running:
            running.health.drain()


def bus_of(settings: Settings) -> Bus:
    """The broker's, or one of this process alone."""
    if not settings.broker:
        return MemoryBus()
    # Imported here: a laptop without a broker does not pay for kombu.
    from xianban_sdk.messaging.kombu_bus import KombuBus

    return KombuBus(settings.broker)


def run_until_signal(process: Runnable) -> None:
    """Starts, waits for SIGTERM or SIGINT, drains."""
    over = threading.Event()

    def end(_number: int, _frame: object) -> None:
        over.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    _pin(process.settings)
    process.start()
    over.wait()
    process.announce_drain()
    threading.Event().wait(process.settings.drain)
    process.stop()


def _pin(settings: Settings) -> None:
    """One CPU per process: threads then do not hand the GIL between cores (measured: 1.5 ×)."""
    if not settings.pin:
        return
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {allowed[os.getpid() % len(allowed)]})


def _private(directory: Path) -> None:
    """The sockets' directory is ours alone: a socket without TLS trusts whoever can open it."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = directory.stat()
    if found.st_uid != os.getuid():
        raise PermissionError(f"{directory} belongs to somebody else")
    if stat.S_IMODE(found.st_mode) & 0o077:
        directory.chmod(0o700)
