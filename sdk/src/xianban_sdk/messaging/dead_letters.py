"""Events that could not be applied, and the followers that wait behind them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from xianban_sdk.errors import NotFound
from xianban_sdk.messaging.event import Event, decode_event, encode_event
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.tables import dead_letter

__all__ = ["DeadLetter", "State", "count_by_state", "count_dead", "inspect", "list_dead"]

State = Literal["dead", "parked"]


# Made once: every event passes here.
_FIRST = (
    select(dead_letter.c.seq)
    .where(
        dead_letter.c.consumer_group == bindparam("group"),
        dead_letter.c.source == bindparam("source"),
        dead_letter.c.aggregate == bindparam("aggregate"),
    )
    .limit(1)
)

_ANY = select(dead_letter.c.seq).where(dead_letter.c.consumer_group == bindparam("group")).limit(1)


@dataclass(frozen=True)
class DeadLetter:
    """An event that waits for a person: `dead` failed itself, `parked` follows a dead one."""

    id: str
    group: str
    state: State
    error: str
    attempts: int
    created_at: datetime
    event: Event


def list_dead(db: Database, *, parked: bool = True) -> list[DeadLetter]:
    """All of them, oldest first; without the parked ones if asked."""
    query = select(dead_letter).order_by(dead_letter.c.seq)
    if not parked:
        query = query.where(dead_letter.c.state == "dead")
    with db.read() as conn:
        return [_letter(row) for row in conn.execute(query)]


def inspect(db: Database, id: str) -> DeadLetter:  # noqa: A002 - the column's name
    with db.read() as conn:
        return load(conn, id)


def count_by_state(conn: Connection) -> dict[str, int]:
    """How many are dead, how many are parked."""
    query = select(dead_letter.c.state, func.count().label("found")).group_by(dead_letter.c.state)
    return {row.state: row.found for row in conn.execute(query)}


def count_dead(conn: Connection) -> int:
    """How many events failed, for health and metrics."""
    query = select(func.count()).where(dead_letter.c.state == "dead")
    return conn.scalar(query) or 0


def load(conn: Connection, letter_id: str, *, lock: bool = False) -> DeadLetter:
    query = select(dead_letter).where(dead_letter.c.id == letter_id)
    row = conn.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("DEAD_LETTER_NOT_FOUND", field="id")
    return _letter(row)


def any_waits(conn: Connection, group: str) -> bool:
    """Whether any event of the group waits, whatever its aggregate."""
    return conn.execute(_ANY, {"group": group}).first() is not None


def is_blocked(conn: Connection, group: str, event: Event) -> bool:
    """Whether an earlier event of this aggregate still waits.

    Locks what it finds: a replay that is just removing the last one finishes first.
    """
    same = {"group": group, "source": event.source, "aggregate": event.aggregate}
    if conn.execute(_FIRST, same).first() is None:
        return False
    return conn.execute(_FIRST.with_for_update(), same).first() is not None


def add(conn: Connection, letter: DeadLetter) -> None:
    conn.execute(
        insert(dead_letter).values(
            id=letter.id,
            consumer_group=letter.group,
            event_id=letter.event.id,
            source=letter.event.source,
            aggregate=letter.event.aggregate,
            routing_key=letter.event.routing_key,
            state=letter.state,
            error=letter.error,
            attempts=letter.attempts,
            event=encode_event(letter.event),
            created_at=letter.created_at,
        )
    )


def remove(conn: Connection, letter_id: str) -> None:
    conn.execute(delete(dead_letter).where(dead_letter.c.id == letter_id))


def mark_dead(conn: Connection, letter: DeadLetter, error: str) -> None:
    conn.execute(
        update(dead_letter)
        .where(dead_letter.c.id == letter.id)
        .values(state="dead", error=error, attempts=letter.attempts + 1)
    )


def first_of_aggregate(conn: Connection, group: str, event: Event) -> DeadLetter | None:
    """The oldest event of the aggregate that still waits."""
    query = select(dead_letter).where(_same_aggregate(group, event))
    row = conn.execute(query.order_by(dead_letter.c.seq).limit(1)).one_or_none()
    return _letter(row) if row else None


def _same_aggregate(group: str, event: Event) -> ColumnElement[bool]:
    return (
        (dead_letter.c.consumer_group == group)
        & (dead_letter.c.source == event.source)
        & (dead_letter.c.aggregate == event.aggregate)
    )


def _letter(row: Row[tuple[object, ...]]) -> DeadLetter:
    return DeadLetter(
        id=row.id,
        group=row.consumer_group,
        state=row.state,
        error=row.error,
        attempts=row.attempts,
        created_at=row.created_at,
        event=decode_event(bytes(row.event)),
    )
