"""Reads the weather services, and keeps the lists of whom to look after in step with them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from threading import Event
from typing import Final

import structlog
from xianban_sdk.app import Resources
from xianban_sdk.loops import Rota, alone
from xianban_sdk.storage import UnitOfWork, open_unit_of_work

from xianban_eldercare.handlers.rounds import propose, threats
from xianban_eldercare.handlers.weather import SourcePlugin, introduce, read, sources_of, take_in
from xianban_eldercare.repository import MACHINE, Rounds, Weather

__all__ = ["read_source", "read_weather", "sweep"]

_log = structlog.get_logger("xianban.eldercare")
_TICK: Final = 10.0
# Files change meanwhile: somebody lives alone since today.
_SWEEP_EVERY: Final = timedelta(hours=1)
_AT_ONCE: Final = 100


def read_weather(resources: Resources, stop: Event) -> None:
    """For `Service(loops=…)`: each source when it is due, then whom to look after."""
    watch = _Watch(resources)
    alone(resources, stop, "weather", _TICK, lambda: watch.tick(stop))


class _Watch:
    """When what is due, in the process that holds the lock."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._rota = Rota()
        self._introduced: list[tuple[str, str]] = []
        self._swept: tuple[list[str], datetime] | None = None

    def tick(self, stop: Event) -> None:
        self._read()
        self._sweep(stop)

    def _read(self) -> None:
        found, now = sources_of(self._resources.hooks), self._resources.clock.now()
        named = [(one.plugin, one.source.id) for one in found]
        # Plugins come and go while the service runs.
        if named != self._introduced:
            _write(self._resources, found)
            self._introduced = named
        for one in found:
            if self._rota.turn(one.source.id, one.source.cadence, now):
                read_source(self._resources, one)

    def _sweep(self, stop: Event) -> None:
        """After a change of what stands, by a message or by the clock; else every hour."""
        now = self._resources.clock.now()
        with self._resources.db.read() as conn:
            standing = [one.row.id for one in threats(conn, now)]
        if self._swept is None or self._swept[0] != standing or now - self._swept[1] > _SWEEP_EVERY:
            sweep(self._resources, stop)
            self._swept = (standing, now)


def read_source(resources: Resources, found: SourcePlugin) -> None:
    """Reads outside of any transaction, then keeps it all in one; a failure is the source's own."""
    now = resources.clock.now()
    try:
        told = read(found, resources.hooks, now)
    except Exception as error:
        _log.warning("weather_source_failed", source=found.source.id, error=repr(error))
        with _opened(resources) as uow:
            Weather(uow.conn, MACHINE).failed(found.source.id, repr(error), now)
        return
    with _opened(resources) as uow:
        take_in(found.source.id, told, uow=uow)


def sweep(resources: Resources, stop: Event | None = None) -> None:
    """Some elders at a time, each lot in a transaction of its own."""
    after = ""
    while not (stop and stop.is_set()):
        with resources.db.read() as conn:
            standing = bool(threats(conn, resources.clock.now()))
            people = Rounds(conn, MACHINE).candidates(after, _AT_ONCE, every=standing)
        if people:
            with _opened(resources) as uow:
                propose(people, uow=uow)
        if len(people) < _AT_ONCE:
            return
        after = people[-1]


def _write(resources: Resources, found: list[SourcePlugin]) -> None:
    with _opened(resources) as uow:
        introduce(found, uow=uow)


def _opened(resources: Resources) -> AbstractContextManager[UnitOfWork]:
    return open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids)
