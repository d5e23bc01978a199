"""What the clock does: durable, fired once, each in its own transaction."""

from __future__ import annotations

from xianban_sdk import alerts
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.timers import Timer

from xianban_parking.alarms import BOOK
from xianban_parking.handlers import operators, payments, permits, reservations
from xianban_parking.handlers.counts import announce
from xianban_parking.repository import MACHINE, Counts, Lots

__all__ = ["HANDLERS"]


def on_override_end(timer: Timer, *, uow: UnitOfWork) -> None:
    """The hand-made count is over: what the feed says is told again."""
    lot = Lots(uow.conn, MACHINE).find(timer.key)
    row = Counts(uow.conn, MACHINE).of([timer.key]).get(timer.key)
    if lot is not None and row is not None:
        announce(uow, lot, row)


HANDLERS = {
    **alerts.timers(BOOK),
    reservations.NO_SHOW: reservations.on_no_show,
    reservations.OVERSTAY: reservations.on_overstay,
    payments.EXPIRY: payments.on_expiry,
    permits.EXPIRY: permits.on_expiry,
    permits.UNPAID: permits.on_unpaid,
    operators.OVERRIDE_END: on_override_end,
}
