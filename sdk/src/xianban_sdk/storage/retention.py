"""How long the SDK's own rows are kept once they have done their work."""

from datetime import datetime, timedelta

from sqlalchemy import Column, Table, delete

from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.tables import idempotency, inbox, outbox

__all__ = ["KEPT", "prune"]

_DAY = timedelta(days=1)

# Sent events stay for inspection. Inbox rows and first answers outlive any redelivery and retry.
KEPT: tuple[tuple[Table, Column[datetime], timedelta], ...] = (
    (outbox, outbox.c.sent_at, 7 * _DAY),
    (inbox, inbox.c.settled_at, 30 * _DAY),
    (idempotency, idempotency.c.created_at, 30 * _DAY),
)


def prune(db: Database, now: datetime) -> int:
    """Forget what is older; unsent events, dead letters and audit rows stay."""
    pruned = 0
    for table, settled_at, kept in KEPT:
        with db.begin() as conn:
            pruned += conn.execute(delete(table).where(settled_at < now - kept)).rowcount
    return pruned
