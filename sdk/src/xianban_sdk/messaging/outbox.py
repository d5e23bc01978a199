"""Events leave only with the transaction that made them true."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    RowMapping,
    Select,
    any_,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)

from xianban_sdk.messaging.event import Event
from xianban_sdk.storage.locks import lock_number
from xianban_sdk.storage.tables import outbox

__all__ = ["Pending", "Shard", "mark_sent", "pending", "unsent", "write", "write_all"]

_SLOTS = 64  # aggregates are spread over these; relays share the slots out


@dataclass(frozen=True)
class Shard:
    """One of `count` equal parts of the aggregates; all relays of a database use the same count."""

    index: int = 0
    count: int = 1

    def __str__(self) -> str:
        return f"{self.index}-of-{self.count}"


@dataclass(frozen=True)
class Pending:
    """What the relay still has to send."""

    events: int
    oldest: datetime | None


def write(conn: Connection, event: Event) -> None:
    write_all(conn, [event])


def write_all(conn: Connection, events: Sequence[Event]) -> None:
    """Write as the last thing in a transaction: numbers then follow the order of commits."""
    if not events:
        return
    if conn.dialect.name == "postgresql":
        _take_turns(conn, events)
    conn.execute(_NEW, [_row(event) for event in events])


def unsent(conn: Connection, limit: int, shard: Shard) -> list[tuple[int, Event]]:
    """The oldest unsent events with their numbers."""
    rows = conn.execute(_unsent(shard), {"most": limit}).mappings()
    return [(row["seq"], _event(row)) for row in rows]


def mark_sent(conn: Connection, numbers: Sequence[int], now: datetime) -> None:
    """By list: on PostgreSQL a lower number may be committed after a higher one was sent."""
    if conn.dialect.name == "postgresql":
        conn.execute(_SENT_ALL, {"numbers": list(numbers), "now": now})
    else:
        conn.execute(_SENT, [{"number": number, "now": now} for number in numbers])


_NEW = insert(outbox)
_SENT = update(outbox).where(outbox.c.seq == bindparam("number")).values(sent_at=bindparam("now"))
_NUMBERS = bindparam("numbers", type_=ARRAY(BigInteger))
_SENT_ALL = update(outbox).where(outbox.c.seq == any_(_NUMBERS)).values(sent_at=bindparam("now"))
_TURNS = text("SELECT pg_advisory_xact_lock(number) FROM unnest(CAST(:numbers AS bigint[])) number")


@cache
def _unsent(shard: Shard) -> Select[Any]:
    query = select(outbox).where(outbox.c.sent_at.is_(None))
    if shard.count > 1:
        query = query.where(outbox.c.shard % shard.count == shard.index)
    return query.order_by(outbox.c.seq).limit(bindparam("most"))


def pending(conn: Connection) -> Pending:
    query = select(func.count(), func.min(outbox.c.time)).where(outbox.c.sent_at.is_(None))
    events, oldest = conn.execute(query).one()
    return Pending(events, oldest)


def _take_turns(conn: Connection, events: Sequence[Event]) -> None:
    """One transaction at a time per aggregate, from numbering to commit: keeps their order."""
    numbers = sorted({lock_number("outbox", event.aggregate) for event in events})
    conn.execute(_TURNS, {"numbers": numbers})


def _row(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "shard": zlib.crc32(event.aggregate.encode()) % _SLOTS,
        "source": event.source,
        "type": event.type,
        "routing_key": event.routing_key,
        "actor": event.actor,
        "subject": event.subject,
        "aggregate": event.aggregate,
        "time": event.time,
        "data": event.data,
        "traceparent": event.traceparent,
        "tracestate": event.tracestate,
    }


def _event(row: RowMapping) -> Event:
    return Event(
        id=row["id"],
        source=row["source"],
        type=row["type"],
        routing_key=row["routing_key"],
        subject=row["subject"],
        aggregate=row["aggregate"],
        time=row["time"],
        data=bytes(row["data"]),
        traceparent=row["traceparent"],
        tracestate=row["tracestate"],
        actor=row["actor"],
    )
