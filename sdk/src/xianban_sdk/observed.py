"""What a service is looked at for, each minute: outbox, dead letters, timers, audit, relations …

The same figures are `xianban doctor`'s; they are read from the service's own tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from xianban_sdk import instruments
from xianban_sdk.app import Resources
from xianban_sdk.audit import oldest_unsealed
from xianban_sdk.clock import Clock
from xianban_sdk.health import Health
from xianban_sdk.identity.relations import Relations
from xianban_sdk.instruments import SERVICE, Seen
from xianban_sdk.messaging import outbox
from xianban_sdk.messaging.dead_letters import count_by_state
from xianban_sdk.plugins import Hooks
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.tables import timer

__all__ = ["Figures", "figures_of", "observe_database", "observe_service"]

# A failing timer is put off by so much at most; its due time stays.
_POSTPONED: Final = timedelta(minutes=2)


@dataclass(frozen=True)
class Figures:
    """How a service's own tables stand."""

    unsent: int
    # Seconds.
    outbox_age: float
    dead: int
    parked: int
    unsealed_age: float
    overdue: float


def figures_of(conn: Connection, now: datetime) -> Figures:
    """A few questions, each along an index."""
    pending, letters = outbox.pending(conn), count_by_state(conn)
    return Figures(
        unsent=pending.events,
        outbox_age=_age(pending.oldest, now),
        dead=letters.get("dead", 0),
        parked=letters.get("parked", 0),
        unsealed_age=_age(oldest_unsealed(conn), now),
        overdue=_age(_oldest_due(conn, now), now),
    )


def observe_service(name: str, resources: Resources, health: Health) -> list[Callable[[], None]]:
    """From now on; returns what ends it."""
    ends = observe_database(name, resources.db, resources.clock)
    relations = resources.relations
    if isinstance(relations, Relations):
        labels = {SERVICE: name}
        ends.append(instruments.RELATIONS_AGE.observe(lambda: [(relations.age(), labels)]))
    ends.append(instruments.DEPENDENCY.observe(lambda: _dependencies(name, health)))
    ends.append(instruments.PLUGIN_STATE.observe(lambda: _plugins(name, resources.hooks)))
    return ends


def observe_database(name: str, db: Database, clock: Clock) -> list[Callable[[], None]]:
    """What the tables say, and how many connections are in use."""
    last = _Last(db, clock)
    one = {SERVICE: name}
    return [
        instruments.OUTBOX_AGE.observe(lambda: [(last.figures().outbox_age, one)]),
        instruments.OUTBOX_UNSENT.observe(lambda: [(last.figures().unsent, one)]),
        instruments.DEAD_LETTERS.observe(lambda: _letters(name, last.figures())),
        instruments.AUDIT_AGE.observe(lambda: [(last.figures().unsealed_age, one)]),
        instruments.TIMERS_OVERDUE.observe(lambda: [(last.figures().overdue, one)]),
        instruments.DB_CONNECTIONS.observe(lambda: _connections(db)),
        instruments.DB_CONNECTIONS_MOST.observe(lambda: _connections_most(db)),
    ]


class _Last:
    """One look for all instruments of a collection."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._at: datetime | None = None
        self._seen: Figures | None = None

    def figures(self) -> Figures:
        now = self._clock.now()
        if self._seen is None or self._at is None or abs(now - self._at) > timedelta(seconds=1):
            with self._db.read() as conn:
                self._seen = figures_of(conn, now)
            self._at = now
        return self._seen


def _letters(name: str, found: Figures) -> Iterator[Seen]:
    yield found.dead, {SERVICE: name, "xianban.state": "dead"}
    yield found.parked, {SERVICE: name, "xianban.state": "parked"}


def _connections(db: Database) -> Iterator[Seen]:
    for pool in db.pools():
        named = {"db.client.connection.pool.name": pool.name}
        yield pool.used, {**named, "db.client.connection.state": "used"}
        yield pool.idle, {**named, "db.client.connection.state": "idle"}


def _connections_most(db: Database) -> Iterator[Seen]:
    for pool in db.pools():
        yield pool.most, {"db.client.connection.pool.name": pool.name}


def _dependencies(name: str, health: Health) -> Iterator[Seen]:
    for dependency, well in health.standing.items():
        yield int(well), {SERVICE: name, "dependency": dependency}


def _plugins(name: str, hooks: Hooks) -> Iterator[Seen]:
    for plugin, loaded in hooks.plugins.items():
        state = "left_alone" if loaded.runner.left_alone else "well"
        state = "set_aside" if loaded.quarantined else state
        for each in ("well", "left_alone", "set_aside"):
            yield int(state == each), {SERVICE: name, "plugin": plugin, "state": each}


def _oldest_due(conn: Connection, now: datetime) -> datetime | None:
    soon = timer.c.not_before <= now + _POSTPONED
    due = select(func.min(timer.c.due_at)).where(soon, timer.c.due_at <= now)
    return conn.scalar(due)


def _age(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since else 0.0
