"""Each event is applied once: its inbox row and its effect are one transaction."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from google.protobuf.message import DecodeError
from sqlalchemy import Connection

from xianban_sdk import telemetry
from xianban_sdk.clock import Clock
from xianban_sdk.errors import Aborted, FailedPrecondition, Unavailable
from xianban_sdk.ids import Ids
from xianban_sdk.instruments import EVENT_AGE, PROCESSED, SERVICE
from xianban_sdk.messaging import dead_letters
from xianban_sdk.messaging.bus import DeliveryStopped
from xianban_sdk.messaging.consumers import Consumer, describe
from xianban_sdk.messaging.dead_letters import DeadLetter
from xianban_sdk.messaging.event import Event
from xianban_sdk.storage import unit_of_work as work
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.failures import is_transient
from xianban_sdk.storage.tables import inbox
from xianban_sdk.storage.upsert import insert_all_new, insert_new

__all__ = ["Inbox", "Replayed"]

_log = structlog.get_logger("xianban.messaging")

_TOGETHER = 100  # events per transaction, while all goes well
_ATTEMPTS = 4
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 5.0
_ERROR_CHARACTERS = 2000


@dataclass(frozen=True)
class Replayed:
    """What a replay did: how many events were applied, and the one that failed, if any."""

    applied: int
    failed: DeadLetter | None


class Inbox:
    """A group's way in: dedupes, applies, retries, dead-letters.

    A poison event is dead-lettered alone and later ones of its aggregate are parked behind it;
    other aggregates go on. What passes by itself (database away, conflict, `Unavailable`) is
    waited for, however long.
    """

    def __init__(
        self,
        db: Database,
        group: str,
        consumers: Sequence[Callable[..., None]],
        *,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._db = db
        self.group = group
        self._consumers = [describe(function) for function in consumers]
        self._clock = clock
        self._ids = ids
        self._stop = threading.Event()

    @property
    def patterns(self) -> list[str]:
        """What to subscribe to."""
        return sorted({each.pattern for each in self._consumers})

    def stop(self) -> None:
        """Give up waiting; what is not settled will be delivered again."""
        self._stop.set()

    def deliver(self, events: list[Event]) -> None:
        """Settle each event, in order. Give this to `Bus.subscribe`.

        What comes together is applied in one transaction; if anything is wrong with it, nothing
        of it was done and each event is settled by itself.
        """
        taken = [(event, takers) for event in events if (takers := self._takers(event))]
        for first in range(0, len(taken), _TOGETHER):
            some = taken[first : first + _TOGETHER]
            if len(some) > 1 and self._apply_together(some):
                continue
            for event, takers in some:
                with self._traced(event):
                    self._settle(event, takers)

    def replay(self, letter_id: str) -> Replayed:
        """Apply a dead event and then, in order, what was parked behind it."""
        with self._db.read() as conn:
            letter = dead_letters.load(conn, letter_id)
            first = dead_letters.first_of_aggregate(conn, self.group, letter.event)
        if letter.group != self.group:
            raise FailedPrecondition("DEAD_LETTER_OF_OTHER_GROUP", field="id")
        if first is None or first.id != letter_id:
            raise FailedPrecondition("DEAD_LETTER_HAS_PREDECESSOR", field="id")
        return self._replay_from(letter)

    def _takers(self, event: Event) -> list[Consumer]:
        return [each for each in self._consumers if each.takes(event)]

    def _apply_together(self, some: Sequence[tuple[Event, list[Consumer]]]) -> bool:
        """False when nothing was done: an event is known, waits behind a dead one, or failed."""
        if self._stop.is_set():
            return False
        try:
            with self._open(some[0][0]) as uow:
                if not self._all_pass(uow.conn, [event for event, _ in some]):
                    raise _OneByOne
                for event, takers in some:
                    with self._traced(event):
                        uow.call = _call(event)
                        _effect(event, takers, uow)
        except Exception as error:
            if not isinstance(error, _OneByOne):
                _log.warning("events_one_by_one", group=self.group, error=repr(error))
            return False
        return True

    def _all_pass(self, conn: Connection, events: list[Event]) -> bool:
        """Whether all are new and nothing of the group waits that one could have to wait behind."""
        if dead_letters.any_waits(conn, self.group):
            return False
        rows = [self._inbox_row(event) for event in events]
        return insert_all_new(conn, inbox, rows)

    def _settle(self, event: Event, takers: list[Consumer]) -> None:
        failures = 0
        pause = _FIRST_PAUSE
        while not self._stop.is_set():
            try:
                return self._apply(event, takers)
            except Exception as error:
                if not passes_by_itself(error):
                    failures += 1
                    if failures == _ATTEMPTS or isinstance(error, DecodeError):
                        return self._bury(event, error, failures)
                _log.warning(
                    "event_retried", group=self.group, event_id=event.id, error=repr(error)
                )
            self._stop.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        raise DeliveryStopped(self.group)

    def _apply(self, event: Event, takers: list[Consumer]) -> None:
        with self._open(event) as uow:
            if not self._is_new(uow.conn, event):
                return
            if dead_letters.is_blocked(uow.conn, self.group, event):
                dead_letters.add(uow.conn, self._letter(event, "parked", "", 0))
                return
            _effect(event, takers, uow)

    def _bury(self, event: Event, error: Exception, attempts: int) -> None:
        """Dead-letter; this too waits for the database."""
        _log.error("event_dead", group=self.group, event_id=event.id, exc_info=error)
        letter = self._letter(event, "dead", _describe(error), attempts)
        pause = _FIRST_PAUSE
        while not self._stop.is_set():
            try:
                with self._db.begin() as conn:
                    if self._is_new(conn, event):
                        dead_letters.add(conn, letter)
                return
            except Exception as failure:
                _log.warning("dead_letter_retried", event_id=event.id, error=repr(failure))
            self._stop.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        raise DeliveryStopped(self.group)

    def _replay_from(self, letter: DeadLetter) -> Replayed:
        applied = 0
        following: DeadLetter | None = letter
        while following is not None:
            try:
                self._apply_letter(following)
            except Exception as error:
                if passes_by_itself(error):
                    raise
                with self._db.begin() as conn:
                    dead_letters.mark_dead(conn, following, _describe(error))
                    return Replayed(applied, dead_letters.load(conn, following.id))
            applied += 1
            with self._db.read() as conn:
                following = dead_letters.first_of_aggregate(conn, self.group, letter.event)
        return Replayed(applied, None)

    def _apply_letter(self, letter: DeadLetter) -> None:
        takers = self._takers(letter.event)
        with _span("replay", letter.event), self._open(letter.event) as uow:
            dead_letters.load(uow.conn, letter.id, lock=True)
            dead_letters.remove(uow.conn, letter.id)
            _effect(letter.event, takers, uow)

    @contextmanager
    def _traced(self, event: Event) -> Generator[None]:
        """Traced and measured."""
        labels = {SERVICE: self.group, "messaging.destination.name": event.routing_key}
        started, failed = time.perf_counter(), ""
        try:
            with _span("consume", event):
                yield
        except BaseException as error:
            failed = type(error).__name__
            raise
        finally:
            PROCESSED.record(time.perf_counter() - started, {**labels, "error.type": failed})
        waited = (self._clock.now() - event.time).total_seconds()
        EVENT_AGE.record(max(waited, 0.0), labels)

    def _open(self, event: Event) -> work.Opened:
        return work.open_unit_of_work(self._db, clock=self._clock, ids=self._ids, call=_call(event))

    def _is_new(self, conn: Connection, event: Event) -> bool:
        return insert_new(conn, inbox, self._inbox_row(event))

    def _inbox_row(self, event: Event) -> dict[str, Any]:
        return {
            "consumer_group": self.group,
            "event_id": event.id,
            "settled_at": self._clock.now(),
        }

    def _letter(
        self, event: Event, state: dead_letters.State, error: str, attempts: int
    ) -> DeadLetter:
        return DeadLetter(
            self._ids.new(), self.group, state, error, attempts, self._clock.now(), event
        )


class _OneByOne(Exception):
    """Rolls a common transaction back."""


def _call(event: Event) -> work.CallInfo:
    # Within its span, where there is one: what is scheduled or sent on follows the consumer.
    traceparent = telemetry.traceparent(event.traceparent)
    return work.CallInfo(event.actor, event.subject, traceparent, event.tracestate)


def passes_by_itself(error: Exception) -> bool:
    """Failures that are not the event's: waiting for their end loses nothing."""
    return isinstance(error, Unavailable | Aborted) or is_transient(error)


@contextmanager
def _span(verb: str, event: Event) -> Generator[None]:
    """A span in the trace in which the event came to be."""
    with (
        telemetry.remote(event.traceparent, event.tracestate),
        telemetry.span(f"{verb} {event.routing_key}", kind=telemetry.CONSUMER, event_id=event.id),
    ):
        yield


def _effect(event: Event, takers: list[Consumer], uow: work.UnitOfWork) -> None:
    for taker in takers:
        taker.function(taker.parse(event), uow=uow, meta=event)


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_ERROR_CHARACTERS]
