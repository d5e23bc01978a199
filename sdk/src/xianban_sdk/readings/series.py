"""Series: what one device tells of one subject, known by number once seen."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, select, update

from xianban_sdk.errors import Unavailable
from xianban_sdk.readings.kinds import Kind, Kinds
from xianban_sdk.readings.rules import Rule
from xianban_sdk.readings.tables import reading_latest, reading_series, reading_upkeep
from xianban_sdk.storage.among import among
from xianban_sdk.storage.encryption import keyed_hash
from xianban_sdk.storage.upsert import insert_all_new, insert_new

__all__ = ["Key", "Series", "SeriesBook", "count_erasure", "ensure"]

# device, kind, subject
Key = tuple[str, str, str]

_MOST_KNOWN: Final = 500_000
_AT_ONCE: Final = 500
_t = reading_series
# Beside how far upkeep has come: how many erasures took series.
_ERASURES: Final = "erasures"
_COUNT: Final = f"SELECT done_until FROM reading_upkeep WHERE task = '{_ERASURES}'"  # noqa: S608


@dataclass(slots=True, eq=False)
class Series:
    """A series as ingest knows it; the last good number feeds the check for jumps."""

    id: int
    device: str
    kind: Kind
    subject: str
    good_at: int = 0
    good_value: float = 0.0
    rules: tuple[Rule, ...] = ()
    rules_until: float = 0.0
    # As promised; None: not, or not known.
    cadence: timedelta | None = None
    cadence_until: float = 0.0
    # Between these no rule can begin: most readings cost two comparisons.
    calm_above: float = float("-inf")
    calm_below: float = float("inf")
    looked: dict[str, int] = field(default_factory=dict[str, int])


class SeriesBook:
    """The series of one database; what a transaction made is known once it has committed.

    An erasure takes numbers that some process still knows: all of them forget when one is counted.
    """

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self._lock = threading.Lock()
        self._erasures: int | None = None
        self.known: dict[Key, Series] = {}

    def erasures(self, conn: Connection) -> int:
        """How many there had been when the first was learnt; to ask before looking at `known`."""
        with self._lock:
            if self._erasures is None:
                self._erasures = _erasures(conn)
            return self._erasures

    def check(self, conn: Connection, erasures: int) -> None:
        """Once rows are stored: an erasure under way has waited for them, or is counted by now.

        Raises Unavailable READINGS_NOT_KEPT, for the sender to try again, when numbers that were
        known may be nobody's now, or, on SQLite, somebody else's.
        """
        if _erasures(conn) != erasures:
            self._forget()
            raise Unavailable("READINGS_NOT_KEPT")

    def learn(self, conn: Connection, keys: Collection[Key]) -> dict[Key, Series]:
        """Find or make the series of keys that are not known; nothing is remembered yet."""
        found: dict[Key, Series] = {}
        ordered = sorted(keys)
        for first in range(0, len(ordered), _AT_ONCE):
            part = ordered[first : first + _AT_ONCE]
            for key, row in ensure(conn, part).items():
                kind = self._kinds[key[1]]
                good = (row.good_at or 0, row.good_value or 0.0)
                found[key] = Series(row.id, key[0], kind, key[2], *good)
        return found

    def remember(self, found: Mapping[Key, Series], erasures: int) -> None:
        """Keep what is committed; when full, forget everything: it is learnt again."""
        with self._lock:
            if erasures != self._erasures:
                return
            if len(self.known) + len(found) > _MOST_KNOWN:
                self.known = {}
            self.known.update(found)

    def _forget(self) -> None:
        with self._lock:
            self.known, self._erasures = {}, None


def count_erasure(conn: Connection) -> None:
    """In the transaction that took series: whoever remembers their numbers learns of it."""
    insert_new(conn, reading_upkeep, {"task": _ERASURES, "done_until": 0})
    mine, known = reading_upkeep.c.task == _ERASURES, reading_upkeep.c.done_until
    conn.execute(update(reading_upkeep).where(mine).values(done_until=known + 1))


def _erasures(conn: Connection) -> int:
    return conn.exec_driver_sql(_COUNT).scalar() or 0


def ensure(conn: Connection, keys: Iterable[Key]) -> dict[Key, Any]:
    """The rows of the keys, made where missing, with their last good number."""
    hashed = {(keyed_hash(d), kind, keyed_hash(s)): (d, kind, s) for d, kind, s in keys}
    # A device may promise nothing.
    rows = _rows(conn, hashed) if hashed else {}
    missing = [one for one in hashed if one not in rows]
    if missing:
        insert_all_new(conn, _t, [_new(one, hashed[one]) for one in sorted(missing)])
        rows |= _rows(conn, missing)
    return {key: rows[one] for one, key in hashed.items()}


def _rows(conn: Connection, hashed: Iterable[tuple[str, str, str]]) -> dict[Any, Any]:
    """Of the keys; and of a few others, when a device has had several subjects."""
    latest, keys = reading_latest, list(zip(*hashed, strict=True))
    columns = (_t.c.device_key, _t.c.kind, _t.c.subject_key)
    query = (
        select(
            _t.c.id,
            _t.c.device_key,
            _t.c.kind,
            _t.c.subject_key,
            latest.c.good_at,
            latest.c.good_value,
        )
        .outerjoin_from(_t, latest, latest.c.series == _t.c.id)
        .where(*(among(conn, *pair) for pair in zip(columns, keys, strict=True)))
    )
    return {(row.device_key, row.kind, row.subject_key): row for row in conn.execute(query)}


def _new(hashed: tuple[str, str, str], key: Key) -> dict[str, Any]:
    device_key, kind, subject_key = hashed
    return {
        "device_key": device_key,
        "subject_key": subject_key,
        "kind": kind,
        "device": key[0],
        "subject": key[2],
    }
