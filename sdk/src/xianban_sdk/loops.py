"""A service's own loops: they do not die of one bad day, and each kind is done by one process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING, Final

from xianban_sdk.storage.locks import try_lock
from xianban_sdk.telemetry import log

if TYPE_CHECKING:
    from xianban_sdk.app import Resources

__all__ = ["Rota", "again_after_failing", "alone"]

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0


def again_after_failing(
    loop: Callable[[Resources, Event], None], resources: Resources, stop: Event
) -> Callable[[], None]:
    """A loop that raises is started again, with a pause that grows."""

    def run() -> None:
        pause = _FIRST_PAUSE
        while not stop.is_set():
            try:
                loop(resources, stop)
                return
            except Exception:
                log.exception("loop_failed", service=resources.db.owner, loop=loop.__name__)
                stop.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    return run


def alone(
    resources: Resources, stop: Event, name: str, seconds: float, work: Callable[[], object]
) -> None:
    """Works again and again while this process holds the name; the others wait for their turn.

    Work that raises is told and done again, after a pause that grows.
    """
    while not stop.is_set():
        with try_lock(resources.db, name) as still_held:
            pause = seconds
            while still_held is not None and not stop.is_set():
                still_held()
                pause = seconds if _done(resources, name, work) else _longer(pause, seconds)
                stop.wait(pause)
        stop.wait(seconds)


def _done(resources: Resources, name: str, work: Callable[[], object]) -> bool:
    try:
        work()
    except Exception:
        log.exception("work_failed", service=resources.db.owner, work=name)
        return False
    return True


def _longer(pause: float, seconds: float) -> float:
    return max(seconds, min(pause * 2, _LONGEST_PAUSE))


class Rota:
    """When each of the sources that plugins bring is asked again."""

    def __init__(self) -> None:
        self._next: dict[str, datetime] = {}

    def turn(self, source: str, cadence: timedelta, now: datetime) -> bool:
        """Whether it is asked now; then not again before its cadence is over."""
        if now < self._next.get(source, now):
            return False
        self._next[source] = now + cadence
        return True
