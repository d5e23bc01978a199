"""One RPC or one message is one transaction; the SDK commits it at the edge, handlers never do."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from google.protobuf.message import Message
from sqlalchemy import Connection, insert

from xianban_sdk import telemetry
from xianban_sdk.clock import Clock
from xianban_sdk.ids import Ids
from xianban_sdk.messaging import outbox
from xianban_sdk.messaging.event import Event, event_type, routing_key
from xianban_sdk.storage import timer_rows
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.tables import audit

__all__ = ["CallInfo", "Opened", "UnitOfWork", "open_unit_of_work"]

_log = structlog.get_logger("xianban.storage")

_NEW_AUDITS = insert(audit)
# Timers look by themselves more often than this: only what is due before needs to wake them.
_SOON = timedelta(seconds=1)


@dataclass(frozen=True)
class CallInfo:
    """Who acts, for whom, in which trace: goes into every event and audit row."""

    actor: str = ""
    subject: str = ""
    traceparent: str = ""
    tracestate: str = ""

    @property
    def trace_id(self) -> str:
        return self.traceparent.split("-")[1] if self.traceparent.count("-") == 3 else ""


class UnitOfWork:
    """What a handler may do inside the one transaction of its call."""

    def __init__(
        self, db: Database, conn: Connection, *, clock: Clock, ids: Ids, call: CallInfo
    ) -> None:
        self.conn = conn
        self.clock = clock
        self.ids = ids
        self.call = call
        # When what this is about reached the suite; None: it is about nothing that came in.
        self.arrived_at: datetime | None = None
        self._db = db
        self._events: list[Event] = []
        self._audits: list[dict[str, Any]] = []
        self._due_soon = False
        self._after_commit: list[Callable[[], None]] = []

    def emit(self, event: Message, *, aggregate: str, domain: str | None = None) -> str:
        """Tell the others, once this commits. Returns the event's id.

        `aggregate` is the resource whose events stay in order. Messages of `common` are
        published under `domain`, by default this service's.
        """
        if domain is None and event_type(event).startswith("xianban.common."):
            domain = self._db.owner
        made = Event(
            id=self.ids.new(),
            source=f"/services/{self._db.owner}",
            type=event_type(event),
            routing_key=routing_key(event, domain),
            subject=self.call.subject,
            aggregate=aggregate,
            time=self.clock.now(),
            data=event.SerializeToString(deterministic=True),
            traceparent=telemetry.traceparent(self.call.traceparent),
            tracestate=self.call.tracestate,
            actor=self.call.actor,
        )
        self._events.append(made)
        return made.id

    def audit(self, action: str, subject: str, outcome: str = "allowed", basis: str = "") -> None:
        """Record who touched whose data; becomes true with the transaction."""
        self._audits.append(
            {
                "id": self.ids.new(),
                "time": self.clock.now(),
                "service": self._db.owner,
                "action": action,
                "actor": self.call.actor,
                "subject": subject,
                "basis": basis,
                "outcome": outcome,
                "trace_id": self.call.trace_id,
            }
        )

    def schedule(self, kind: str, key: str, due_at: datetime, payload: bytes = b"") -> None:
        """Fire `kind`'s handler once at `due_at`; the same kind and key again moves it."""
        timer = timer_rows.Timer(kind, key, due_at, payload, self.call.traceparent)
        timer_rows.schedule(self.conn, timer)
        self._due_soon = self._due_soon or due_at - self.clock.now() < _SOON

    def cancel(self, kind: str, key: str) -> bool:
        """Take a timer back; False when there was none (any more)."""
        return timer_rows.cancel(self.conn, kind, key)

    def after_commit(self, fn: Callable[[], None]) -> None:
        """Call `fn` once this is committed; its failure is logged and changes nothing."""
        self._after_commit.append(fn)

    def flush(self) -> None:
        """Write what was collected; the SDK calls this as the transaction's last act."""
        if self._audits:
            self.conn.execute(_NEW_AUDITS, self._audits)
        outbox.write_all(self.conn, self._events)

    def committed(self) -> None:
        """Wake relay, sealer and timers and run `after_commit`; the SDK calls this."""
        if self._events:
            self._db.outbox_written.set()
        if self._audits:
            self._db.audit_written.set()
        if self._due_soon:
            self._db.timers_written.set()
        for fn in self._after_commit:
            try:
                fn()
            except Exception:
                _log.exception("after_commit_failed", service=self._db.owner)


Opened = AbstractContextManager[UnitOfWork]


@contextmanager
def open_unit_of_work(
    db: Database, *, clock: Clock, ids: Ids, call: CallInfo | None = None
) -> Generator[UnitOfWork]:
    """Open, hand out, commit; everything or nothing."""
    with db.begin() as conn:
        uow = UnitOfWork(db, conn, clock=clock, ids=ids, call=call or CallInfo())
        yield uow
        uow.flush()
    uow.committed()
