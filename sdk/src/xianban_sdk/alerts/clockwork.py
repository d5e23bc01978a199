"""The timers of alerts, for ``Service(timers=…)``."""

from __future__ import annotations

from collections.abc import Callable

from xianban_sdk.alerts.book import AlertBook
from xianban_sdk.alerts.life import TURN, Alerts
from xianban_sdk.storage.unit_of_work import UnitOfWork
from xianban_sdk.timers import Timer

__all__ = ["timers"]


def timers(book: AlertBook) -> dict[str, Callable[..., None]]:
    """Timer kind → handler; put it into the service's own mapping."""

    def on_turn(timer: Timer, *, uow: UnitOfWork) -> None:
        Alerts(uow, book).turn(timer.payload.decode(), timer.due_at)

    return {TURN: on_turn}
