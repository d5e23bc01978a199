"""The SDK's own tables, which every service's database has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from sqlalchemy import ColumnElement, Table, select

from xianban_sdk.alerts.naming import may_name, without
from xianban_sdk.alerts.tables import (
    alert,
    alert_condition,
    alert_fact,
    alert_step,
    alert_telling,
)
from xianban_sdk.personal.declared import Fate, Holding, PersonalData, Sealed
from xianban_sdk.playbooks.tables import playbook_run, playbook_run_step
from xianban_sdk.readings.series import count_erasure
from xianban_sdk.readings.tables import (
    device_watch,
    reading,
    reading_hour,
    reading_late,
    reading_latest,
    reading_series,
    rule_state,
)
from xianban_sdk.storage.encryption import keyed_hash
from xianban_sdk.storage.tables import (
    audit,
    disclosure,
    idempotency,
    outbox,
    plugin_switch,
    relation_record,
)

__all__ = ["UNFINDABLE", "holdings"]


def _of_alerts(table: Table, column: str, of: str) -> Callable[[str], ColumnElement[bool]]:
    """Rows that belong to alerts about the person."""

    def about(person: str) -> ColumnElement[bool]:
        return table.c[column].in_(select(alert.c[of]).where(alert.c.resident == person))

    return about


def _of_runs(person: str) -> ColumnElement[bool]:
    """Rows that belong to playbooks for alerts about the person."""
    alerts = select(alert.c.id).where(alert.c.resident == person)
    runs = select(playbook_run.c.id).where(playbook_run.c.alert.in_(alerts))
    return playbook_run_step.c.run.in_(runs)


_OF_ALERTS: Final = (
    Holding(
        table=playbook_run_step,
        category="playbook-steps",
        through=_of_runs,
        actors=("actor",),
        displays={"actor": "actor_display"},
        fate=Fate.ERASED,
    ),
    Holding(
        table=playbook_run,
        category="playbook-runs",
        through=_of_alerts(playbook_run, "alert", "id"),
        actors=("started_by", "ended_by"),
        displays={"started_by": "started_by_display", "ended_by": "ended_by_display"},
        fate=Fate.ERASED,
    ),
    Holding(
        table=alert_step,
        category="alert-steps",
        through=_of_alerts(alert_step, "alert", "id"),
        actors=("actor",),
        displays={"actor": "actor_display"},
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
)


def _alerts(naming_rules: Iterable[str]) -> Holding:
    return Holding(
        table=alert,
        category="alerts",
        subjects=("resident",),
        actors=("acknowledged_by", "dispatched_to"),
        sealed=Sealed("detail", may_name(naming_rules), without),
        fate=Fate.ERASED,
        secret=frozenset({"key", "rule_key"}),
    )


def _of_series(table: Table) -> Callable[[str], ColumnElement[bool]]:
    """Rows of what was measured of the person."""

    def about(person: str) -> ColumnElement[bool]:
        return table.c.series.in_(select(reading_series.c.id).where(_measured(person)))

    return about


def _measured(person: str) -> ColumnElement[bool]:
    return reading_series.c.subject_key == keyed_hash(f"residents/{person}")


def _watched(person: str) -> ColumnElement[bool]:
    return device_watch.c.subject_key == keyed_hash(f"residents/{person}")


def _derived(table: Table, category: str) -> Holding:
    """Made from readings; the readings themselves are exported."""
    return Holding(
        table=table,
        category=category,
        through=_of_series(table),
        fate=Fate.ERASED,
        exported=False,
        reason="copy",
    )


_KEYS: Final = frozenset({"device_key", "subject_key"})
_READINGS: Final = (
    # First: a batch under way has it locked, and what else it wrote is there to be found after it.
    _derived(reading_latest, "latest-readings"),
    _derived(rule_state, "rule-standings"),
    _derived(reading_late, "late-hours"),
    Holding(
        table=reading_hour,
        category="reading-hours",
        through=_of_series(reading_hour),
        fate=Fate.ERASED,
    ),
    Holding(
        table=reading,
        category="readings",
        through=_of_series(reading),
        fate=Fate.ERASED,
        # Sealed as bytes of its own; where somebody was is shown by the domain.
        secret=frozenset({"position"}),
    ),
    Holding(
        table=device_watch,
        category="watched-devices",
        through=_watched,
        fate=Fate.ERASED,
        secret=_KEYS | {"promises"},
    ),
    Holding(
        table=reading_series,
        category="reading-series",
        through=_measured,
        fate=Fate.ERASED,
        secret=_KEYS,
        on_erased=count_erasure,
    ),
)

_BOOKS: Final = (
    Holding(
        table=plugin_switch,
        category="plugin-switches",
        actors=("switched_by",),
        fate=Fate.ERASED,
    ),
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
        table=disclosure,
        category="disclosures",
        subjects=("subject",),
        fate=Fate.ERASED,
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
    return (*personal.holdings, *_OF_ALERTS, _alerts(personal.naming_rules), *_READINGS, *_BOOKS)
