"""What others hear of an alert: persons by message, programs by event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from google.protobuf.message import Message
from xianban.common.v1 import alerts_pb2 as pb
from xianban.common.v1 import messages_pb2

from xianban_sdk.alerts.book import AlertBook
from xianban_sdk.alerts.climbing import Step
from xianban_sdk.alerts.convert import alert_to_wire, step_to_wire
from xianban_sdk.alerts.domain import Alert
from xianban_sdk.alerts.ladder import Recipient
from xianban_sdk.instruments import ALARM_TOLD, SERVICE
from xianban_sdk.names import named
from xianban_sdk.storage.unit_of_work import UnitOfWork

__all__ = ["Telling"]


class Telling:
    """Emits within one unit of work, for one book."""

    def __init__(self, uow: UnitOfWork, book: AlertBook) -> None:
        self._uow = uow
        self._book = book

    def raised(self, alert: Alert) -> None:
        """It stands."""
        self._emit(pb.AlertRaised(alert=self._wire(alert)), alert)

    def escalated(self, alert: Alert, people: Iterable[str]) -> None:
        """A rung was told."""
        self._emit(pb.AlertEscalated(alert=self._wire(alert), told=sorted(people)), alert)

    def changed(self, alert: Alert, step: Step) -> None:
        """Anything else happened."""
        wire = step_to_wire(step, self._book)
        self._emit(pb.AlertChanged(alert=self._wire(alert), step=wire), alert)

    def page(self, alert: Alert, person: Recipient) -> None:
        """Urgent, so that quiet hours are ignored, unless nobody need hurry."""
        key = f"{alert.id}/{alert.cycle}/{alert.rung}/{person.person}"
        urgent = not self._book.ladder(alert.climbing, alert.rule).calm
        self._message(alert, person.person, "told", key, dict(person.params), urgent=urgent)
        if self._uow.arrived_at is not None:
            self._uow.after_commit(self._measured(alert.rule, self._uow.arrived_at))

    def taken(self, alert: Alert, people: Iterable[str]) -> None:
        """Somebody has it: who was told need not run."""
        for person in people:
            if person != alert.acknowledged_by:
                self._message(alert, person, "taken", f"{alert.id}/taken/{alert.version}/{person}")

    def over(self, alert: Alert, people: Iterable[str]) -> None:
        """It ended before anybody had taken it: who was told need not run."""
        for person in people:
            if person != alert.acknowledged_by:
                self._message(alert, person, "over", f"{alert.id}/over/{person}")

    def worse(self, alert: Alert) -> None:
        """To who has it."""
        person = alert.acknowledged_by
        key = f"{alert.id}/worse/{int(alert.severity)}/{person}"
        self._message(alert, person, "worse", key, urgent=True)

    def late(self, alert: Alert, person: str, key: str, more: Mapping[str, str]) -> None:
        """A step of a playbook was not done in time."""
        urgent = not self._book.ladder(alert.climbing, alert.rule).calm
        self._message(alert, person, "late", f"{alert.id}/late/{key}/{person}", more, urgent=urgent)

    def _message(
        self,
        alert: Alert,
        person: str,
        occasion: str,
        key: str,
        more: Mapping[str, str] | None = None,
        *,
        urgent: bool = False,
    ) -> None:
        message = messages_pb2.MessageRequested(
            recipient=person,
            template=self._book.template(occasion),
            params={**self._values(alert), **(more or {})},
            link=self._book.page(alert),
            urgent=urgent,
            dedupe_key=key,
            subject=alert.resident,
            alert=alert.name if occasion == "told" else "",
        )
        if occasion == "told" and self._uow.arrived_at is not None:
            message.arrive_time.FromDatetime(self._uow.arrived_at)
        # Messages stay in order with the alert's events.
        self._emit(message, alert)

    def _measured(self, rule: str, arrived: datetime) -> Callable[[], None]:
        # A place may follow the rule's name: there are too many of them.
        labels = {SERVICE: self._book.domain, "xianban.rule": rule.partition("/")[0]}
        seconds = (self._uow.clock.now() - arrived).total_seconds()
        return lambda: ALARM_TOLD.record(max(seconds, 0.0), labels)

    def _values(self, alert: Alert) -> dict[str, str]:
        newest = alert.reasons[-1] if alert.reasons else None
        return {
            **(newest.params if newest else {}),
            "subject": alert.subject_display,
            "rule": alert.rule,
            "severity": alert.severity.name.lower(),
            "rung": alert.rung,
            **named("by", alert.acknowledged_by, alert.acknowledged_by_display),
            "reason": newest.text if newest else "",
            **self._book.params(alert),
        }

    def _emit(self, event: Message, alert: Alert) -> None:
        self._uow.emit(event, aggregate=alert.name, domain=self._book.domain)

    def _wire(self, alert: Alert) -> pb.Alert:
        return alert_to_wire(alert, self._book)
