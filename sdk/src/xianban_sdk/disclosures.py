"""The book of what plugins were told of whom: shown to the resident, and to vendors as a ledger.

The first call of a day for a person is written down, and committed, before the plugin hears of
them; what can't be written isn't told. Further calls of that day are counted in memory and written
every few seconds: a crash loses these counts, never that there was a disclosure. The totals, which
name nobody, stay when a person is erased. An alarm alone does not wait for the book: what could not
be written before is written as soon as it can be.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Table, and_, bindparam, insert, update
from sqlalchemy.exc import SQLAlchemyError

from xianban_sdk import instruments, telemetry
from xianban_sdk.carrying import Carries
from xianban_sdk.clock import Clock, local_day
from xianban_sdk.errors import Unavailable
from xianban_sdk.identity.relations import FactsSource
from xianban_sdk.ids import Ids
from xianban_sdk.plugins.manifest import Manifest
from xianban_sdk.plugins.tokens import STRANGER, NotBooked
from xianban_sdk.storage.encryption import keyed_hash
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.tables import audit, disclosure, disclosure_total
from xianban_sdk.storage.upsert import insert_new
from xianban_sdk.telemetry import log
from xianban_sdk.threads import background

__all__ = ["DISCLOSE", "Disclosures"]

DISCLOSE: Final = "Disclose"
_FLUSH_SECONDS: Final = 5.0
_ENDING_SECONDS: Final = 5.0


class _What(NamedTuple):
    """What of a disclosure is the same for everybody."""

    day: str
    plugin: str
    version: str
    purpose: str
    vendor: str
    basis: str


class _Count(NamedTuple):
    calls: int
    last: datetime


# Person → what is not written yet.
_Counts = dict[str, _Count]


class Disclosures:
    """One service's desk for plugins: who agrees, and what was told."""

    def __init__(self, db: Database, clock: Clock, ids: Ids, relations: FactsSource) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._relations = relations
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._day = ""
        # Who is in today's rows already, and whose refusal is in today's audit.
        self._booked: dict[_What, set[str]] = {}
        self._missed: dict[tuple[_What, str], set[str]] = {}
        self._waiting: dict[_What, _Counts] = {}
        self._refused: dict[_What, int] = {}
        # Alarms that were told and could not be written.
        self._owed: dict[_What, _Counts] = {}

    def start(self) -> None:
        """Starts the writer of counts; without it they are written at once."""
        self._thread = background("disclosures", self._loop)

    def stop(self) -> None:
        """Writes what is left."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_ENDING_SECONDS)
        self.flush()

    # -- as a desk --------------------------------------------------------------------------

    def agreeing(
        self, purposes: Collection[str], people: Collection[str]
    ) -> tuple[Collection[str], str]:
        """By the projection of this moment; when it is too old, and identity away, nobody."""
        known_people = [one for one in people if one != STRANGER]
        try:
            known = self._relations.about(known_people)
        except Unavailable as error:
            return (), error.reason
        now, needed = self._clock.now(), {*purposes}
        agreed = [one for one in known_people if needed <= known[one].live_consents(now)]
        return agreed, "" if len(agreed) == len(people) else "CONSENT_REQUIRED"

    def line(self, plugin: Manifest, mark: Carries) -> str:
        """The same for all calls that the line counts; nobody can make one up."""
        return self._line(_what(plugin, mark, self._clock.now()))

    def _line(self, what: _What) -> str:
        return keyed_hash("\n".join((self._db.owner, *what)))[:12].lower()

    def disclosed(self, plugin: Manifest, mark: Carries, people: Collection[str]) -> None:
        """Written before it is told, if it is the day's first of somebody; else counted."""
        now = self._clock.now()
        what = _what(plugin, mark, now)
        with self._lock:
            self._turn_page(what.day)
            new = sorted({*people} - self._booked.setdefault(what, set()))
        first = self._first(what, new, now) if new else frozenset[str]()
        with self._lock:
            self._booked.setdefault(what, set()).update(new)
            counts = self._waiting.setdefault(what, {})
            for one in people:
                if one not in first:
                    counts[one] = _Count(counts[one].calls + 1 if one in counts else 1, now)
        instruments.PLUGIN_TOLD.add(len(people), {"plugin": what.plugin, "purpose": what.purpose})
        self._at_once()

    def refused(
        self, plugin: Manifest, mark: Carries, people: Collection[str], reason: str
    ) -> None:
        """Each is counted; the audit has the day's first of each person."""
        now = self._clock.now()
        what = _what(plugin, mark, now)
        with self._lock:
            self._turn_page(what.day)
            self._refused[what] = self._refused.get(what, 0) + len(people)
            known = self._missed.setdefault((what, reason), set())
            new = sorted({*people} - known)
            known.update(new)
        if named := [one for one in new if one != STRANGER]:
            self._audit(what, named, reason, now)
        self._at_once()

    def _turn_page(self, day: str) -> None:
        if day != self._day:
            self._day = day
            self._booked.clear()
            self._missed.clear()

    # -- writing ----------------------------------------------------------------------------

    def _first(self, what: _What, people: Collection[str], now: datetime) -> frozenset[str]:
        try:
            return self._begin(what, people, now)
        except NotBooked:
            if what.basis != "vital":
                raise
        with self._lock:
            owed = self._owed.setdefault(what, {})
            owed.update((one, _Count(1, now)) for one in people if one not in owed)
        return frozenset(people)

    def _begin(self, what: _What, people: Iterable[str], now: datetime) -> frozenset[str]:
        """The day's first rows; of somebody whom another process has told of there is one."""
        try:
            with self._db.begin() as conn:
                line = self._line(what)
                rows = ((one, _row(what, line, one, now)) for one in people)
                first = [one for one, row in rows if insert_new(conn, disclosure, row)]
                if first:
                    _add(conn, what, line, people=len(first), calls=len(first), last=now)
        except (SQLAlchemyError, TimeoutError) as error:
            log.error("disclosure_not_booked", plugin=what.plugin, error=repr(error))
            raise NotBooked(f"{what.plugin} is told nothing: it could not be booked") from error
        return frozenset(first)

    def _audit(self, what: _What, people: Iterable[str], reason: str, now: datetime) -> None:
        trace = telemetry.current()
        same = {
            "time": now,
            "service": self._db.owner,
            "action": DISCLOSE,
            "actor": f"plugin:{what.plugin}",
            "basis": what.purpose,
            "outcome": reason,
            "trace_id": trace.trace_id if trace else "",
        }
        rows = [{**same, "id": self._ids.new(), "subject": one} for one in people]
        try:
            with self._db.begin() as conn:
                conn.execute(insert(audit), rows)
        except (SQLAlchemyError, TimeoutError) as error:
            log.error("refusals_not_audited", plugin=what.plugin, rows=len(rows), error=repr(error))
            return
        self._db.audit_written.set()

    def flush(self) -> bool:
        """Writes the counts; False when they are kept for later."""
        with self._writing:
            if not self._settle():
                return False
            with self._lock:
                waiting, self._waiting = self._waiting, {}
                refused, self._refused = self._refused, {}
            try:
                self._write(waiting, refused)
            except (SQLAlchemyError, TimeoutError) as error:
                log.warning("disclosures_wait", error=repr(error))
                self._keep(waiting, refused)
                return False
        return True

    def _settle(self) -> bool:
        with self._lock:
            owed = list(self._owed.items())
        for what, counts in owed:
            try:
                self._begin(what, [*counts], max(one.last for one in counts.values()))
            except NotBooked:
                return False
            with self._lock:
                del self._owed[what]
        return True

    def _write(self, waiting: Mapping[_What, _Counts], refused: Mapping[_What, int]) -> None:
        rows = [row for what in sorted(waiting) for row in _additions(what, waiting[what])]
        if not rows and not refused:
            return
        now = self._clock.now()
        with self._db.begin() as conn:
            if rows:
                conn.execute(_COUNT, rows)
            for what in sorted({*waiting, *refused}):
                calls = sum(one.calls for one in waiting.get(what, {}).values())
                missed = refused.get(what, 0)
                _add(conn, what, self._line(what), calls=calls, refused=missed, last=now)

    def _keep(self, waiting: Mapping[_What, _Counts], refused: Mapping[_What, int]) -> None:
        with self._lock:
            for what, counts in waiting.items():
                newer = self._waiting.setdefault(what, {})
                for one, count in counts.items():
                    later = newer.get(one, _Count(0, count.last))
                    newer[one] = _Count(count.calls + later.calls, later.last)
            for what, number in refused.items():
                self._refused[what] = self._refused.get(what, 0) + number

    def _at_once(self) -> None:
        if self._thread is None:
            self.flush()

    def _loop(self) -> None:
        while not self._stop.wait(_FLUSH_SECONDS):
            self.flush()


