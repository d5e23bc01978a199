"""Reads who is on duty and where, from the dispatching systems that plugins bring."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from threading import Event
from typing import Final

import structlog
from xianban_sdk.app import Resources
from xianban_sdk.storage import UnitOfWork, open_unit_of_work
from xianban_sdk.storage.locks import try_lock

from xianban_eldercare.handlers.responders import (
    ResponderPlugin,
    introduce,
    read,
    sources_of,
    take_in,
)
from xianban_eldercare.repository import MACHINE, Muster

__all__ = ["read_responder_source", "read_responders"]

_log = structlog.get_logger("xianban.eldercare")
_TICK: Final = 5.0


def read_responders(resources: Resources, stop: Event) -> None:
    """For `Service(loops=…)`: each source when it is due; one process at a time."""
    while not stop.is_set():
        with try_lock(resources.db, "responders") as check:
            watch = _Watch(resources)
            while check is not None and not stop.is_set():
                check()
                watch.tick()
                stop.wait(_TICK)
        stop.wait(_TICK)


class _Watch:
    """When what is due, in the process that holds the lock."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._due: dict[str, datetime] = {}
        self._introduced: list[tuple[str, str]] = []

    def tick(self) -> None:
        """A failure is told and tried again with the next tick."""
        try:
            self._read()
        except Exception:
            _log.exception("responders_failed")

    def _read(self) -> None:
        found, now = sources_of(self._resources.hooks), self._resources.clock.now()
        named = [(one.plugin, one.source.id) for one in found]
        # Plugins come and go while the service runs.
        if named != self._introduced:
            with _opened(self._resources) as uow:
                introduce(found, uow=uow)
            self._introduced = named
        for one in found:
            if now >= self._due.get(one.source.id, now):
                self._due[one.source.id] = now + one.source.cadence
                read_responder_source(self._resources, one)


def read_responder_source(resources: Resources, found: ResponderPlugin) -> None:
    """Reads outside of any transaction, then keeps it all in one; a failure is the source's own."""
    now = resources.clock.now()
    try:
        told = read(found, resources.hooks, now)
    except Exception as error:
        _log.warning("responder_source_failed", source=found.source.id, error=repr(error))
        with _opened(resources) as uow:
            book = Muster(uow.conn, MACHINE)
            book.failed(found.source.id, repr(error), now)
            book.forget(now)
        return
    with _opened(resources) as uow:
        take_in(found.source.id, told, uow=uow)


def _opened(resources: Resources) -> AbstractContextManager[UnitOfWork]:
    return open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids)
