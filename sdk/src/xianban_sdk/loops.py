"""A service's own loops, which must not die of one bad day."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING, Final

from xianban_sdk.telemetry import log

if TYPE_CHECKING:
    from xianban_sdk.app import Resources

__all__ = ["again_after_failing"]

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
