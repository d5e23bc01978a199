"""An answer that somebody gave elsewhere (政务微信) takes the alert as if they had opened it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final

from xianban.common.v1 import messages_pb2

from xianban_sdk.alerts.book import AlertBook
from xianban_sdk.alerts.convert import alert_id
from xianban_sdk.alerts.life import Alerts
from xianban_sdk.alerts.repository import AlertRows
from xianban_sdk.errors import PermissionDenied, Unavailable, XianbanError
from xianban_sdk.identity.access import AccessRule, Authoriser, Grant
from xianban_sdk.identity.facts import Facts
from xianban_sdk.identity.principal import Principal
from xianban_sdk.identity.relations import BOUND_SECONDS, Relations
from xianban_sdk.messaging.consumers import consumer
from xianban_sdk.messaging.event import Event
from xianban_sdk.repository import MachineScope
from xianban_sdk.rpc.methods import Method
from xianban_sdk.storage.unit_of_work import UnitOfWork

__all__ = ["ANSWERED", "FromTheCopy", "answer_consumer"]

ANSWERED: Final = "notify.v1.acknowledgement_received"
_STAFF: Final = "/xianban.common.v1.AlertService/AcknowledgeAlert"


class FromTheCopy:
    """Facts for decisions inside of a transaction: nobody is asked, stale ones wait."""

    def __init__(self, relations: Relations) -> None:
        self._relations = relations

    def facts(self, actor: str, subject: str) -> Facts:
        """As fresh as the copy is; Unavailable, which the inbox tries again, where it is stale."""
        self._must_be_fresh()
        return self._relations.facts(actor, subject)

    def about(self, subjects: Collection[str]) -> Mapping[str, Facts]:
        """As `facts`."""
        self._must_be_fresh()
        return self._relations.about(subjects)

    def on_change(self, told: Callable[[], None]) -> Callable[[], None]:
        """As the copy itself."""
        return self._relations.on_change(told)

    def _must_be_fresh(self) -> None:
        if self._relations.age() > BOUND_SECONDS / 2:
            raise Unavailable("RELATIONS_STALE")


def answer_consumer(
    book: AlertBook, methods: Mapping[str, Method], authoriser: Authoriser
) -> Callable[..., None]:
    """Judged by the policy of the RPC that the person would have called, as that person."""

    judge = _Judge({path: one.rule for path, one in methods.items()}, authoriser, book)

    @consumer(ANSWERED)
    def on_answer(
        event: messages_pb2.AcknowledgementReceived, *, uow: UnitOfWork, meta: Event
    ) -> None:
        if event.domain != book.domain:
            return
        reason = ""
        try:
            _take(event, judge, book, uow)
        except Unavailable:
            raise
        except XianbanError as error:
            reason = error.reason
        told = messages_pb2.AcknowledgementSettled(id=event.id, accepted=not reason, reason=reason)
        uow.emit(told, aggregate=event.alert, domain=book.domain)

    return on_answer


class _Judge:
    def __init__(
        self, rules: Mapping[str, AccessRule], authoriser: Authoriser, book: AlertBook
    ) -> None:
        self._staff, self._own = rules[_STAFF], rules.get(book.own_acknowledge)
        self._authoriser = authoriser

    def grant(self, person: str, resident: str) -> tuple[AccessRule, Grant]:
        """As staff of the area, else as who may act for the resident."""
        who = Principal(person, client="notify")
        try:
            return self._staff, self._authoriser.authorise(self._staff, who, None)
        except PermissionDenied:
            if self._own is None or not resident:
                raise
            return self._own, self._authoriser.authorise(self._own, who, resident)


def _take(
    event: messages_pb2.AcknowledgementReceived, judge: _Judge, book: AlertBook, uow: UnitOfWork
) -> None:
    alert = AlertRows(uow.conn, MachineScope(book.domain)).get(alert_id(event.alert))
    rule, grant = judge.grant(event.person, alert.resident)
    # The scope narrows what is found: an alert of another area is absent.
    Alerts(uow, book, grant.scope).acknowledge(event.alert)
    basis = f"{grant.basis.name} by {event.channel}"
    uow.audit(rule.action, alert.resident or alert.subject, "allowed", basis)
