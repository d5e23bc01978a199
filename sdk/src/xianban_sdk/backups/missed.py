"""Events between two services whose databases are not of one instant, or whose broker was lost.

What was seen twice the inbox drops. What was marked as sent and never reached a service is found by
comparing: outboxes keep a week, inboxes thirty days.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import func, select, update

from xianban_sdk.app import Service, database_url
from xianban_sdk.messaging.event import matches
from xianban_sdk.running import patterns
from xianban_sdk.settings import Settings
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.tables import dead_letter, inbox, outbox

__all__ = ["Missed", "find_missed", "send_again"]

_BATCH: Final = 500
# Outboxes may have forgotten what is older.
_KNOWN: Final = timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Missed:
    """`by_sender`: ids of events that somebody should have and has not; `by_receiver` counts them.

    `orphans` counts, by receiver, events that were applied and that no sender knows: the sender's
    rows are older than the receiver's. Nothing mends these but people.
    """

    by_sender: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    by_receiver: dict[str, int] = field(default_factory=dict[str, int])
    orphans: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def events(self) -> int:
        """How many different ones."""
        return sum(len(ids) for ids in self.by_sender.values())


def find_missed(services: Sequence[Service], settings: Settings) -> Missed:
    """Compares every outbox with every inbox; changes nothing."""
    found = Missed()
    with ExitStack() as stack:
        opened = {one.name: _opened(one.name, settings, stack) for one in services}
        for sender, db in opened.items():
            for batch in _sent(db):
                for receiver in services:
                    ids = _not_there(opened[receiver.name], receiver, batch)
                    found.by_sender.setdefault(sender, set()).update(ids)
                    count = found.by_receiver.get(receiver.name, 0) + len(ids)
                    found.by_receiver[receiver.name] = count
        for name, db in opened.items():
            found.orphans[name] = _orphans(db, list(opened.values()))
    return found


def send_again(services: Sequence[Service], settings: Settings, missed: Missed) -> None:
    """Lets the relays send them at the next start; who has them already drops them."""
    with ExitStack() as stack:
        for one in services:
            ids = sorted(missed.by_sender.get(one.name, ()))
            db = _opened(one.name, settings, stack) if ids else None
            for start in range(0, len(ids), _BATCH):
                assert db is not None
                with db.begin() as conn:
                    chosen = outbox.c.id.in_(ids[start : start + _BATCH])
                    conn.execute(update(outbox).where(chosen).values(sent_at=None))


def _opened(name: str, settings: Settings, stack: ExitStack) -> Database:
    db = Database.open(database_url(name, settings), owner=name)
    stack.callback(db.close)
    return db


def _sent(db: Database) -> Iterator[list[Any]]:
    """Batches of (seq, id, routing key), the oldest first."""
    last = 0
    query = select(outbox.c.seq, outbox.c.id, outbox.c.routing_key).order_by(outbox.c.seq)
    while True:
        with db.read() as conn:
            more = outbox.c.sent_at.is_not(None) & (outbox.c.seq > last)
            batch = list(conn.execute(query.where(more).limit(_BATCH)))
        if not batch:
            return
        last = batch[-1].seq
        yield batch


def _not_there(db: Database, receiver: Service, batch: Sequence[Any]) -> set[str]:
    heard = patterns(receiver)
    wanted = {row.id for row in batch if any(matches(p, row.routing_key) for p in heard)}
    return wanted - _known(db, wanted)


def _known(db: Database, ids: set[str]) -> set[str]:
    with db.read() as conn:
        ours = (inbox.c.consumer_group == db.owner, inbox.c.event_id.in_(ids))
        settled = conn.scalars(select(inbox.c.event_id).where(*ours))
        kept = conn.scalars(select(dead_letter.c.id).where(dead_letter.c.id.in_(ids)))
        return {*settled, *kept}


def _orphans(db: Database, senders: Sequence[Database]) -> int:
    count, last = 0, ""
    with db.read() as conn:
        newest = conn.scalar(select(func.max(inbox.c.settled_at)))
    if newest is None:
        return 0
    # A service may have groups of its own besides, which hear no service's outbox.
    recent = (inbox.c.consumer_group == db.owner, inbox.c.settled_at > newest - _KNOWN)
    query = select(inbox.c.event_id).where(*recent)
    while True:
        with db.read() as conn:
            more = query.where(inbox.c.event_id > last).order_by(inbox.c.event_id).limit(_BATCH)
            ids = set(conn.scalars(more))
        if not ids:
            return count
        last = max(ids)
        count += len(ids - {known for sender in senders for known in _told(sender, ids)})


def _told(db: Database, ids: set[str]) -> set[str]:
    with db.read() as conn:
        return set(conn.scalars(select(outbox.c.id).where(outbox.c.id.in_(ids))))
