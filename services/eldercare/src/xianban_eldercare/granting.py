"""Grants the month's subsidies to elders who have not ordered yet, again and again."""

from __future__ import annotations

from threading import Event
from typing import Final

import structlog
from xianban_sdk.app import Resources
from xianban_sdk.clock import local_day
from xianban_sdk.storage import open_unit_of_work
from xianban_sdk.storage.locks import try_lock

from xianban_eldercare.domain.subsidies import rules_on
from xianban_eldercare.handlers.subsidies import foreseen, grant_month
from xianban_eldercare.repository import MACHINE, CareFiles
from xianban_eldercare.rules import SUBSIDIES

__all__ = ["grant_all", "grant_subsidies"]

_log = structlog.get_logger("xianban.eldercare")
# Who orders sooner is granted with the order; a new level shows after this at the latest.
_EVERY_SECONDS: Final = 1800.0
_AT_ONCE: Final = 200


def grant_subsidies(resources: Resources, stop: Event) -> None:
    """For `Service(loops=…)`: at once, then every half hour."""
    while not stop.is_set():
        # Two processes would do no harm, only the same work.
        with try_lock(resources.db, "subsidies") as held:
            if held is not None:
                _try(resources, stop)
        stop.wait(_EVERY_SECONDS)


def _try(resources: Resources, stop: Event) -> None:
    try:
        grant_all(resources, stop)
    except Exception:
        _log.exception("granting_failed")


def grant_all(resources: Resources, stop: Event | None = None) -> None:
    """Each elder in a transaction of their own; one that fails does not stop the others."""
    after = ""
    while not (stop and stop.is_set()):
        elders, lacking = _looked_at(resources, after)
        for elder in lacking:
            _grant(resources, elder)
        if len(elders) < _AT_ONCE:
            return
        after = elders[-1]


def _looked_at(resources: Resources, after: str) -> tuple[list[str], list[str]]:
    """The next elders, and of them those who lack a grant: only they need to be written to."""
    today = local_day(resources.clock.now())
    if rules_on(SUBSIDIES, today) is None:
        return [], []
    with resources.db.read() as conn:
        elders = CareFiles(conn, MACHINE).after(after, _AT_ONCE)
        return elders, [one for one in elders if foreseen(one, today, conn=conn, today=today)]


def _grant(resources: Resources, elder: str) -> None:
    opened = open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids)
    try:
        with opened as uow:
            grant_month(elder, local_day(resources.clock.now()), uow=uow)
    except Exception:
        _log.exception("subsidy_not_granted")
