"""Notify's background work: plan what came in, hand on attempts, take in outcomes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Final

from xianban_sdk.app import Resources
from xianban_sdk.instruments import ATTEMPTS_AGE
from xianban_sdk.loops import alone
from xianban_sdk.messaging import Inbox, Subscription
from xianban_sdk.storage import open_unit_of_work
from xianban_sdk.storage.locks import try_lock

from xianban_notify.consumers import on_delivery_attempted
from xianban_notify.handlers import waking
from xianban_notify.handlers.delivering import channels_of
from xianban_notify.handlers.dispatching import Dispatcher, carrier_of, wait_for
from xianban_notify.handlers.planning import plan
from xianban_notify.handlers.showing import show_answers_once
from xianban_notify.repository.deliveries import Attempts
from xianban_notify.repository.messages import waits

GROUP: Final = "notify-outcomes"
LOCK: Final = "notify-dispatch"
STANDBY_SECONDS: Final = 1.0
SHOW_SECONDS: Final = 1.0


def plan_messages(resources: Resources, stop: threading.Event) -> None:
    """Decides where each new message goes."""
    channels = channels_of(resources.hooks)
    while not stop.is_set():
        done = 0
        if _something_to_plan(resources):
            opened = open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids)
            with opened as uow:
                done = plan(uow, channels)
        if not done:
            wait_for(waking.planner, stop, waking.LOOK_SECONDS)


def _something_to_plan(resources: Resources) -> bool:
    with resources.db.read() as conn:
        return waits(conn)


def show_answers(resources: Resources, stop: threading.Event) -> None:
    """Shows who answered what became of it."""
    channels = channels_of(resources.hooks)
    show = partial(show_answers_once, resources, channels)
    alone(resources, stop, "notify-answers", SHOW_SECONDS, show)


def hand_on_attempts(resources: Resources, stop: threading.Event) -> None:
    """Gives attempts to the worker and takes in what came of them."""
    consumers = [on_delivery_attempted]
    inbox = Inbox(resources.db, GROUP, consumers, clock=resources.clock, ids=resources.ids)
    carrier = carrier_of(resources, inbox)
    outcomes = _listen(resources, inbox)
    unobserve = ATTEMPTS_AGE.observe(lambda: [(_oldest(resources), {})])
    try:
        while not stop.is_set():
            with try_lock(resources.db, LOCK) as still_held:
                if still_held:
                    _hand_on(Dispatcher(resources, carrier), still_held, stop)
            stop.wait(STANDBY_SECONDS)
    finally:
        unobserve()
        inbox.stop()
        carrier.close()
        if outcomes is not None:
            outcomes.close()


def _oldest(resources: Resources) -> float:
    """Seconds that the oldest attempt waits for a worker."""
    with resources.db.read() as conn:
        since = Attempts(conn).oldest_waiting()
    return max((resources.clock.now() - since).total_seconds(), 0.0) if since else 0.0


def _hand_on(dispatcher: Dispatcher, still_held: Callable[[], None], stop: threading.Event) -> None:
    while not stop.is_set():
        still_held()
        if not dispatcher.step():
            wait_for(waking.dispatcher, stop, waking.LOOK_SECONDS)


def _listen(resources: Resources, inbox: Inbox) -> Subscription | None:
    if not resources.settings.broker:
        return None
    from xianban.notify.v1 import events_pb2
    from xianban_sdk.messaging.work_queue import WorkInbox

    from xianban_notify.queues import OUTCOMES

    broker = resources.settings.broker
    return WorkInbox(broker, OUTCOMES, events_pb2.DeliveryAttempted, inbox.deliver)
