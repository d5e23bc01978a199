"""From the outbox to the bus: one active relay per shard of a database."""

import threading
from collections import Counter
from collections.abc import Callable

import structlog

from xianban_sdk.clock import Clock
from xianban_sdk.instruments import SENT, SERVICE
from xianban_sdk.messaging import outbox
from xianban_sdk.messaging.bus import Bus, BusUnavailable
from xianban_sdk.messaging.outbox import Shard
from xianban_sdk.messaging.traces import publishing
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.failures import is_transient
from xianban_sdk.storage.locks import try_lock

__all__ = ["Relay"]

_log = structlog.get_logger("xianban.messaging")

_CLAIM = 500
_POLL = 0.2  # another process may have written
# A SQLite file has one process, and its writers wake the relay: this is only a safety net.
_POLL_ALONE = 1.0
_STANDBY = 1.0
# After some were sent: under load, what is written meanwhile shares the next step.
_GATHER = 0.02
_LONGEST_PAUSE = 5.0


class Relay:
    """Publishes what was committed, in order, and marks it sent once the bus has it.

    Any number of processes may run one for the same database and shard: one is active, the
    others stand by.
    """

    def __init__(self, db: Database, bus: Bus, clock: Clock, shard: Shard | None = None) -> None:
        self._db = db
        self._bus = bus
        self._clock = clock
        self._shard = shard or Shard()
        self._poll = _POLL_ALONE if db.file else _POLL

    def run(self, stop: threading.Event) -> None:
        """Relay until told to stop; survives the loss of bus and database."""
        pause = _POLL
        while not stop.is_set():
            try:
                with try_lock(self._db, f"relay-{self._shard}") as still_held:
                    if still_held:
                        pause = _POLL
                        self._active(stop, still_held)
                    else:
                        stop.wait(_STANDBY)
            except Exception as error:
                pause = min(pause * 2, _LONGEST_PAUSE)
                self._report(error, pause)
                stop.wait(pause)

    def flush(self) -> int:
        """Publish everything there is now; returns how many events. For drain and tests."""
        sent = 0
        with try_lock(self._db, f"relay-{self._shard}") as still_held:
            while still_held and (count := self._step(still_held)):
                sent += count
        return sent

    def _active(self, stop: threading.Event, still_held: Callable[[], None]) -> None:
        while not stop.is_set():
            self._db.outbox_written.clear()
            sent = self._step(still_held)
            if sent < _CLAIM:
                stop.wait(_GATHER if sent else 0)
                self._db.outbox_written.wait(self._poll)

    def _step(self, still_held: Callable[[], None]) -> int:
        with self._db.read() as conn:
            claimed = outbox.unsent(conn, _CLAIM, self._shard)
        if not claimed:
            still_held()
            return 0
        still_held()
        with publishing([event for _, event in claimed]) as events:
            self._bus.publish(events)
        for key, count in Counter(event.routing_key for _, event in claimed).items():
            SENT.add(count, {SERVICE: self._db.owner, "messaging.destination.name": key})
        with self._db.begin() as conn:
            outbox.mark_sent(conn, [number for number, _ in claimed], self._clock.now())
        return len(claimed)

    def _report(self, error: Exception, pause: float) -> None:
        log = _log.bind(service=self._db.owner, shard=str(self._shard), pause=pause)
        if isinstance(error, BusUnavailable) or is_transient(error):
            log.warning("relay_waits", error=str(error))
        else:
            log.error("relay_failed", exc_info=error)
