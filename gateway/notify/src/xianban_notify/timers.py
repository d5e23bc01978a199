"""Notify's durable timers."""

from __future__ import annotations

from collections.abc import Mapping

from xianban_sdk.app import Resources
from xianban_sdk.storage import Timer, UnitOfWork
from xianban_sdk.timers import TimerHandler

from xianban_notify.handlers import sending
from xianban_notify.handlers.delivering import channels_of
from xianban_notify.repository.deliveries import Deliveries


def timers(resources: Resources) -> Mapping[str, TimerHandler]:
    """What is due: a delivery's next attempt, or the patience with one that nobody answered."""
    channels = channels_of(resources.hooks)

    def on_due(timer: Timer, *, uow: UnitOfWork) -> None:
        sending.due(uow, timer.key)

    def on_unanswered(timer: Timer, *, uow: UnitOfWork) -> None:
        found = Deliveries(uow.conn, sending.MACHINE).get(timer.key)
        plugged = channels.get(found.channel) if found else None
        takes_key = plugged is not None and plugged.channel.takes_idempotency_key
        sending.unanswered(uow, timer.key, takes_key=takes_key)

    return {sending.DUE_TIMER: on_due, sending.UNANSWERED_TIMER: on_unanswered}
