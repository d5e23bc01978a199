"""Subscriptions: who is told of which changes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, cast

from xianban_sensing.domain.contexts import Context
from xianban_sensing.domain.documents import is_id, is_short
from xianban_sensing.domain.endpoints import read_endpoint
from xianban_sensing.domain.entities import Entity, instant_of, iso
from xianban_sensing.domain.forms import Form, Look
from xianban_sensing.domain.leaves import leaves_of
from xianban_sensing.domain.patterns import pattern_of
from xianban_sensing.domain.queries import Node, holds, read_query
from xianban_sensing.domain.refusals import RefusedError

__all__ = ["Record", "Subscription", "Wanted", "read_subscription", "told"]

Json = dict[str, Any]

_UNREAD: Final = (
    "timeInterval",
    "geoQ",
    "temporalQ",
    "scopeQ",
    "csf",
    "throttling",
    "lang",
    "notificationTrigger",
    "jsonldContext",
)
# What the broker itself says of a subscription.
_OURS: Final = frozenset({"status", "@context", "createdAt", "modifiedAt"})
_OURS_OF_NOTIFICATION: Final = frozenset(
    {"status", "timesSent", "timesFailed", "lastNotification", "lastFailure", "lastSuccess"}
)
_FORMATS: Final = {
    "normalized": Form.NORMALIZED,
    "concise": Form.CONCISE,
    "keyValues": Form.SIMPLIFIED,
    "simplified": Form.SIMPLIFIED,
}
_MOST: Final = 20
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """Entities of a type (in full), perhaps only one, or those whose ids hold a pattern."""

    type: str
    id: str = ""
    id_pattern: str = ""

    def means(self, entity: Entity) -> bool:
        if self.type not in entity.types or self.id not in ("", entity.id):
            return False
        return not self.id_pattern or pattern_of(self.id_pattern)(entity.id)


@dataclass(frozen=True, slots=True)
class Subscription:
    """What was asked for. `document` is as given; names are in full."""

    id: str
    document: Mapping[str, Any]
    context: Any
    entities: tuple[Wanted, ...]
    watched: frozenset[str]
    query: Node | None
    look: Look
    active: bool
    expires_at: datetime | None
    uri: str
    accept: str

    def means(self, entity: Entity, changed: Collection[str]) -> bool:
        """Whether its receiver is told of this change."""
        if self.watched and not self.watched & set(changed):
            return False
        if not any(wanted.means(entity) for wanted in self.entities):
            return False
        return self.query is None or holds(self.query, leaves_of(entity.attributes))

    def put(self, active: bool) -> Subscription:
        return replace(self, active=active)


@dataclass(frozen=True, slots=True)
class Record:
    """What came of a subscription so far."""

    times_sent: int = 0
    times_failed: int = 0
    last_notification: datetime | None = None
    last_success: datetime | None = None
    last_failure: datetime | None = None


def told(subscription: Subscription, record: Record, now: datetime) -> Json:
    """The subscription as its owner reads it back."""
    document = dict(subscription.document) | {
        "id": subscription.id,
        "type": "Subscription",
        "isActive": subscription.active,
        "status": _status(subscription, now),
    }
    return document | {"notification": _notification(subscription, record)}


def _status(subscription: Subscription, now: datetime) -> str:
    if subscription.expires_at is not None and subscription.expires_at <= now:
        return "expired"
    return "active" if subscription.active else "paused"


def _notification(subscription: Subscription, record: Record) -> Json:
    told: Json = dict(subscription.document["notification"])
    if record.times_sent or record.times_failed:
        failing = (record.last_failure or _AGES_AGO) > (record.last_success or _AGES_AGO)
        told["status"] = "failed" if failing else "ok"
        told |= {"timesSent": record.times_sent, "timesFailed": record.times_failed}
    stamps = {
        "lastNotification": record.last_notification,
        "lastSuccess": record.last_success,
        "lastFailure": record.last_failure,
    }
    return told | {name: iso(at) for name, at in stamps.items() if at is not None}


_AGES_AGO: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def read_subscription(id_: str, given: Mapping[str, Any], context: Context) -> Subscription:
    """The subscription that a document asks for."""
    for name in _UNREAD:
        if name in given:
            raise RefusedError("NOT_SUPPORTED", name)
    if given.get("type") != "Subscription":
        raise RefusedError("SUBSCRIPTION_MALFORMED", "type")
    notification = _object(given.get("notification"), "notification")
    uri, accept = read_endpoint(_object(notification.get("endpoint"), "notification.endpoint"))
    return Subscription(
        id=id_,
        document=_kept(given, notification),
        context=context.source,
        entities=_entities(given.get("entities"), context),
        watched=frozenset(_names(given, "watchedAttributes", context)),
        query=_query(given.get("q"), context),
        look=Look(_format(notification), frozenset(_names(notification, "attributes", context))),
        active=_flag(given.get("isActive", True)),
        expires_at=_expiry(given.get("expiresAt")),
        uri=uri,
        accept=accept,
    )


def _kept(given: Mapping[str, Any], notification: Json) -> Json:
    asked = {k: v for k, v in notification.items() if k not in _OURS_OF_NOTIFICATION}
    return {k: v for k, v in given.items() if k not in _OURS} | {"notification": asked}


def _object(value: Any, field: str) -> Json:
    if not isinstance(value, dict):
        raise RefusedError("SUBSCRIPTION_MALFORMED", field)
    return cast(Json, value)


def _items(value: Any, field: str) -> list[Any]:
    items = cast("list[Any]", value) if isinstance(value, list) else []
    if not 0 < len(items) <= _MOST:
        raise RefusedError("SUBSCRIPTION_MALFORMED", field)
    return items


def _entities(value: Any, context: Context) -> tuple[Wanted, ...]:
    """Each with a type: a subscription to everything is none."""
    found: list[Wanted] = []
    for item in _items(value, "entities"):
        one = _object(item, "entities")
        kind, id_, pattern = one.get("type"), one.get("id", ""), one.get("idPattern", "")
        texts = isinstance(kind, str) and kind and isinstance(pattern, str)
        if not texts or (id_ and not is_id(id_)):
            raise RefusedError("SUBSCRIPTION_MALFORMED", "entities")
        if pattern:
            pattern_of(pattern)
        full = context.expand(cast(str, kind))
        if not is_short(full):
            raise RefusedError("SUBSCRIPTION_MALFORMED", "entities")
        found.append(Wanted(full, id_, pattern))
    return tuple(found)


def _names(given: Mapping[str, Any], field: str, context: Context) -> list[str]:
    if field not in given:
        return []
    names = _items(given[field], field)
    if not all(isinstance(one, str) and 0 < len(one) <= _LONGEST for one in names):
        raise RefusedError("SUBSCRIPTION_MALFORMED", field)
    return [context.expand(one) for one in names]


def _query(value: Any, context: Context) -> Node | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise RefusedError("QUERY_MALFORMED", "q")
    return read_query(value, context)


def _format(notification: Json) -> Form:
    found = _FORMATS.get(str(notification.get("format", "normalized")))
    if found is None:
        raise RefusedError("SUBSCRIPTION_MALFORMED", "notification.format")
    return found


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise RefusedError("SUBSCRIPTION_MALFORMED", "isActive")
    return value


def _expiry(value: Any) -> datetime | None:
    if value is None:
        return None
    found = instant_of(value)
    if found is None:
        raise RefusedError("INSTANT_MALFORMED", "expiresAt")
    return found
