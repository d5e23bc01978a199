"""What the servicers and loops of one process share: derived data, which any can make again."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from weakref import WeakKeyDictionary

from xianban_sdk.app import Resources
from xianban_sdk.storage import Database

from xianban_parking.handlers.forecasts import Forecasts
from xianban_parking.handlers.views import OccupancyView, shown
from xianban_parking.repository import PUBLIC, Counts, Lots

__all__ = ["Shared", "Snapshots", "shared"]

SNAPSHOT_SECONDS = 0.4


class Snapshots:
    """What may be shown of every lot, read at most every 0.4 s however many streams run.

    Reading the state instead of following events is right in every shape: one process or ten,
    with or without a broker, and it also sees what changes by time alone.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._read_at: datetime | None = None
        # When the newest reading began, by the process's own clock.
        self._begun = 0.0
        self._views: dict[str, OccupancyView] = {}

    def current(self, now: datetime) -> dict[str, OccupancyView]:
        with self._lock:
            age = (now - self._read_at).total_seconds() if self._read_at else None
            if age is None or not 0 <= age < SNAPSHOT_SECONDS:
                return self._renew(now)
            return self._views

    def fresh(self, now: datetime) -> dict[str, OccupancyView]:
        """For who begins to watch: read after they came, for they may look for their own change.

        Many who come at once share a reading.
        """
        came = time.monotonic()
        with self._lock:
            return self._renew(now) if self._begun <= came else self._views

    def _renew(self, now: datetime) -> dict[str, OccupancyView]:
        self._begun = time.monotonic()
        self._views, self._read_at = self._read(now), now
        return self._views

    def _read(self, now: datetime) -> dict[str, OccupancyView]:
        with self._db.read() as conn:
            counts = Counts(conn, PUBLIC).of()
            lots = Lots(conn, PUBLIC).all()
        return {lot.id: shown(counts.get(lot.id), lot, now) for lot in lots}


class Shared:
    """One per service database in a process."""

    def __init__(self, db: Database) -> None:
        self.forecasts = Forecasts(db)
        self.snapshots = Snapshots(db)


_made: WeakKeyDictionary[Database, Shared] = WeakKeyDictionary()
_making = threading.Lock()


def shared(resources: Resources) -> Shared:
    with _making:
        return _made.setdefault(resources.db, Shared(resources.db))
