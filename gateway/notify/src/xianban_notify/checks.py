"""What notify needs besides its own process: somebody who delivers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from xianban_sdk.app import Resources
from xianban_sdk.messaging import BusUnavailable

__all__ = ["checks"]

# The broker is asked no oftener; it takes a dead worker's heartbeat half a minute to be missed.
_LOOK_SECONDS: Final = 5.0


def checks(resources: Resources) -> Mapping[str, Callable[[], str]]:
    """Without a broker notify delivers itself."""
    return {"worker": _worker(resources)} if resources.settings.broker else {}


def _worker(resources: Resources) -> Callable[[], str]:
    # Imported here: a laptop without a broker does not pay for kombu.
    from xianban_sdk.messaging.work_queue import workers_at

    from xianban_notify.queues import ATTEMPTS

    broker = resources.settings.broker
    last: list[tuple[float, str]] = []

    def problem() -> str:
        now = time.monotonic()
        if not last or now - last[0][0] >= _LOOK_SECONDS:
            last[:] = [(now, _look(lambda: workers_at(broker, ATTEMPTS)))]
        return last[0][1]

    return problem


def _look(workers: Callable[[], int]) -> str:
    try:
        return "" if workers() else "no delivery worker is at work"
    except BusUnavailable as error:
        return str(error)
