"""Turns plans of weekly visits into the visits of the next two weeks, again and again."""

from __future__ import annotations

from datetime import timedelta
from threading import Event
from typing import Final

import structlog
from xianban_sdk.app import Resources
from xianban_sdk.clock import local_day
from xianban_sdk.storage import open_unit_of_work
from xianban_sdk.storage.locks import try_lock

from xianban_eldercare.domain.visit_plans import AHEAD_DAYS, BEHIND_DAYS
from xianban_eldercare.handlers.visit_plans import make_visits, plan_of
from xianban_eldercare.repository import MACHINE, VisitPlans, Visits
from xianban_eldercare.repository.organisation_rows import VisitPlanRow

__all__ = ["roster_ahead", "roster_plans"]

_log = structlog.get_logger("xianban.eldercare")
_EVERY_SECONDS: Final = 900.0
_AT_ONCE: Final = 200


def roster_plans(resources: Resources, stop: Event) -> None:
    """For `Service(loops=…)`: at once, then every quarter of an hour."""
    while not stop.is_set():
        # Two processes would do no harm, only the same work.
        with try_lock(resources.db, "visit-plans") as held:
            if held is not None:
                _try(resources, stop)
        stop.wait(_EVERY_SECONDS)


def _try(resources: Resources, stop: Event) -> None:
    try:
        roster_ahead(resources, stop)
    except Exception:
        _log.exception("rostering_failed")


def roster_ahead(resources: Resources, stop: Event | None = None) -> None:
    """Each plan in a transaction of its own; one that fails does not stop the others."""
    after = ""
    while not (stop and stop.is_set()):
        plans, lacking = _looked_at(resources, after)
        for plan in lacking:
            _roster(resources, plan)
        if len(plans) < _AT_ONCE:
            return
        after = plans[-1].id


def _looked_at(resources: Resources, after: str) -> tuple[list[VisitPlanRow], list[str]]:
    """The next plans, and of them those that lack a visit: only they need to be written to."""
    now = resources.clock.now()
    today = local_day(now)
    with resources.db.read() as conn:
        last, since = today + timedelta(days=AHEAD_DAYS), today - timedelta(days=BEHIND_DAYS)
        found = VisitPlans(conn, MACHINE).running(today, last, after=after, limit=_AT_ONCE)
        known = VisitPlans(conn, MACHINE).unmade([row.id for row in found])
        made = Visits(conn, MACHINE).days_of_plans([row.id for row in found], since)
        lacking = [
            row.id for row in found if row.id in known or plan_of(row).due(made[row.id], now)
        ]
    return found, lacking


def _roster(resources: Resources, plan_id: str) -> None:
    opened = open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids)
    try:
        with opened as uow:
            make_visits(plan_id, uow=uow)
    except Exception:
        _log.exception("plan_not_rostered", plan=plan_id)
