"""A call for help, from the wristband or from the elder's page; both are one alert (C5)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection
from xianban_sdk.alerts import Alert, Alerts, Place, Reason, Severity
from xianban_sdk.alerts.repository import AlertRows, Asked
from xianban_sdk.repository import Page
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.alarms import BOOK, finding_about
from xianban_eldercare.domain.subjects import subject_of
from xianban_eldercare.repository import MACHINE, Scope

__all__ = ["RULE", "call_for_help", "call_off", "standing"]

RULE: Final = "sos"


def call_for_help(resident: str, place: Place | None, *, uow: UnitOfWork) -> Alert:
    """The call that stands: pressing again while it does raises nothing and pages nobody twice."""
    reasons = [Reason("reason-sos-page", {}, uow.clock.now())]
    who = subject_of(resident)
    found = finding_about(who, RULE, Severity.EXTREME, reasons, uow=uow, place=place)
    return Alerts(uow, BOOK).raise_(found)


def call_off(
    rule: str, subject: str, *, uow: UnitOfWork, scope: Scope | None = None
) -> Alert | None:
    """The wearer says it was a mistake or is over; whoever was told hears of it."""
    found = standing(uow.conn, rule, subject, scope or MACHINE)
    if found is None or not found.open:
        return found
    alerts = Alerts(uow, BOOK, scope)
    alerts.cleared(rule, subject)
    # Who called it off stands in the step; there is nothing more to say.
    return alerts.resolve(found.name, "", false_alarm=True)


def standing(conn: Connection, rule: str, subject: str, scope: Scope) -> Alert | None:
    """The newest alert of the rule that is not closed."""
    page = Page(200, "")
    found, _ = AlertRows(conn, scope).listed(page, Asked(open=True, subject=subject))
    mine = [alert for alert in found if alert.rule == rule]
    return max(mine, key=lambda alert: alert.raised_at) if mine else None
