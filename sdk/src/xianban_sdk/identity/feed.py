"""Keeps a service's relations up to date: events, heartbeats, and reading the log when in doubt."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import grpc
from google.protobuf.message import DecodeError
from xianban.common.v1 import relations_pb2 as pb
from xianban.common.v1.relations_pb2_grpc import RelationServiceStub

from xianban_sdk.clock import Clock
from xianban_sdk.errors import XianbanError
from xianban_sdk.identity.relations import Lister, Relations, Resolver
from xianban_sdk.messaging.bus import Bus, Subscription
from xianban_sdk.messaging.consumers import consumer
from xianban_sdk.messaging.event import Event
from xianban_sdk.rpc.clients import Clients
from xianban_sdk.storage.unit_of_work import UnitOfWork
from xianban_sdk.telemetry import log

__all__ = ["HEARTBEAT", "RelationsFeed", "lister", "relation_consumer", "resolver"]

HEARTBEAT: Final = "identity.v1.relations_heartbeat"
# Asked in the middle of a person's call: half the bound at most.
_ASK_SECONDS: Final = 0.5
_LIST_SECONDS: Final = 3.0
_LOOK: Final = 0.25
_LONGEST_PAUSE: Final = 2.0


def resolver(clients: Clients) -> Resolver:
    """Asks identity about one pair."""

    def resolve(actor: str, subject: str) -> pb.ResolveRelationsResponse:
        stub = clients.stub(RelationServiceStub, service="identity")
        request = pb.ResolveRelationsRequest(actor=actor, subject=subject)
        return stub.ResolveRelations(request, timeout=_ASK_SECONDS)

    return resolve


def lister(clients: Clients) -> Lister:
    """Reads one page of identity's log."""

    def list_after(sequence: int) -> pb.ListRelationsResponse:
        stub = clients.stub(RelationServiceStub, service="identity")
        request = pb.ListRelationsRequest(after_sequence=sequence, page_size=1000)
        return stub.ListRelations(request, timeout=_LIST_SECONDS)

    return list_after


def relation_consumer(relations: Relations) -> Callable[..., None]:
    """The consumer that every service has."""

    @consumer("identity.v1.relation_changed")
    def on_relation_changed(event: pb.RelationChanged, *, uow: UnitOfWork, meta: Event) -> None:
        relations.apply(uow.conn, event.record)
        uow.after_commit(lambda: relations.applied(event.record.sequence))

    return on_relation_changed


class RelationsFeed:
    """Listens to heartbeats and repairs the copy when they stop or show a gap."""

    def __init__(self, relations: Relations, bus: Bus, clock: Clock) -> None:
        self._relations = relations
        self._bus = bus
        self._clock = clock
        self._subscription: Subscription | None = None

    def run(self, stop: threading.Event) -> None:
        """Keeps up until told to stop; identity and the bus may come and go."""
        pause = _LOOK
        while not stop.is_set():
            try:
                self._step()
                pause = _LOOK
            except (grpc.RpcError, XianbanError, OSError) as error:
                pause = min(pause * 2, _LONGEST_PAUSE)
                log.info("relations_sync_waits", error=repr(error), pause=pause)
            except Exception:
                pause = _LONGEST_PAUSE
                log.exception("relations_sync_failed")
            stop.wait(pause)
        if self._subscription is not None:
            self._subscription.close()

    def _step(self) -> None:
        if self._subscription is None:
            self._subscription = self._bus.subscribe_transient([HEARTBEAT], self._heartbeat)
        if self._relations.needs_sync(self._clock.now().timestamp()):
            self._relations.sync()

    def _heartbeat(self, event: Event) -> None:
        try:
            self._relations.heartbeat(pb.RelationsHeartbeat.FromString(event.data))
        except DecodeError as error:
            log.warning("heartbeat_unreadable", error=repr(error))
