"""What identity knows first-hand and every other service hears: relations and keys."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from xianban.common.v1 import relations_pb2
from xianban_sdk.app import Resources
from xianban_sdk.errors import Unavailable
from xianban_sdk.identity.facts import Facts
from xianban_sdk.identity.jwks import StaticKeys
from xianban_sdk.messaging.bus import BusUnavailable
from xianban_sdk.messaging.event import Event, event_type, routing_key
from xianban_sdk.storage import Database
from xianban_sdk.telemetry import log
from xianban_sdk.wire import stamp

from xianban_identity.oidc import keys
from xianban_identity.repository import relation_log

__all__ = ["OwnFacts", "heartbeat", "own_facts", "own_keys"]

_BEAT = 0.5


class OwnFacts:
    """Facts straight from identity's tables: never stale."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._told: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._seen = -1

    def facts(self, actor: str, subject: str) -> Facts:
        """What holds now."""
        try:
            with self._db.read() as conn:
                records = relation_log.for_pair(conn, actor, subject)
        except SQLAlchemyError as error:
            raise Unavailable("STORAGE_UNAVAILABLE") from error
        return Facts.of(records, actor, subject)

    def about(self, subjects: Collection[str]) -> Mapping[str, Facts]:
        """What holds of each now, whoever acts."""
        return {subject: self.facts("", subject) for subject in subjects}

    def on_change(self, told: Callable[[], None]) -> Callable[[], None]:
        """Registers a callback; returns what unregisters it."""
        with self._lock:
            self._told.append(told)
        return lambda: self._untell(told)

    def _untell(self, told: Callable[[], None]) -> None:
        with self._lock:
            self._told.remove(told)

    def seen(self, sequence: int) -> None:
        """Wakes who waits, if the log has grown."""
        with self._lock:
            moved, self._seen = sequence != self._seen, sequence
            told = list(self._told)
        for callback in told if moved else ():
            callback()


def own_facts(resources: Resources) -> OwnFacts:
    """For `Service(relations=…)`."""
    return OwnFacts(resources.db)


def own_keys(resources: Resources) -> StaticKeys:
    """For `Service(keys=…)`."""

    def published() -> dict[str, Any]:
        with resources.db.read() as conn:
            return keys.jwks(conn, resources.clock.now())

    return StaticKeys(published)


def heartbeat(resources: Resources, stop: threading.Event) -> None:
    """Tells the services twice a second how far the relation log goes."""
    while not stop.wait(_BEAT):
        try:
            _beat(resources)
        except (SQLAlchemyError, BusUnavailable, OSError) as error:
            # The services notice the silence and ask; this loop goes on.
            log.warning("heartbeat_not_sent", error=repr(error))


def _beat(resources: Resources) -> None:
    # The instant is taken first: at that time nothing beyond the sequence was committed.
    observed = resources.clock.now()
    with resources.db.read() as conn:
        sequence = relation_log.last_sequence(conn)
    if isinstance(resources.relations, OwnFacts):
        resources.relations.seen(sequence)
    beat = relations_pb2.RelationsHeartbeat(sequence=sequence, observe_time=stamp(observed))
    resources.bus.publish_transient(
        Event(
            id=resources.ids.new(),
            source="/services/identity",
            type=event_type(beat),
            routing_key=routing_key(beat, "identity"),
            subject="",
            aggregate="relations",
            time=observed,
            data=beat.SerializeToString(),
        )
    )
