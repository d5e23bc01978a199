"""Alerts ⇄ protobuf, in a language."""

from __future__ import annotations

from typing import Final

from xianban.common.v1 import alerts_pb2 as pb

from xianban_sdk import i18n
from xianban_sdk.alerts.book import AlertBook
from xianban_sdk.alerts.climbing import Step
from xianban_sdk.alerts.domain import Alert, Reason
from xianban_sdk.alerts.stories import told
from xianban_sdk.names import said
from xianban_sdk.wire import position, stamp

__all__ = ["alert_id", "alert_to_wire", "step_to_wire"]

_PREFIX: Final = "alerts/"
_STORIES: Final = "playbook-"


def alert_id(name: str) -> str:
    """The id in "alerts/{id}"; an id stays itself."""
    return name.removeprefix(_PREFIX)


def alert_to_wire(alert: Alert, book: AlertBook, locale: str = i18n.DEFAULT_LOCALE) -> pb.Alert:
    """The alert with its texts in a language."""
    wire = pb.Alert(
        name=alert.name,
        rule=alert.rule,
        title=i18n.text(f"alert-{alert.rule}", locale, book.package),
        severity=pb.AlertSeverity.ValueType(alert.severity),
        state=pb.AlertState.ValueType(alert.state),
        subject=alert.subject,
        subject_display=alert.subject_display,
        area=alert.area,
        reasons=[_reason(each, book, locale) for each in alert.reasons],
        raise_time=stamp(alert.raised_at),
        clear_time=stamp(alert.cleared_at),
        occurrences=alert.occurrences,
        acknowledged_by=alert.acknowledged_by,
        acknowledged_by_display=alert.acknowledged_by_display,
        acknowledge_time=stamp(alert.acknowledged_at),
        dispatched_to=alert.dispatched_to,
        dispatch_time=stamp(alert.dispatched_at),
        resolve_time=stamp(alert.resolved_at),
        close_time=stamp(alert.closed_at),
        rung=alert.rung,
        rung_display=_rung(alert.rung, book, locale),
        next_rung_time=stamp(alert.next_rung_at),
        version=alert.version,
    )
    if alert.place is not None:
        wire.position.CopyFrom(position(alert.place))
    return wire


def step_to_wire(step: Step, book: AlertBook, locale: str = i18n.DEFAULT_LOCALE) -> pb.AlertStep:
    """One line of its history."""
    return pb.AlertStep(
        occur_time=stamp(step.at),
        action=step.action,
        actor=step.actor,
        actor_display=step.actor_display,
        note=_note(step, book, locale),
    )


def _note(step: Step, book: AlertBook, locale: str) -> str:
    if step.action.startswith(_STORIES):
        return told(step.note, locale)
    if not step.rung:
        return step.note
    rung = _rung(step.rung, book, locale)
    if step.action != "told":
        return i18n.text("alert-rung-empty", locale, rung=rung)
    return f"{rung} {step.note}".rstrip()


def _reason(reason: Reason, book: AlertBook, locale: str) -> pb.AlertReason:
    return pb.AlertReason(
        text=reason.text,
        params=said(reason.params),
        display=i18n.text(reason.text, locale, book.package, **reason.params),
        observe_time=stamp(reason.observed_at),
    )


def _rung(rung: str, book: AlertBook, locale: str) -> str:
    return i18n.text(f"rung-{rung}", locale, book.package) if rung else ""
