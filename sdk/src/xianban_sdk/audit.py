"""Who touched whose data: append-only rows, sealed into a hash chain that shows any change.

Rows are written unchained, in the business transaction; one sealer per database chains them
within a second. A chain proves what lies before its head: keep heads elsewhere (`head`, logged by
the sealer) to notice that the newest rows were cut off.
"""

import hashlib
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, Row, bindparam, func, insert, select

from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.instant import to_micros
from xianban_sdk.storage.locks import try_lock
from xianban_sdk.storage.paging import decode_page, encode_page
from xianban_sdk.storage.tables import audit, audit_seal

__all__ = [
    "Access",
    "Head",
    "Sealer",
    "VerifyResult",
    "head",
    "list_accesses",
    "oldest_unsealed",
    "verify",
]

_log = structlog.get_logger("xianban.audit")

_START = bytes(32)
_CLAIM = 500
_POLL = 0.5
_STANDBY = 1.0
# After some were chained: what comes meanwhile shares the next commit.
_GATHER = 0.2
# How often the whole log is walked for rows that were numbered early and committed late.
_WALK = 60.0
_FIELDS = ("id", "service", "action", "actor", "subject", "basis", "outcome", "trace_id")


@dataclass(frozen=True, slots=True)
class Access:
    """One look at, or change of, a resident's data."""

    id: str
    time: datetime
    service: str
    action: str
    actor: str
    subject: str
    basis: str
    outcome: str
    trace_id: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: whoever keeps it can tell later whether anything before it changed."""

    position: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """`first_bad_row` is the audit id at which the chain breaks; None when it holds."""

    first_bad_row: str | None
    rows: int
    reason: str = ""
    head: Head = Head(0, _START)


class Sealer:
    """Chains new rows; several processes may run it, one is active."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._sure = 0  # up to this number every row is chained
        self._top = 0  # the newest number at the last walk
        self._walk_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Seal until told to stop; survives the loss of the database."""
        while not stop.is_set():
            try:
                with try_lock(self._db, "audit-sealer") as still_held:
                    while still_held and not stop.is_set():
                        self._db.audit_written.clear()
                        if count := self._seal_some():
                            stop.wait(_GATHER if count < _CLAIM else 0)
                            continue
                        still_held()
                        self._db.audit_written.wait(_POLL)
                stop.wait(_STANDBY)
            except Exception:
                _log.exception("sealer_failed", service=self._db.owner)
                stop.wait(_STANDBY)

    def seal(self) -> int:
        """Chain everything there is now; returns how many rows."""
        sealed = 0
        with try_lock(self._db, "audit-sealer") as still_held:
            while still_held and (count := self._seal_some()):
                sealed += count
        return sealed

    def _seal_some(self) -> int:
        if not (rows := self._look()):
            return 0
        try:
            with self._db.begin() as conn:
                seals = list(_chain(head(conn), rows))
                conn.execute(insert(audit_seal), seals)
        except BaseException:
            self._walk_at = 0.0
            raise
        if self._db.file:
            self._sure = max(self._sure, rows[-1].seq)
        last = seals[-1]
        _log.info(
            "audit_sealed",
            service=self._db.owner,
            rows=len(rows),
            position=last["position"],
            head=last["hash"].hex(),
        )
        return len(rows)

    def _look(self) -> list[Row[Any]]:
        """Unchained rows; a look that is no walk passes over what is surely chained."""
        now = time.monotonic()
        with self._db.read() as conn:
            if now < self._walk_at:
                return _unsealed(conn, self._sure)
            top = conn.scalar(_TOP) or 0
            rows = _unsealed(conn, 0)
        if len(rows) < _CLAIM:
            # SQLite commits in the order of the numbers; PostgreSQL within a walk's time of it.
            self._sure, self._top = top if self._db.file else self._top, top
            self._walk_at = now + _WALK
        return rows


_TOP = select(func.max(audit.c.seq))
_UNSEALED = (
    select(audit)
    .outerjoin(audit_seal, audit_seal.c.audit_id == audit.c.id)
    .where(audit_seal.c.audit_id.is_(None), audit.c.seq > bindparam("sure"))
    .order_by(audit.c.seq)
    .limit(_CLAIM)
)
_END = (
    select(audit_seal.c.position, audit_seal.c.hash).order_by(audit_seal.c.position.desc()).limit(1)
)

_LAST_SEALED = (
    select(audit.c.seq)
    .join(audit_seal, audit_seal.c.audit_id == audit.c.id)
    .order_by(audit_seal.c.position.desc())
    .limit(1)
)


def head(conn: Connection) -> Head:
    """The chain's end, to be kept somewhere else."""
    row = conn.execute(_END).one_or_none()
    return Head(row.position, bytes(row.hash)) if row else Head(0, _START)