def _what(plugin: Manifest, mark: Carries, now: datetime) -> _What:
    day = local_day(now).isoformat()
    return _What(day, plugin.id, plugin.version, mark.purpose, plugin.vendor, mark.basis)


def _row(what: _What, line: str, person: str, now: datetime) -> dict[str, Any]:
    counted = {"calls": 1, "first_at": now, "last_at": now}
    return {**what._asdict(), "capability": line, "subject": person, **counted}


def _additions(what: _What, counts: _Counts) -> Iterator[dict[str, Any]]:
    """In one order: whoever writes beside us waits, and does not wait in a circle."""
    for person in sorted(counts):
        calls, last = counts[person]
        known = {**what._asdict(), "subject": person}
        names = [column.name for column in disclosure.primary_key.columns]
        key = {f"the_{name}": known[name] for name in names}
        yield {**key, "more": calls, "last": last}


def _same(table: Table) -> Any:
    return and_(*(key == bindparam(f"the_{key.name}") for key in table.primary_key.columns))


# A row that is not there any more went with its person.
_COUNT: Final = (
    update(disclosure)
    .where(_same(disclosure))
    .values(calls=disclosure.c.calls + bindparam("more"), last_at=bindparam("last"))
)


def _add(
    conn: Connection,
    what: _What,
    line: str,
    *,
    last: datetime,
    people: int = 0,
    calls: int = 0,
    refused: int = 0,
) -> None:
    table = disclosure_total
    added = {"people": people, "calls": calls, "refused": refused}
    if insert_new(conn, table, {**what._asdict(), "capability": line, **added, "last_at": last}):
        return
    mine = and_(*(key == getattr(what, key.name) for key in table.primary_key.columns))
    more = {name: table.c[name] + number for name, number in added.items()}
    conn.execute(update(table).where(mine).values(**more, last_at=last))
