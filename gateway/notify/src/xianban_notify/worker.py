"""The delivery worker: stateless, nameko on eventlet, its own process. `xianban worker notify`."""

import warnings

warnings.simplefilter("ignore", DeprecationWarning)  # eventlet says at each start that it is old
import eventlet  # noqa: E402

eventlet.monkey_patch()

# The patch comes before everything else, or nothing is ever consumed.
import os  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402
from datetime import UTC, datetime  # noqa: E402
from typing import Any  # noqa: E402

from xianban.notify.v1 import events_pb2  # noqa: E402
from xianban_sdk import plugins, telemetry  # noqa: E402
from xianban_sdk.messaging.nameko import Work, run_worker, take_work  # noqa: E402
from xianban_sdk.messaging.traces import publishing  # noqa: E402
from xianban_sdk.messaging.work_queue import WorkOutlet, decode_json  # noqa: E402
from xianban_sdk.plugins.keeping_up import KeepingUp  # noqa: E402
from xianban_sdk.settings import Settings  # noqa: E402
from xianban_sdk.telemetry import log  # noqa: E402

from xianban_notify import hookspecs  # noqa: E402
from xianban_notify.handlers.delivering import channels_of, deliver, outcome_event  # noqa: E402
from xianban_notify.queues import ATTEMPTS, OUTCOMES  # noqa: E402

__all__ = ["DeliveryWorker", "main"]

WORKERS = 20


class DeliveryWorker:
    """Takes an attempt, calls the channel, tells the outcome; then the attempt is acknowledged."""

    name = "xianban-notify-worker"
    hooks: Any = None
    outlet: Any = None

    @take_work(ATTEMPTS)
    def attempt(self, work: Work) -> None:
        asked = decode_json(work.body, events_pb2.DeliveryRequested)
        parcel = events_pb2.DeliveryRequested.FromString(asked.data)
        name = f"deliver {parcel.channel}"
        with telemetry.remote(asked.traceparent), telemetry.span(name, kind=telemetry.CONSUMER):
            told = deliver(parcel, self.hooks, datetime.now(UTC), again=work.again)
            with publishing([outcome_event(asked, told, datetime.now(UTC))]) as (event,):
                self.outlet.put(event, told)
        _restart_when_hung(self.hooks)


def _restart_when_hung(hooks: plugins.Hooks) -> None:
    """A channel that hangs is quarantined until the process starts anew: so it does."""
    if hooks.hung:
        log.error("worker_restarts", quarantined=hooks.hung)
        eventlet.spawn_after(1, os._exit, 1)


def main() -> None:
    """Runs until SIGTERM; the broker is XIANBAN_BROKER."""
    settings = Settings.load()
    if not settings.broker:
        sys.exit("The worker needs a broker (XIANBAN_BROKER): without one, notify delivers itself.")
    telemetry.configure(settings, "notify-worker", http=True)
    hooks = plugins.build("notify", hookspecs)
    DeliveryWorker.hooks = hooks
    DeliveryWorker.outlet = WorkOutlet(settings.broker, OUTCOMES)
    log.info("worker_started", channels=sorted(channels_of(hooks)))
    # Ends with the process: nothing is half done that the next start would not do anew.
    eventlet.spawn_n(KeepingUp(hooks, hookspecs, settings).run, threading.Event())
    run_worker(DeliveryWorker, settings.broker, WORKERS)


if __name__ == "__main__":
    main()