def oldest_unsealed(conn: Connection) -> datetime | None:
    """When the oldest row behind the chain's head was written; None when the head is the newest.

    By number, along its index: a row that was numbered early and committed late is the walk's.
    """
    last = conn.scalar(_LAST_SEALED) or 0
    return conn.scalar(
        select(audit.c.time).where(audit.c.seq > last).order_by(audit.c.seq).limit(1)
    )


def verify(db: Database, *, kept: Head | None = None) -> VerifyResult:
    """Walk the chain from its start and name the first row that is not as it was sealed.

    With a `kept` head, also notices that rows up to it were cut off or chained anew.
    """
    end = Head(0, _START)
    with db.read() as conn:
        for row in _sealed_rows(conn):
            if fault := _fault(end, row):
                return VerifyResult(row.audit_id, end.position, fault, end)
            end = Head(row.position, bytes(row.hash))
            if kept and end.position == kept.position and end.hash != kept.hash:
                return VerifyResult(row.audit_id, end.position, "not the chain that was kept", end)
    if kept and end.position < kept.position:
        return VerifyResult(f"seal {end.position + 1}", end.position, "rows were cut off", end)
    return VerifyResult(None, end.position, "", end)


def list_accesses(
    conn: Connection, subject: str, *, page_size: int = 50, page_token: str = ""
) -> tuple[list[Access], str]:
    """Who looked at this person's data, newest first, and the next page's token."""
    position = decode_page(page_token)
    query = select(audit).where(audit.c.subject == subject)
    if position:
        # A token is for the person it was made for: another's simply starts at their own rows.
        query = query.where(audit.c.seq < position["seq"])
    size = page_size or 50
    rows = conn.execute(query.order_by(audit.c.seq.desc()).limit(size + 1)).all()
    token = encode_page({"seq": rows[size - 1].seq}) if len(rows) > size else ""
    return [_access(row) for row in rows[:size]], token


def _unsealed(conn: Connection, sure: int) -> list[Row[Any]]:
    return list(conn.execute(_UNSEALED, {"sure": sure}))


def _chain(end: Head, rows: list[Row[Any]]) -> Iterator[dict[str, Any]]:
    position, previous = end.position, end.hash
    for row in rows:
        position += 1
        sealed = _seal_hash(previous, position, row)
        yield {"position": position, "audit_id": row.id, "prev_hash": previous, "hash": sealed}
        previous = sealed


def _sealed_rows(conn: Connection) -> Iterator[Row[Any]]:
    """The whole chain, some rows at a time."""
    columns = [column for column in audit.columns if column.name != "seq"]
    query = (
        select(audit_seal, audit.c.seq, *columns)
        .outerjoin(audit, audit.c.id == audit_seal.c.audit_id)
        .order_by(audit_seal.c.position)
        .limit(_CLAIM)
    )
    last = -1
    while rows := conn.execute(query.where(audit_seal.c.position > last)).all():
        yield from rows
        last = rows[-1].position


def _fault(end: Head, row: Row[Any]) -> str:
    if row.position != end.position + 1:
        return f"seal {end.position + 1} is missing"
    if row.id is None:
        return "the row is missing"
    if bytes(row.prev_hash) != end.hash:
        return "it does not follow its predecessor"
    if bytes(row.hash) != _seal_hash(end.hash, row.position, row):
        return "it was changed"
    return ""


def _seal_hash(previous: bytes, position: int, row: Row[Any]) -> bytes:
    return hashlib.sha256(previous + _canonical(position, row)).digest()


def _canonical(position: int, row: Row[Any]) -> bytes:
    """Lengths before texts, so that no two rows share bytes."""
    parts = [struct.pack(">qqq", position, row.seq, to_micros(row.time))]
    for name in _FIELDS:
        value = str(getattr(row, name)).encode()
        parts.append(struct.pack(">I", len(value)) + value)
    return b"".join(parts)


def _access(row: Row[Any]) -> Access:
    return Access(**{name: getattr(row, name) for name in Access.__slots__})
