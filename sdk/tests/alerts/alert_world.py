"""One domain with alerts, and a world in which its clock, timers and persons are moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import select
from xianban.common.v1 import alerts_pb2, messages_pb2
from xianban_sdk.alerts import (
    Alert,
    AlertBook,
    Alerts,
    Finding,
    Ladder,
    Recipient,
    Rung,
    Severity,
    timers,
)
from xianban_sdk.clock import ManualClock
from xianban_sdk.identity.access import Scope
from xianban_sdk.ids import SeededIds
from xianban_sdk.storage import Database, UnitOfWork, open_unit_of_work
from xianban_sdk.storage.tables import outbox
from xianban_sdk.timers import Timers

MINUTE = timedelta(minutes=1)
ELDER = "residents/elder"
FENGPU = "310120/fengpu"
Answer = TypeVar("Answer")

SEVERE = Ladder(
    [
        Rung("family", 3 * MINUTE),
        Rung("neighbourhood", 5 * MINUTE),
        Rung("station", 5 * MINUTE),
        Rung("120"),
    ],
    unhandled_after=15 * MINUTE,
)
LADDERS = {
    Severity.MODERATE: Ladder([Rung("family", 30 * MINUTE), Rung("station", 30 * MINUTE)]),
    Severity.SEVERE: SEVERE,
    Severity.EXTREME: Ladder([Rung("family", MINUTE), Rung("station", MINUTE), Rung("120")]),
}


class World:
    """A domain's alerts on a database; `stand` says who stands where."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.db = database
        self.clock = clock
        self.ids = SeededIds(3, clock)
        self.stand: dict[str, Sequence[str]] = {
            "family": ["daughter", "son"],
            "neighbourhood": ["neighbour"],
            "station": ["dispatcher"],
            "120": ["centre"],
        }
        self.broken = 0
        self.book = AlertBook(
            package="xianban_eldercare",
            who=self._who,
            ladders=LADDERS,
            name_of=lambda person, _alert, _uow: person.upper(),
        )
        self.timers = self.restarted()

    def _who(self, rung: Rung, _alert: Alert, _uow: UnitOfWork) -> list[Recipient]:
        if self.broken:
            self.broken -= 1
            raise LookupError("the roster can't be read")
        return [Recipient(person) for person in self.stand.get(rung.name, ())]

    def restarted(self) -> Timers:
        self.timers = Timers(self.db, timers(self.book), clock=self.clock, ids=self.ids)
        return self.timers

    def passes(self, time: timedelta) -> None:
        """The clock moves on and what is due fires."""
        self.clock.advance(time)
        self.timers.fire_due()

    def does(self, deed: Callable[[Alerts], Answer], scope: Scope | None = None) -> Answer:
        """One transaction."""
        with open_unit_of_work(self.db, clock=self.clock, ids=self.ids) as uow:
            return deed(Alerts(uow, self.book, scope))

    def person(self, name: str, deed: Callable[[Alerts], Answer]) -> Answer:
        """A person of the elder's district acts."""
        return self.does(deed, Scope(name, areas=("310120",)))

    def raised(self, severity: Severity = Severity.SEVERE, **changes: Any) -> Alert:
        chosen: dict[str, Any] = {
            "rule": "oxygen-low",
            "subject": ELDER,
            "severity": severity,
            "area": FENGPU,
            **changes,
        }
        return self.does(lambda alerts: alerts.raise_(Finding(**chosen)))

    def cleared(self, at: datetime | None = None) -> Alert | None:
        return self.does(lambda alerts: alerts.cleared("oxygen-low", ELDER, at=at))

    def get(self, alert: Alert) -> Alert:
        return self.does(lambda alerts: alerts.get(alert.id))

    # -- what others heard ------------------------------------------------------------------

    def heard(self, kind: Any) -> list[Any]:
        query = select(outbox.c.data).where(outbox.c.type == kind.DESCRIPTOR.full_name)
        with self.db.read() as conn:
            return [kind.FromString(data) for data in conn.scalars(query.order_by(outbox.c.seq))]

    def messages(self, occasion: str = "told") -> list[messages_pb2.MessageRequested]:
        found = self.heard(messages_pb2.MessageRequested)
        return [each for each in found if each.template == f"eldercare-alert-{occasion}"]

    def paged(self) -> list[str]:
        """Who was paged, in order, as rung:person."""
        return [f"{each.params['rung']}:{each.recipient}" for each in self.messages()]

    def rungs(self) -> list[str]:
        return [each.alert.rung for each in self.heard(alerts_pb2.AlertEscalated)]
