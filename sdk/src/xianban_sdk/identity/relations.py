"""The service's own copy of identity's relation log, and when it may be believed.

Records arrive as events; heartbeats tell how far the log goes. While the last heartbeat that we
had caught up with is at most ``BOUND`` old, decisions are made from the copy. Otherwise identity is
asked for the one pair; when that fails too the answer is RELATIONS_STALE.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, Protocol

import grpc
from sqlalchemy import Connection, delete, or_, select
from sqlalchemy.exc import SQLAlchemyError
from xianban.common.v1 import relations_pb2 as pb

from xianban_sdk.clock import Clock
from xianban_sdk.errors import Unavailable, XianbanError
from xianban_sdk.identity.facts import Facts
from xianban_sdk.instruments import RELATIONS_ASKED, SERVICE
from xianban_sdk.storage.among import among
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.tables import relation_record, relation_watermark
from xianban_sdk.storage.upsert import insert_new
from xianban_sdk.telemetry import log

__all__ = ["BOUND_SECONDS", "FactsSource", "Relations", "Resolver"]

# Published: from a revocation to the refusal on every service at most this long.
BOUND_SECONDS: Final = 2.0
_SOURCE: Final = "identity"
# More than the wristbands of a district: each comes by once a minute.
_CACHE_SIZE: Final = 50_000
# How long a replica trusts its own memory of the watermark before it looks at the shared row.
_LOOK_AGAIN: Final = 0.25
# Identity's clock may run this much ahead of ours.
_SKEW: Final = 1.0
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)

# Asks identity about one pair; raises when it can't be reached.
Resolver = Callable[[str, str], pb.ResolveRelationsResponse]
# One page of the log after a sequence.
Lister = Callable[[int], pb.ListRelationsResponse]


class FactsSource(Protocol):
    """Where decisions get their facts: the projection, or identity's own tables."""

    def facts(self, actor: str, subject: str) -> Facts:
        """Facts no older than the bound; Unavailable RELATIONS_STALE otherwise."""
        ...

    def about(self, subjects: Collection[str]) -> Mapping[str, Facts]:
        """Of each subject what holds whoever acts: consents and age; as fresh as `facts`."""
        ...

    def on_change(self, told: Callable[[], None]) -> Callable[[], None]:
        """Registers a callback for every change; returns what unregisters it."""
        ...


