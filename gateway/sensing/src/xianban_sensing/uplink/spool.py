"""What could not be handed on yet, kept on disk until a service takes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
)
from xianban_sdk.storage import Database, Encrypted

__all__ = ["Kind", "Spool", "Spooled"]

Kind = Literal["event", "batch", "letter"]

_metadata = MetaData()
_spool = Table(
    "spool",
    _metadata,
    Column(
        "seq",
        BigInteger().with_variant(Integer(), "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    Column("domain", Text, nullable=False),
    # Events go first: somebody may be waiting for help.
    Column("kind", Text, nullable=False),
    Column("request", Encrypted(LargeBinary, "spool.request"), nullable=False),
    Column("traceparent", Text, nullable=False),
    Index("spool_next", "domain", "kind", "seq"),
    sqlite_autoincrement=True,
)
_FIRST: Final = 50


@dataclass(frozen=True, slots=True)
class Spooled:
    """One request that waits."""

    seq: int
    request: bytes
    traceparent: str


class Spool:
    """A SQLite file that outlives the process; its rows are encrypted like any health data."""

    def __init__(self, path: Path) -> None:
        self._db = Database.open(f"sqlite:///{path}", owner="uplink")
        with self._db.begin() as conn:
            _metadata.create_all(conn)
        self._held: dict[tuple[str, str], int] = {}
        with self._db.read() as conn:
            counted = select(_spool.c.domain, _spool.c.kind, func.count())
            for domain, kind, held in conn.execute(
                counted.group_by(_spool.c.domain, _spool.c.kind)
            ):
                self._held[(domain, kind)] = held

    def holds(self, domain: str, kind: Kind) -> int:
        """How many requests of a domain wait."""
        return self._held.get((domain, kind), 0)

    def waiting(self) -> dict[tuple[str, str], int]:
        """How many requests wait, by domain and kind."""
        return dict(self._held)

    def domains(self) -> list[str]:
        """Those for which something waits."""
        return sorted({domain for (domain, _), held in self._held.items() if held})

    def put(self, domain: str, kind: Kind, request: bytes, traceparent: str) -> None:
        """On disk when this returns."""
        row = {"domain": domain, "kind": kind, "request": request, "traceparent": traceparent}
        with self._db.begin() as conn:
            conn.execute(insert(_spool), row)
            self._held[(domain, kind)] = self.holds(domain, kind) + 1

    def first(self, domain: str, kind: Kind) -> list[Spooled]:
        """The oldest that wait."""
        query = select(_spool.c.seq, _spool.c.request, _spool.c.traceparent)
        mine = query.where(_spool.c.domain == domain, _spool.c.kind == kind)
        with self._db.read() as conn:
            rows = conn.execute(mine.order_by(_spool.c.seq).limit(_FIRST)).all()
        return [Spooled(*row) for row in rows]

    def taken(self, domain: str, kind: Kind, spooled: Spooled) -> None:
        """A service has it."""
        with self._db.begin() as conn:
            conn.execute(delete(_spool).where(_spool.c.seq == spooled.seq))
            self._held[(domain, kind)] = self.holds(domain, kind) - 1

    def close(self) -> None:
        self._db.close()
