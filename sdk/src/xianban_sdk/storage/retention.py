"""How long rows are kept once they have done their work."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Column, Table, delete

from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.tables import idempotency, inbox, outbox

__all__ = ["KEPT", "Kept", "prune"]

_DAY = timedelta(days=1)


class Kept(NamedTuple):
    """Rows go when this instant of theirs is so long ago; without the instant they stay."""

    table: Table
    since: Column[datetime]
    span: timedelta


# Sent events stay for inspection. Inbox rows and first answers outlive any redelivery and retry.
KEPT = (
    Kept(outbox, outbox.c.sent_at, 7 * _DAY),
    Kept(inbox, inbox.c.settled_at, 30 * _DAY),
    Kept(idempotency, idempotency.c.created_at, 30 * _DAY),
)


def prune(db: Database, now: datetime, kept: Iterable[Kept] = KEPT) -> int:
    """Forget what is older; unsent events, dead letters and audit rows stay."""
    pruned = 0
    for table, since, span in kept:
        with db.begin() as conn:
            pruned += conn.execute(delete(table).where(since < now - span)).rowcount
    return pruned