class Relations:
    """The projection of one service."""

    def __init__(
        self, db: Database, clock: Clock, resolver: Resolver | None, lister: Lister | None = None
    ) -> None:
        self._db = db
        self._clock = clock
        self._resolver = resolver
        self._lister = lister
        self._lock = threading.Lock()
        self._syncing = threading.Lock()
        self._sequence = 0
        self._observed = 0.0
        self._looked = 0.0
        self._behind = False
        self._facts: OrderedDict[tuple[str, str], Facts] = OrderedDict()
        self._generation = 0
        self._told: list[Callable[[], None]] = []

    # -- deciding ---------------------------------------------------------------------------

    def facts(self, actor: str, subject: str) -> Facts:
        """What is known now, by the copy if it is fresh, else by asking identity."""
        if self.age() <= BOUND_SECONDS:
            # What has changed is not remembered: this is as fresh as the copy.
            return self._facts.get((actor, subject)) or self._from_copy(actor, subject)
        return self._from_identity(actor, subject)

    def about(self, subjects: Collection[str]) -> Mapping[str, Facts]:
        """As `facts` with nobody acting; one question for all who are not remembered."""
        if self.age() > BOUND_SECONDS:
            return {subject: self._from_identity("", subject) for subject in subjects}
        remembered = {subject: self._facts.get(("", subject)) for subject in subjects}
        found = {subject: facts for subject, facts in remembered.items() if facts}
        missing = [subject for subject, facts in remembered.items() if facts is None]
        return found | self._all_from_copy(missing) if missing else found

    def age(self, now: float | None = None) -> float:
        """Seconds since the copy was last known to be complete."""
        now = self._clock.now().timestamp() if now is None else now
        if now - self._observed > _LOOK_AGAIN and now - self._looked > _LOOK_AGAIN:
            self._looked = now
            self._look()
        return _age(now, self._observed)

    def _from_copy(self, actor: str, subject: str) -> Facts:
        generation = self._generation
        with self._db.read() as conn:
            facts = Facts.of(_records(conn, actor, subject), actor, subject)
        self._remember({(actor, subject): facts}, generation)
        return facts

    def _all_from_copy(self, subjects: Collection[str]) -> dict[str, Facts]:
        generation = self._generation
        with self._db.read() as conn:
            records = _records_about(conn, subjects)
        found = {one: Facts.of(records.get(one, ()), "", one) for one in subjects}
        self._remember({("", one): facts for one, facts in found.items()}, generation)
        return found

    def _remember(self, found: Mapping[tuple[str, str], Facts], generation: int) -> None:
        """Unless a change came in while they were read: it has dropped what was remembered."""
        with self._lock:
            if generation != self._generation:
                return
            self._facts.update(found)
            while len(self._facts) > _CACHE_SIZE:
                self._facts.popitem(last=False)

    def _from_identity(self, actor: str, subject: str) -> Facts:
        if self._resolver is None:
            self._asked("refused")
            raise Unavailable("RELATIONS_STALE")
        try:
            answer = self._resolver(actor, subject)
        except (grpc.RpcError, XianbanError) as error:
            log.warning("relations_stale", error=repr(error))
            self._asked("refused")
            raise Unavailable("RELATIONS_STALE") from error
        self._asked("answered")
        return Facts.of(answer.records, actor, subject)

    def _asked(self, outcome: str) -> None:
        RELATIONS_ASKED.add(1, {SERVICE: self._db.owner, "xianban.outcome": outcome})

    # -- keeping up -------------------------------------------------------------------------

    def apply(self, conn: Connection, record: pb.RelationRecord) -> None:
        """Stores one record of the log, if it is newer than what is there."""
        _store(conn, record)
        sequence = _watermark(conn)[0]
        if record.sequence == sequence + 1:
            _set_watermark(conn, record.sequence, None)

    def applied(self, sequence: int) -> None:
        """To be called after the commit of :meth:`apply`."""
        if sequence > self._sequence + 1:
            self._look()
        with self._lock:
            if sequence == self._sequence + 1:
                self._sequence = sequence
            elif sequence > self._sequence:
                self._behind = True
            self._forget()
        self._tell()

    def heartbeat(self, beat: pb.RelationsHeartbeat) -> None:
        """Identity says how far its log goes; believed as far as we have caught up."""
        if beat.sequence > self._sequence:
            # Another replica may have applied what came in between.
            self._look()
        with self._lock:
            caught_up = self._sequence >= beat.sequence
            self._behind = self._behind or not caught_up
            if caught_up:
                self._observed = max(self._observed, _timestamp(beat.observe_time))

    def needs_sync(self, now: float) -> bool:
        """True when records are missing or no heartbeat came for half the bound."""
        return self._behind or self.age(now) > BOUND_SECONDS / 2

    def sync(self) -> None:
        """Reads the log from where we are: snapshot, tail and repair are the same."""
        if self._lister is None:
            return
        with self._syncing:
            self._read_log(self._lister)

    def _read_log(self, lister: Lister) -> None:
        self._look()
        self._behind = False
        page = lister(self._sequence)
        if page.sequence < self._sequence:
            # Identity was restored from a backup: what we hold may never have happened.
            log.warning("relations_rebuilt", ours=self._sequence, identity=page.sequence)
            self._clear()
            page = lister(0)
        self._store_page(page)
        for _ in range(100_000):
            if page.complete:
                return
            page = lister(page.records[-1].sequence)
            self._store_page(page)

    def _store_page(self, page: pb.ListRelationsResponse) -> None:
        last = page.sequence if page.complete else page.records[-1].sequence
        observed = page.observe_time.ToDatetime(UTC) if page.complete else None
        if page.records or last != self._sequence or self._db.dialect == "postgresql":
            with self._db.begin() as conn:
                for record in page.records:
                    _store(conn, record)
                _set_watermark(conn, last, observed)
        with self._lock:
            self._sequence = max(last, self._sequence)
            if observed is not None:
                self._observed = max(self._observed, observed.timestamp())
            if page.records:
                self._forget()
        if page.records:
            self._tell()

    def _clear(self) -> None:
        with self._db.begin() as conn:
            conn.execute(delete(relation_record))
            conn.execute(delete(relation_watermark))
        with self._lock:
            self._sequence, self._observed = 0, 0.0
            self._forget()
        self._tell()

    def _look(self) -> None:
        """Reads the shared watermark: another replica may have moved it."""
        try:
            with self._db.read() as conn:
                sequence, observed = _watermark(conn)
        except SQLAlchemyError as error:
            log.warning("relations_watermark_unreadable", error=repr(error))
            return
        with self._lock:
            moved = sequence > self._sequence
            self._sequence = max(sequence, self._sequence)
            self._observed = max(observed, self._observed)
            if moved:
                self._forget()
        if moved:
            self._tell()

    # -- telling ----------------------------------------------------------------------------

    def on_change(self, told: Callable[[], None]) -> Callable[[], None]:
        """Calls back after every change; returns what ends it."""
        with self._lock:
            self._told.append(told)
        return lambda: self._untell(told)

    def _untell(self, told: Callable[[], None]) -> None:
        with self._lock:
            self._told.remove(told)

    def _forget(self) -> None:
        """With the lock held in which the copy is said to be newer: nothing older is believed."""
        self._generation += 1
        self._facts.clear()

    def _tell(self) -> None:
        """Wakes who waits for changes."""
        with self._lock:
            told = list(self._told)
        for callback in told:
            callback()


