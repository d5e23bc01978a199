"""How long rows are kept once they have done their work."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Column, Table, delete

from xianban_sdk.clock import Clock
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.tables import disclosure, disclosure_total, idempotency, inbox, outbox
from xianban_sdk.telemetry import log

__all__ = ["KEPT", "Kept", "prune", "prune_each_hour"]

_DAY = timedelta(days=1)
_HOUR_SECONDS = 3600.0


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
    # As long as the audit: PIPL art. 56 wants records of what was given to others for three years.
    Kept(disclosure, disclosure.c.last_at, 3 * 365 * _DAY),
    Kept(disclosure_total, disclosure_total.c.last_at, 3 * 365 * _DAY),
)


def prune(db: Database, now: datetime, kept: Iterable[Kept] = KEPT) -> int:
    """Forget what is older; unsent events, dead letters and audit rows stay."""
    pruned = 0
    for table, since, span in kept:
        with db.begin() as conn:
            pruned += conn.execute(delete(table).where(since < now - span)).rowcount
    return pruned


def prune_each_hour(
    db: Database, clock: Clock, kept: Sequence[Kept], stop: threading.Event
) -> None:
    """Until it is stopped; not at the start, which belongs to the people who wait for it."""
    while not stop.wait(_HOUR_SECONDS):
        try:
            prune(db, clock.now(), kept)
        except Exception:
            log.exception("retention_failed", service=db.owner)
