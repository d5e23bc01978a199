"""A delivery's steps: begin or wait, take in an outcome, try again, give up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from xianban_sdk.instruments import ALARM_REACHED, DELIVERED, DELIVERIES
from xianban_sdk.repository import MachineScope
from xianban_sdk.storage import UnitOfWork

from xianban_notify.domain import Delivery, Preferences, State, Verdict
from xianban_notify.domain.delivery import WAITING
from xianban_notify.handlers.waking import dispatcher
from xianban_notify.repository.deliveries import Asked, Attempts, Deliveries
from xianban_notify.repository.messages import by_id
from xianban_notify.repository.preferences import bounce, preferences_of

MACHINE: Final = MachineScope("notify")
DUE_TIMER: Final = "delivery-due"
UNANSWERED_TIMER: Final = "delivery-unanswered"
# A worker begins an attempt within this time or not at all …
BEGIN_WITHIN: Final = timedelta(seconds=90)
# … and has ended it, channel and all, by then.
ANSWERED_WITHIN: Final = BEGIN_WITHIN + timedelta(seconds=60)
TOO_LATE: Final = "too-late"


def begin_or_wait(uow: UnitOfWork, delivery: Delivery, wishes: Preferences) -> None:
    """Asks the worker for an attempt now, or sets the timer for when it is due."""
    now = uow.clock.now()
    silence = None if delivery.urgent else wishes.silent_until(max(now, delivery.next_at or now))
    waits = delivery.not_before(silence) if silence else delivery
    if waits.next_at is not None and waits.next_at > now:
        _save(uow, waits)
        uow.schedule(DUE_TIMER, waits.id, waits.next_at)
        return
    _begin(uow, waits, now)


def _begin(uow: UnitOfWork, delivery: Delivery, now: datetime) -> None:
    begun = delivery.begin(now)
    _save(uow, begun)
    asked = Asked(uow.ids.new(), begun.id, begun.attempts, now)
    Attempts(uow.conn).ask(asked)
    uow.schedule(UNANSWERED_TIMER, begun.id, now + ANSWERED_WITHIN)
    uow.after_commit(dispatcher.set)


def settle(
    uow: UnitOfWork,
    attempt_id: str,
    verdict: str,
    *,
    reason: str = "",
    reference: str = "",
    twice: bool = False,
) -> None:
    """Takes in what became of an attempt; one of a delivery that is gone changes nothing."""
    asked = Attempts(uow.conn).get(attempt_id)
    delivery = Deliveries(uow.conn, MACHINE).get(asked.delivery) if asked else None
    if asked is None or delivery is None:
        return
    now = uow.clock.now()
    if verdict == TOO_LATE:
        after = delivery.too_late(asked.number, now)
    else:
        told = Verdict(verdict)
        after = delivery.settle(
            asked.number, told, now, reason=reason, reference=reference, twice=twice
        )
    _moved(uow, delivery, after)


def unanswered(uow: UnitOfWork, delivery_id: str, *, takes_key: bool) -> None:
    """No outcome came in time. What no worker was given yet just waits on."""
    delivery = Deliveries(uow.conn, MACHINE).get(delivery_id)
    if delivery is None or delivery.state is not State.SENDING:
        return
    now = uow.clock.now()
    asked = Attempts(uow.conn).last(delivery.id, delivery.attempts)
    if asked is not None and asked.handed_at is None:
        uow.schedule(UNANSWERED_TIMER, delivery.id, now + ANSWERED_WITHIN)
        return
    _moved(uow, delivery, delivery.unanswered(delivery.attempts, now, takes_key=takes_key))


def due(uow: UnitOfWork, delivery_id: str) -> None:
    """Its time has come; the person may want quiet by now."""
    delivery = Deliveries(uow.conn, MACHINE).get(delivery_id)
    if delivery is None or delivery.state not in WAITING:
        return
    wishes = preferences_of(uow.conn, [delivery.recipient])[delivery.recipient]
    begin_or_wait(uow, delivery, wishes)


def receipt(uow: UnitOfWork, delivery_id: str, verdict: Verdict, reason: str) -> None:
    """The provider tells later."""
    delivery = Deliveries(uow.conn, MACHINE).get(delivery_id)
    if delivery is not None:
        _moved(uow, delivery, delivery.receipt(verdict, uow.clock.now(), reason))


def withdraw(uow: UnitOfWork, delivery_id: str, reason: str) -> None:
    """It may not be made any more: no plugin hears of it."""
    delivery = Deliveries(uow.conn, MACHINE).get(delivery_id)
    if delivery is not None:
        _moved(uow, delivery, delivery.withdraw(uow.clock.now(), reason))


def read(uow: UnitOfWork, message_id: str) -> None:
    """Read where it is always shown: the other ways need not go on."""
    for delivery in Deliveries(uow.conn, MACHINE).under_way(message_id):
        after = delivery.read(uow.clock.now())
        _save(uow, after)
        if after.state is State.CANCELLED:
            uow.cancel(DUE_TIMER, delivery.id)


def _moved(uow: UnitOfWork, before: Delivery, after: Delivery) -> None:
    if after == before:
        return
    _save(uow, after)
    if after.state is not State.SENDING:
        uow.cancel(UNANSWERED_TIMER, after.id)
    if after.state is State.BOUNCED:
        bounce(uow.conn, after.address, uow.clock.now())
    if after.state is State.RETRYING and before.state is not State.RETRYING:
        wishes = preferences_of(uow.conn, [after.recipient])[after.recipient]
        begin_or_wait(uow, after, wishes)
    if before.state is State.RETRYING and after.state is not State.RETRYING:
        uow.cancel(DUE_TIMER, after.id)


def _save(uow: UnitOfWork, delivery: Delivery) -> None:
    Deliveries(uow.conn, MACHINE).save(delivery)
    labels = {"xianban.channel": delivery.channel, "xianban.urgent": delivery.urgent}
    state = {**labels, "xianban.state": str(delivery.state)}
    uow.after_commit(lambda: DELIVERIES.add(1, state))
    if delivery.state is State.SENT:
        seconds = (uow.clock.now() - delivery.created_at).total_seconds()
        uow.after_commit(lambda: DELIVERED.record(max(seconds, 0.0), labels))
        if delivery.urgent:
            _reached(uow, delivery)


def _reached(uow: UnitOfWork, delivery: Delivery) -> None:
    """How long it took from the device."""
    told = by_id(uow.conn, [delivery.message]).get(delivery.message)
    if told is not None and told.arrived_at is not None:
        seconds = max((uow.clock.now() - told.arrived_at).total_seconds(), 0.0)
        labels = {"xianban.channel": delivery.channel}
        uow.after_commit(lambda: ALARM_REACHED.record(seconds, labels))
