"""Changes of entities within one unit of work: kept, remembered, and told to who asked."""

from __future__ import annotations

from collections.abc import Collection
from threading import Event
from typing import Final

from xianban_sdk.storage import UnitOfWork
from xianban_sdk.telemetry import log

from xianban_sensing.domain.entities import Entity
from xianban_sensing.domain.refusals import RefusedError
from xianban_sensing.domain.subscriptions import Subscription, read_subscription
from xianban_sensing.known_contexts import contexts
from xianban_sensing.repository import MACHINE
from xianban_sensing.repository.entities import Entities
from xianban_sensing.repository.history import History
from xianban_sensing.repository.stored import text_of
from xianban_sensing.repository.subscriptions import Kept, Notifications, Subscriptions, Waiting

__all__ = ["Changes", "read_again", "subscribed", "to_send"]

# Wakes the loop that sends; what another process wrote is seen a moment later.
to_send: Final = Event()


class Changes:
    """Written as they come; `tell` at the end, once, makes one notification per subscription."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._entities = Entities(uow.conn, MACHINE)
        self._history = History(uow.conn, MACHINE)
        self._changed: dict[str, tuple[Entity, set[str]]] = {}

    def add(self, new: Entity) -> bool:
        """False when there is one of its id."""
        if not self._entities.add(new):
            return False
        self._note(new, new.attributes.keys())
        return True

    def save(self, changed: Entity, names: Collection[str]) -> None:
        """Its attributes of these names are other ones than before, or gone."""
        self._entities.save(changed, names)
        self._note(changed, names)

    def tell(self) -> None:
        """To every subscription that means one of the changes."""
        kinds = {kind for entity, _ in self._changed.values() for kind in entity.types}
        found = Subscriptions(self._uow.conn, MACHINE, "")
        for kept in found.of_types(kinds, self._uow.clock.now()) if kinds else ():
            subscription = subscribed(kept)
            if subscription is not None:
                self._tell(subscription)

    def _tell(self, subscription: Subscription) -> None:
        meant = [e for e, names in self._changed.values() if subscription.means(e, names)]
        if not meant:
            return
        now = self._uow.clock.now()
        waiting = Waiting(
            id=self._uow.ids.new(),
            subscription=subscription.id,
            body=text_of([_told(entity) for entity in meant]),
            made_at=now,
            due_at=now,
            traceparent=self._uow.call.traceparent,
        )
        Notifications(self._uow.conn, MACHINE).add(waiting)
        self._uow.after_commit(to_send.set)

    def _note(self, entity: Entity, names: Collection[str]) -> None:
        self._history.keep(entity, names, self._uow.clock.now(), self._uow.ids)
        _, before = self._changed.get(entity.id, (entity, set[str]()))
        self._changed[entity.id] = (entity, before | set(names))


def _told(entity: Entity) -> dict[str, object]:
    return {
        "id": entity.id,
        "types": entity.types,
        "attributes": entity.attributes,
        "created_at": entity.created_at,
        "modified_at": entity.modified_at,
    }


def subscribed(kept: Kept) -> Subscription | None:
    """A subscription read again; None, and a line in the log, where it can't be any more."""
    try:
        return read_again(kept)
    except RefusedError as refusal:
        log.error("subscription_unreadable", subscription=kept.id, reason=refusal.reason)
        return None


def read_again(kept: Kept) -> Subscription:
    """Raises where its context is no longer known here."""
    context = contexts().of(kept.context)
    return read_subscription(kept.id, kept.document, context).put(kept.active)
