"""What happens by itself: an alert's next rung, the end of a search, a visit nobody came to …"""

from __future__ import annotations

from typing import Final

from xianban_sdk import alerts, playbooks
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.timers import Timer

from xianban_eldercare.alarms import BOOK
from xianban_eldercare.handlers import (
    beds,
    fulfilment,
    orders,
    referral_steps,
    searches,
    subsidies,
    visits,
)

__all__ = ["TIMERS"]


def on_search_over(timer: Timer, *, uow: UnitOfWork) -> None:
    """The sharing ends, whoever is looking."""
    searches.search_over(timer.payload.decode(), uow=uow)


def on_trail_over(timer: Timer, *, uow: UnitOfWork) -> None:
    """The trail has been kept long enough."""
    searches.forget_trail(timer.payload.decode(), uow=uow)


TIMERS: Final = {
    **alerts.timers(BOOK),
    **playbooks.timers(BOOK),
    searches.OVER: on_search_over,
    searches.FORGET: on_trail_over,
    beds.HOLD_OVER: beds.on_hold_over,
    referral_steps.DUE: referral_steps.on_due,
    visits.LATE: visits.on_late,
    visits.MISSED: visits.on_missed,
    orders.LAPSES: fulfilment.on_lapsed,
    subsidies.LOT_OVER: subsidies.on_lot_over,
}
