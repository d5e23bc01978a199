"""The SDK's own tables, which every service's database has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import ColumnElement, Table, select

from xianban_sdk.alerts.tables import (
    alert,
    alert_condition,
    alert_fact,
    alert_step,
    alert_telling,
)
from xianban_sdk.personal.declared import Fate, Holding, PersonalData
from xianban_sdk.storage.tables import audit, idempotency, outbox, relation_record

__all__ = ["OWN", "UNFINDABLE", "holdings"]


def _of_alerts(table: Table, column: str, of: str) -> Callable[[str], ColumnElement[bool]]:
    """Rows that belong to alerts about the person."""

    def about(person: str) -> ColumnElement[bool]:
        return table.c[column].in_(select(alert.c[of]).where(alert.c.resident == person))

    return about


_ALERTS: Final = (
    Holding(
        table=alert_step,
        category="alert-steps",
        through=_of_alerts(alert_step, "alert", "id"),
        actors=("actor",),
        fate=Fate.ERASED,
    ),
    Holding(
        table=alert_telling,
        category="alert-tellings",
        subjects=("person",),
        through=_of_alerts(alert_telling, "alert", "id"),
        fate=Fate.ERASED,
    ),
    Holding(
        table=alert_condition,
        category="alert-snoozes",
        through=_of_alerts(alert_condition, "key", "key"),
        actors=("snoozed_by",),
        fate=Fate.ERASED,
        secret=frozenset({"key"}),
    ),
    Holding(
        table=alert_fact,
        category="alert-facts",
        through=_of_alerts(alert_fact, "key", "key"),
        fate=Fate.ERASED,
        exported=False,
        reason="copy",
    ),
    Holding(
        table=alert,
        category="alerts",
        subjects=("resident",),
        actors=("acknowledged_by", "dispatched_to"),
        fate=Fate.ERASED,
        secret=frozenset({"key", "rule_key"}),
    ),
)

OWN: Final = (
    *_ALERTS,
    Holding(
        table=audit,
        category="accesses",
        subjects=("subject",),
        actors=("actor",),
        fate=Fate.KEPT,
        reason="audit",
        days=3 * 365,
    ),
    Holding(
        table=relation_record,
        category="relation-copies",
        subjects=("actor", "subject"),
        fate=Fate.ERASED,
        exported=False,
        reason="copy",
    ),
    Holding(
        table=idempotency,
        category="first-answers",
        subjects=("principal",),
        fate=Fate.ERASED,
        exported=False,
        reason="copy",
        days=30,
    ),
    Holding(
        table=outbox,
        category="events",
        subjects=("subject",),
        actors=("actor",),
        fate=Fate.KEPT,
        exported=False,
        reason="copy",
        days=7,
    ),
)

UNFINDABLE: Final = {
    "dead_letter": "an event as it came; it goes when it is replayed",
}


def holdings(personal: PersonalData) -> tuple[Holding, ...]:
    """The service's, then the SDK's: what ties rows to a person goes last."""
    return (*personal.holdings, *OWN)
