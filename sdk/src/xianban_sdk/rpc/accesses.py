"""Audit rows of reads and refusals, which have no business transaction to ride in.

Rows that come at the same time share one commit. A look at somebody else's data is answered only
after its row is committed; refusals do not wait.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import insert
from sqlalchemy.exc import SQLAlchemyError

from xianban_sdk.clock import Clock
from xianban_sdk.errors import Unavailable
from xianban_sdk.ids import Ids
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.tables import audit
from xianban_sdk.storage.unit_of_work import CallInfo
from xianban_sdk.telemetry import log

__all__ = ["AccessLog"]

_MAX_WAITING: Final = 5000
_GATHER: Final = 0.05
_RETRY: Final = 1.0


@dataclass(slots=True)
class _Batch:
    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    done: bool = False
    failed: bool = False


class AccessLog:
    """Writes who looked at whose data, many rows per commit."""

    def __init__(self, db: Database, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._adding = threading.Lock()
        self._writing = threading.Lock()
        self._batch = _Batch()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Starts the writer of rows that nobody waits for; without it they are written at once."""
        self._thread = threading.Thread(target=self._loop, name="access-log", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Writes what is left."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(5.0)
        self.flush()

    def record(
        self, info: CallInfo, action: str, outcome: str, basis: str, *, wait: bool = False
    ) -> None:
        """Notes one look or refusal; ``wait`` returns after the commit."""
        row = {
            "id": self._ids.new(),
            "time": self._clock.now(),
            "service": self._db.owner,
            "action": action,
            "actor": info.actor,
            "subject": info.subject,
            "basis": basis,
            "outcome": outcome,
            "trace_id": info.trace_id,
        }
        with self._adding:
            batch = self._batch
            batch.rows.append(row)
            full = len(batch.rows) >= _MAX_WAITING
        if wait or full or self._thread is None:
            self._settle(batch, must=wait)
        else:
            self._wake.set()

    def flush(self) -> bool:
        """Commits the rows that wait; False when they had to be kept for later."""
        with self._writing:
            return self._write()

    def _settle(self, batch: _Batch, *, must: bool) -> None:
        # Who comes while another commits waits here, and then finds its row written or writes for
        # all that came meanwhile.
        with self._writing:
            if not batch.done:
                self._write()
        if must and batch.failed:
            # Nobody sees another person's data without leaving a trace.
            raise Unavailable("STORAGE_UNAVAILABLE")

    def _write(self) -> bool:
        with self._adding:
            batch, self._batch = self._batch, _Batch()
        batch.done = True
        if not batch.rows:
            return True
        try:
            with self._db.begin() as conn:
                conn.execute(insert(audit), batch.rows)
        except (SQLAlchemyError, TimeoutError) as error:
            batch.failed = True
            log.error("access_log_waits", rows=len(batch.rows), error=repr(error))
            self._keep(batch.rows)
            return False
        self._db.audit_written.set()
        return True

    def _keep(self, rows: list[dict[str, Any]]) -> None:
        with self._adding:
            lost = max(len(rows) + len(self._batch.rows) - _MAX_WAITING, 0)
            self._batch.rows[:0] = rows[lost:]
        if lost:
            log.error("access_log_lost", rows=lost)

    def _loop(self) -> None:
        while not self._stop.is_set():
            self._wake.wait()
            # A short gathering: rows that arrive meanwhile share the commit.
            self._stop.wait(_GATHER)
            self._wake.clear()
            if not self.flush():
                self._stop.wait(_RETRY)
                self._wake.set()
