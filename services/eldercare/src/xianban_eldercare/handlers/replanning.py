"""Visits that were planned one by one and called off for a stay are planned again after it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Final

from xianban_sdk.errors import FailedPrecondition, InvalidArgument, NotFound
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.domain.orders import OrderState
from xianban_eldercare.domain.visits import VisitState
from xianban_eldercare.handlers.planning import plan_visit
from xianban_eldercare.handlers.referral_tellings import tell_unplanned
from xianban_eldercare.repository import MACHINE, Visits
from xianban_eldercare.repository.orders import Orders
from xianban_eldercare.repository.organisation_rows import VisitRow
from xianban_eldercare.repository.referral_rows import ReferralRow

__all__ = ["plan_again"]

# The carer is busy by now, works there no more, lacks a licence …
_SAID_NO: Final = (FailedPrecondition, InvalidArgument, NotFound)


def plan_again(row: ReferralRow, visits: Collection[str], *, uow: UnitOfWork) -> None:
    """Those still ahead, by the same carer; of what can't be, the organisation hears."""
    missing: dict[str, list[datetime]] = defaultdict(list)
    for visit in Visits(uow.conn, MACHINE).several(visits):
        ahead = visit.start_at > uow.clock.now() and visit.state == VisitState.CANCELLED
        if ahead and _wanted(visit, uow) and not _planned(visit, uow):
            missing[visit.organisation].append(visit.start_at)
    for organisation, times in missing.items():
        tell_unplanned(row, organisation, times, uow=uow)


def _wanted(visit: VisitRow, uow: UnitOfWork) -> bool:
    """What it was ordered for may have been called off meanwhile, or another was sent."""
    if visit.order_id is None:
        return True
    order = Orders(uow.conn, MACHINE).find(visit.order_id, locked=True)
    sent = Visits(uow.conn, MACHINE).of_orders([visit.order_id])
    return order is not None and order.state == OrderState.ACCEPTED and not sent


def _planned(visit: VisitRow, uow: UnitOfWork) -> bool:
    wanted = replace(visit, id="", state=VisitState.PLANNED.value, cancel_reason="", version=0)
    try:
        # It refuses before anything is written: the transaction goes on.
        plan_visit(wanted, scope=MACHINE, uow=uow)
    except _SAID_NO:
        return False
    return True
