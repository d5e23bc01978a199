"""Use cases of subscriptions: an organisation's own."""

from __future__ import annotations

from typing import Any

from xianban_sdk.errors import AlreadyExists, InvalidArgument
from xianban_sdk.storage import UnitOfWork

from xianban_sensing.domain.documents import is_id
from xianban_sensing.domain.endpoints import Allowed
from xianban_sensing.domain.subscriptions import Subscription, read_subscription
from xianban_sensing.handlers.entities import Author
from xianban_sensing.handlers.refusing import Given, refusals
from xianban_sensing.known_contexts import contexts
from xianban_sensing.repository.subscriptions import Kept, Subscriptions

__all__ = ["change", "create", "remove"]


def create(asked: Given, *, allowed: Allowed, author: Author, uow: UnitOfWork) -> Kept:
    """As it is kept; its endpoint must be one that the district's settings allow."""
    document, context = asked
    id_ = document.get("id") or f"urn:ngsi-ld:Subscription:{uow.ids.new()}"
    if not is_id(id_):
        raise InvalidArgument("ENTITY_ID_MALFORMED", field="id")
    with refusals():
        new = read_subscription(id_, document, context)
    _check(new, allowed)
    found = Subscriptions(uow.conn, author.scope, author.organisation)
    if not found.add(new, uow.clock.now()):
        raise AlreadyExists("SUBSCRIPTION_EXISTS", field="id")
    return found.get(id_)


def change(
    id_: str, fragment: dict[str, Any], *, allowed: Allowed, author: Author, uow: UnitOfWork
) -> Kept:
    """The members given replace those of before; of the notification, each of its own."""
    found = Subscriptions(uow.conn, author.scope, author.organisation)
    kept = found.get(id_)
    document = {**kept.document, "isActive": kept.active, "type": "Subscription", **fragment}
    if isinstance(fragment.get("notification"), dict):
        document["notification"] = {**kept.document["notification"], **fragment["notification"]}
    with refusals():
        changed = read_subscription(id_, document, contexts().of(kept.context))
    _check(changed, allowed)
    found.save(changed, uow.clock.now())
    return found.get(id_)


def remove(id_: str, *, author: Author, uow: UnitOfWork) -> None:
    """With what was still to be sent."""
    Subscriptions(uow.conn, author.scope, author.organisation).remove(id_)


def _check(wanted: Subscription, allowed: Allowed) -> None:
    if not allowed.names(wanted.uri):
        raise InvalidArgument("ENDPOINT_NOT_ALLOWED", field="notification.endpoint.uri")
