"""Notifications on their way: made, sent with retries, and what came of them noted."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from xianban_sdk.app import Resources
from xianban_sdk.storage import UnitOfWork, open_unit_of_work

from xianban_sensing.domain.contexts import HOME_PATH
from xianban_sensing.domain.entities import Entity, iso
from xianban_sensing.domain.forms import document
from xianban_sensing.domain.subscriptions import Subscription
from xianban_sensing.handlers.changes import read_again
from xianban_sensing.known_contexts import contexts
from xianban_sensing.repository import MACHINE
from xianban_sensing.repository.stored import value_of
from xianban_sensing.repository.subscriptions import Kept, Notifications, Waiting

__all__ = ["Letter", "Post", "letter", "send_due"]

# Receivers served at the same time: a slow one costs the others nothing for long.
AT_ONCE: Final = 8
# A notification that nobody took for so long is given up.
_LIFE: Final = timedelta(hours=24)
_LONGEST_PAUSE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Letter:
    """One HTTP POST."""

    uri: str
    headers: dict[str, str]
    body: bytes


# Raises where the receiver did not take it.
Post = Callable[[Letter], None]


def send_due(resources: Resources, post: Post) -> int:
    """Sends what is due, one per subscription; returns how many were tried."""
    with resources.db.read() as conn:
        due = Notifications(conn, MACHINE).due(resources.clock.now(), AT_ONCE)
    if not due:
        return 0
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="sensing-tell") as pool:
        tried = [pool.submit(_tried, resources, post, *one) for one in due]
    for one in tried:
        one.result()
    return len(tried)


def _tried(resources: Resources, post: Post, waiting: Waiting, kept: Kept) -> None:
    error = ""
    try:
        post(letter(waiting, read_again(kept), resources.settings.issuer))
    except Exception as failure:
        error = repr(failure)
        log = resources.log.bind(subscription=waiting.subscription, attempts=waiting.attempts)
        log.warning("notification_failed", error=error)
    opened = open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids)
    with opened as uow:
        _note(uow, waiting, failed=bool(error))


def _note(uow: UnitOfWork, waiting: Waiting, *, failed: bool) -> None:
    notifications, now = Notifications(uow.conn, MACHINE), uow.clock.now()
    if failed:
        notifications.failed(waiting, now, _again(waiting, now))
    else:
        notifications.sent(waiting, now)


def _again(waiting: Waiting, now: datetime) -> datetime | None:
    """After 1, 2, 4 … seconds, at most 5 minutes; None when it is given up."""
    pause = min(timedelta(seconds=2 ** min(waiting.attempts, 10)), _LONGEST_PAUSE)
    return None if now - waiting.made_at > _LIFE else now + pause


def letter(waiting: Waiting, subscription: Subscription, issuer: str) -> Letter:
    """The notification in the subscription's form, with its @context or a link to it."""
    home = f"{issuer}{HOME_PATH}"
    linked = subscription.accept == "application/json"
    source = subscription.context
    if linked and not isinstance(source, str):
        source = None  # one link can't say more than one URL
    context = contexts().of(source)
    told: dict[str, Any] = {
        "id": f"urn:ngsi-ld:Notification:{waiting.id}",
        "type": "Notification",
        "subscriptionId": subscription.id,
        "notifiedAt": iso(waiting.made_at),
        "data": [
            document(_entity(one), context, subscription.look) for one in value_of(waiting.body)
        ],
    }
    headers = {"content-type": subscription.accept}
    if waiting.traceparent:
        headers["traceparent"] = waiting.traceparent
    if linked:
        headers["link"] = link(source or home)
    else:
        told["@context"] = source or home
    return Letter(subscription.uri, headers, orjson.dumps(told))


def link(url: str) -> str:
    """The Link header that names a context (6.2.2 of JSON-LD)."""
    return f'<{url}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'


def _entity(told: dict[str, Any]) -> Entity:
    return Entity(
        id=told["id"],
        types=tuple(told["types"]),
        attributes={name: tuple(found) for name, found in told["attributes"].items()},
        context=None,
        provider="",
        created_at=datetime.fromisoformat(told["created_at"]),
        modified_at=datetime.fromisoformat(told["modified_at"]),
    )
