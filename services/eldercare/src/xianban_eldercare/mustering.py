"""Reads who is on duty and where, from the dispatching systems that plugins bring."""

from __future__ import annotations

from contextlib import AbstractContextManager
from threading import Event
from typing import Final

import structlog
from xianban_sdk.app import Resources
from xianban_sdk.loops import Rota, alone
from xianban_sdk.storage import UnitOfWork, open_unit_of_work

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
    """For `Service(loops=…)`: each source when it is due."""
    rota = Rota()
    known: list[tuple[str, str]] = []

    def tick() -> None:
        found, now = sources_of(resources.hooks), resources.clock.now()
        named = [(one.plugin, one.source.id) for one in found]
        # Plugins come and go while the service runs.
        if named != known:
            with _opened(resources) as uow:
                introduce(found, uow=uow)
            known[:] = named
        for one in found:
            if rota.turn(one.source.id, one.source.cadence, now):
                read_responder_source(resources, one)

    alone(resources, stop, "responders", _TICK, tick)


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