def _age(now: float, observed: float) -> float:
    # Knowledge from the future means that a clock was set back: it is not to be believed.
    return max(now - observed, 0.0) if observed - now <= _SKEW else float("inf")


def _records(conn: Connection, actor: str, subject: str) -> Iterable[pb.RelationRecord]:
    table = relation_record.c
    query = select(table.data).where(
        table.active,
        or_(
            (table.actor == actor) & (table.subject == subject),
            (table.actor == actor) & (table.subject == ""),
            (table.actor == "") & (table.subject == subject) & (table.subject != ""),
        ),
    )
    return [pb.RelationRecord.FromString(data) for data in conn.execute(query).scalars()]


def _records_about(
    conn: Connection, subjects: Collection[str]
) -> dict[str, list[pb.RelationRecord]]:
    table = relation_record.c
    mine = among(conn, table.subject, subjects)
    query = select(table.subject, table.data).where(table.active, table.actor == "", mine)
    found: dict[str, list[pb.RelationRecord]] = {}
    for subject, data in conn.execute(query):
        found.setdefault(subject, []).append(pb.RelationRecord.FromString(data))
    return found


def _watermark(conn: Connection) -> tuple[int, float]:
    table = relation_watermark.c
    row = conn.execute(
        select(table.sequence, table.observe_time).where(table.source == _SOURCE)
    ).first()
    return (row.sequence, row.observe_time.timestamp()) if row else (0, 0.0)


def _set_watermark(conn: Connection, sequence: int, observed: datetime | None) -> None:
    """Moves the watermark on, never back: replicas read the log side by side."""
    table = relation_watermark
    row = {"source": _SOURCE, "sequence": sequence, "observe_time": observed or _NEVER}
    if insert_new(conn, table, row):
        return
    values: dict[str, Any] = {"sequence": sequence}
    if observed is not None:
        values["observe_time"] = observed
    newer = (table.c.source == _SOURCE) & (table.c.sequence <= sequence)
    conn.execute(table.update().where(newer).values(values))


Kind = Literal["relation", "consent", "membership", "person"]


def _store(conn: Connection, record: pb.RelationRecord) -> None:
    values = _row(record)
    table = relation_record
    if insert_new(conn, table, values):
        return
    older = (
        (table.c.kind == values["kind"])
        & (table.c.id == values["id"])
        & (table.c.sequence < record.sequence)
    )
    conn.execute(table.update().where(older).values(values))


def _row(record: pb.RelationRecord) -> dict[str, Any]:
    kind: Kind | None = record.WhichOneof("record")
    if kind is None:
        raise ValueError(f"relation record {record.sequence} says nothing")
    state = getattr(record, kind)
    actor, subject = _pair(record, kind)
    expires = getattr(state, "expire_time", None)
    return {
        "kind": kind,
        "id": state.person if kind == "person" else state.id,
        "sequence": record.sequence,
        "actor": actor,
        "subject": subject,
        "data": record.SerializeToString(),
        "active": kind == "person" or state.active,
        "expire_time": expires.ToDatetime(UTC) if expires and expires.seconds else None,
    }


def _pair(record: pb.RelationRecord, kind: Kind) -> tuple[str, str]:
    if kind == "relation":
        return record.relation.actor, record.relation.subject
    if kind == "membership":
        return record.membership.person, ""
    return "", record.consent.subject if kind == "consent" else record.person.person


def _timestamp(instant: Any) -> float:
    return instant.seconds + instant.nanos / 1e9
