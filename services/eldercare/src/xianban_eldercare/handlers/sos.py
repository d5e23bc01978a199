"""A call for help, from the wristband or from the elder's page; both are one alert (C5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection
from xianban_sdk.alerts import Alert, Alerts, Place, Reason, Severity
from xianban_sdk.alerts.repository import AlertRows, Asked, key_of
from xianban_sdk.repository import Page
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.alarms import BOOK, finding_about
from xianban_eldercare.domain.subjects import subject_of
from xianban_eldercare.repository import MACHINE, Presses, Scope
from xianban_eldercare.repository.presses import CALL, PressRow

__all__ = ["RULE", "call_for_help", "call_off", "called_off_by", "pressed", "standing"]

RULE: Final = CALL
_TICK: Final = timedelta(microseconds=1)


def call_for_help(resident: str, place: Place | None, *, uow: UnitOfWork) -> Alert:
    """The call that stands: pressing again while it does raises nothing and pages nobody twice."""
    now = uow.clock.now()
    reasons = [Reason("reason-sos-page", {}, now)]
    who = subject_of(resident)
    found = finding_about(who, RULE, Severity.EXTREME, reasons, uow=uow, place=place)
    raised = Alerts(uow, BOOK).raise_(found)
    pressed(PressRow(resident, uow.ids.new(), "", CALL, "", now, now), raised, uow=uow)
    return raised


def pressed(row: PressRow, alert: Alert, *, uow: UnitOfWork) -> None:
    """Which call a press belongs to: it is answered, and called off, by itself."""
    Presses(uow.conn, MACHINE).put(replace(row, alert=alert.id))


def call_off(
    subject: str,
    *,
    uow: UnitOfWork,
    scope: Scope | None = None,
    at: datetime | None = None,
) -> Alert | None:
    """The wearer says it was a mistake or is over; whoever was told hears of it."""
    found = standing(uow.conn, RULE, subject, scope or MACHINE)
    if found is None or not found.open:
        return found
    alerts = Alerts(uow, BOOK, scope)
    alerts.cleared(RULE, subject, at=at)
    # Who called it off stands in the step; there is nothing more to say.
    return alerts.resolve(found.name, "", false_alarm=True)


def called_off_by(row: PressRow, which: str, *, uow: UnitOfWork) -> Alert | None:
    """A device's own "it is over": of press `which`, else of what was pressed before it.

    One that comes late or twice leaves a newer call standing.
    """
    subject = subject_of(row.resident)
    # Whoever presses meanwhile waits for what becomes of this.
    AlertRows(uow.conn, MACHINE).condition(key_of(RULE, subject))
    found = standing(uow.conn, RULE, subject, MACHINE)
    heard_before = not Presses(uow.conn, MACHINE).add(row)
    if heard_before or found is None or not found.open or _stands(found, row, which, uow):
        return found
    over = max(row.pressed_at, (found.observed_at or row.pressed_at) + _TICK)
    return call_off(subject, uow=uow, at=over)


def _stands(alert: Alert, by: PressRow, which: str, uow: UnitOfWork) -> bool:
    """Whether a press is left that nobody called off."""
    presses = Presses(uow.conn, MACHINE)
    known = presses.of(alert.id)
    if not known:  # raised before presses were written down
        return alert.observed_at is not None and alert.observed_at > by.pressed_at
    left = 0
    for one in known:
        meant = one.id == which if which else one.pressed_at <= by.pressed_at
        if meant and one.called_off_at is None:
            presses.call_off(one, by.pressed_at)
        left += not meant and one.called_off_at is None
    return left > 0


def standing(conn: Connection, rule: str, subject: str, scope: Scope) -> Alert | None:
    """The newest alert of the rule that is not closed."""
    page = Page(200, "")
    found, _ = AlertRows(conn, scope).listed(page, Asked(open=True, subject=subject))
    mine = [alert for alert in found if alert.rule == rule]
    return max(mine, key=lambda alert: alert.raised_at) if mine else None
