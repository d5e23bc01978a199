"""Alerts as they change, for any number of watchers at the cost of one look per change."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from xianban_sdk.alerts.book import AlertBook
from xianban_sdk.alerts.domain import Alert
from xianban_sdk.alerts.repository import AlertRows
from xianban_sdk.identity.access import Scope
from xianban_sdk.repository import MachineScope, covers
from xianban_sdk.rpc.call import Call
from xianban_sdk.storage.engine import Database

__all__ = ["Watching"]

# Other processes change alerts too, and their signals do not come here.
_EACH: Final = 1.0


@dataclass(eq=False)
class _Watcher:
    scope: Scope
    wake: threading.Event = field(default_factory=threading.Event)
    # The newest of each alert: a slow client misses versions in between, never the last.
    waiting: dict[str, Alert] = field(default_factory=dict[str, Alert])
    sent: dict[str, int] = field(default_factory=dict[str, int])

    def offer(self, alert: Alert) -> None:
        if _may_see(self.scope, alert):
            self.waiting[alert.id] = alert
            self.wake.set()


class Watching:
    """The watchers of one service's alerts.

    Whoever wakes first looks into the database for all: which versions differ from those seen
    last, and those alerts alone are read.
    """

    def __init__(self, db: Database, book: AlertBook) -> None:
        self._db = db
        self._book = book
        self._lock = threading.Lock()
        self._watchers: set[_Watcher] = set()
        self._seen: dict[str, int] = {}
        self._looked = -1
        # Counted for tests: looks do not grow with watchers.
        self.looks = 0

    def follow(self, call: Call) -> Iterator[Alert]:
        """Those that stand now, then every change; ends with the call."""
        watcher = _Watcher(call.scope)
        stop = self._book.changes.wake(watcher.wake)
        call.on_end(watcher.wake.set)
        try:
            self._join(watcher)
            yield from self._snapshot(call, watcher)
            while True:
                # An end that came before this wait has set the event: nothing is slept over.
                in_time = watcher.wake.wait(_EACH)
                call.alive()
                watcher.wake.clear()
                self._look(force=not in_time)
                yield from self._drain(watcher)
        finally:
            stop()
            with self._lock:
                self._watchers.discard(watcher)

    def _join(self, watcher: _Watcher) -> None:
        with self._lock:
            if not self._watchers:
                # What changed while nobody watched is in the snapshot.
                self._read_versions()
            self._watchers.add(watcher)

    def _snapshot(self, call: Call, watcher: _Watcher) -> Iterator[Alert]:
        with call.reading() as unit:
            standing = AlertRows(unit.conn, call.scope).standing()
        for alert in standing:
            watcher.sent[alert.id] = alert.version
            yield alert

    def _drain(self, watcher: _Watcher) -> Iterator[Alert]:
        with self._lock:
            waiting, watcher.waiting = watcher.waiting, {}
        for alert in waiting.values():
            if watcher.sent.get(alert.id, 0) < alert.version:
                watcher.sent[alert.id] = alert.version
                yield alert
            if not alert.open and alert.closed_at is not None:
                watcher.sent.pop(alert.id, None)

    def _look(self, *, force: bool) -> None:
        with self._lock:
            if not force and self._looked >= self._book.changes.count:
                return
            for alert in self._changed():
                for watcher in self._watchers:
                    watcher.offer(alert)

    def _changed(self) -> list[Alert]:
        before = self._seen
        self._read_versions()
        other = {key for key, version in self._seen.items() if before.get(key) != version}
        closed = before.keys() - self._seen.keys()
        if not other and not closed:
            return []
        with self._db.read() as conn:
            return AlertRows(conn, MachineScope(self._db.owner)).several(other | closed)

    def _read_versions(self) -> None:
        # Before the look: what commits during it is looked for again.
        self._looked = self._book.changes.count
        self.looks += 1
        with self._db.read() as conn:
            self._seen = AlertRows(conn, MachineScope(self._db.owner)).versions()


def _may_see(scope: Scope, alert: Alert) -> bool:
    there = covers(scope.areas, alert.area)
    if scope.subject is None:
        return there
    mine = alert.resident == scope.subject
    return mine and there if scope.areas else mine
