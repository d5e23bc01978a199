"""Readings that come one by one share a transaction: a commit each costs a disk's wait each."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from datetime import timedelta
from typing import Final

from xianban.common.v1 import readings_pb2 as pb

from xianban_sdk.clock import Clock
from xianban_sdk.errors import ResourceExhausted
from xianban_sdk.ids import Ids
from xianban_sdk.readings.ingest import Ingest, Rejection
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.unit_of_work import open_unit_of_work

__all__ = ["GroupCommit"]

_Waiting = tuple[pb.RawReading, "Future[Rejection | None]"]
_LOOK_SECONDS: Final = 0.5


class GroupCommit:
    """Buffers readings until `most` are there or the first has waited `longest`.

    No more than `limit` wait: then `submit` refuses, so that the sender keeps what it has.
    """

    def __init__(
        self,
        ingest: Ingest,
        db: Database,
        *,
        clock: Clock,
        ids: Ids,
        most: int = 500,
        longest: timedelta = timedelta(milliseconds=20),
        limit: int = 5000,
    ) -> None:
        self._ingest = ingest
        self._db = db
        self._clock = clock
        self._ids = ids
        self._most = most
        self._longest = longest.total_seconds()
        self._limit = limit
        self._waiting: list[_Waiting] = []
        self._since = 0.0
        self._changed = threading.Condition()

    def submit(self, reading: pb.RawReading) -> Future[Rejection | None]:
        """Done once committed: None, or why it was refused. Raises RESOURCE_EXHAUSTED when full."""
        future: Future[Rejection | None] = Future()
        with self._changed:
            if len(self._waiting) >= self._limit:
                raise ResourceExhausted("INGEST_BACKLOG")
            if not self._waiting:
                self._since = time.monotonic()
            self._waiting.append((reading, future))
            if len(self._waiting) in (1, self._most):
                self._changed.notify_all()
        return future

    def run(self, stop: threading.Event) -> None:
        """Commit groups until told to stop, and what is left then."""
        while not stop.is_set():
            self._await_group(stop)
            self.flush()
        self.flush()

    def flush(self) -> None:
        """Commit what waits now, in groups; a failure is told to each who waits for it."""
        while group := self._take():
            try:
                self._commit(group)
            except Exception as error:
                for _reading, future in group:
                    future.set_exception(error)

    def _await_group(self, stop: threading.Event) -> None:
        with self._changed:
            while not self._waiting and not stop.is_set():
                self._changed.wait(_LOOK_SECONDS)
            left = self._since + self._longest - time.monotonic()
            while left > 0 and len(self._waiting) < self._most and not stop.is_set():
                self._changed.wait(left)
                left = self._since + self._longest - time.monotonic()

    def _take(self) -> list[_Waiting]:
        with self._changed:
            group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        return group

    def _commit(self, group: list[_Waiting]) -> None:
        with open_unit_of_work(self._db, clock=self._clock, ids=self._ids) as uow:
            taken = self._ingest.take([reading for reading, _ in group], uow)
        refused = {one.index: one for one in taken.rejections}
        for index, (_reading, future) in enumerate(group):
            future.set_result(refused.get(index))
