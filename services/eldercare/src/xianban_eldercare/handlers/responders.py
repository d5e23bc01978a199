"""力量分布: dispatching systems as plugins bring them, and who of their people is near an alert."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

import orjson
from sqlalchemy import Connection
from xianban_sdk.alerts import Alert
from xianban_sdk.plugins import Hooks
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.domain.distances import Degrees
from xianban_eldercare.domain.muster import Ranked, Seen, needed, ranked
from xianban_eldercare.handlers.weather import home_of
from xianban_eldercare.hookspecs import Responder, ResponderSource, ResponderUnread
from xianban_eldercare.repository import MACHINE, CareFiles, Muster
from xianban_eldercare.repository.muster import ResponderRow, ResponderSourceRow

__all__ = [
    "Near",
    "Nearest",
    "ResponderPlugin",
    "introduce",
    "near",
    "read",
    "sources_of",
    "take_in",
]

_SECONDS: Final = 20.0
_MOST_TOLD: Final = 2000
_MOST_SHOWN: Final = 20
_LONGEST: Final = 128

Told = Responder | ResponderUnread


@dataclass(frozen=True, slots=True)
class ResponderPlugin:
    """A source and the plugin that brought it."""

    plugin: str
    source: ResponderSource


@dataclass(frozen=True, slots=True)
class Near:
    """One who can be sent."""

    row: ResponderRow
    detail: dict[str, Any]
    rank: Ranked
    sent_to: str
    """The alert that is not dealt with to which they were sent; empty: none."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """Who can be sent to an alert, whom it needs, and how the sources are doing."""

    people: Sequence[Near]
    skills: frozenset[str]
    sources: Sequence[ResponderSourceRow]
    placed: bool


def sources_of(hooks: Hooks) -> list[ResponderPlugin]:
    return [
        ResponderPlugin(result.plugin, each)
        for result in hooks.registered("register_responders")
        for each in result.value or ()
    ]


def introduce(found: Sequence[ResponderPlugin], *, uow: UnitOfWork) -> None:
    """Before the first reading it is a source of which nothing is known."""
    for one in found:
        names = orjson.dumps(dict(one.source.names)).decode()
        row = ResponderSourceRow(one.source.id, names, one.plugin)
        Muster(uow.conn, MACHINE).introduce(row)


def read(found: ResponderPlugin, hooks: Hooks, now: datetime) -> list[Told]:
    """All that it tells, outside of any transaction; raises what the plugin raised."""
    result = hooks.run(
        found.plugin,
        "responders.read",
        lambda: list(islice(found.source.read(now), _MOST_TOLD + 1)),
        _SECONDS,
    )
    if result.error is not None:
        raise result.error
    if len(result.value) > _MOST_TOLD:
        raise ValueError(f"more than {_MOST_TOLD} responders")
    return result.value


def take_in(source: str, told: Sequence[Told], *, uow: UnitOfWork) -> None:
    """Keeps who is on duty, and nobody else."""
    now = uow.clock.now()
    people = [one for one in told if isinstance(one, Responder) and _on_duty(one, now)]
    rows = {row.id: row for row in (_row(source, one, now) for one in people)}
    unread = sum(isinstance(one, ResponderUnread) for one in told)
    book = Muster(uow.conn, MACHINE)
    book.replace(source, list(rows.values()), unread, now)
    book.forget(now)


def near(alert: Alert, sources: Sequence[str], *, conn: Connection, now: datetime) -> Nearest:
    """`sources`: the ids of those that are connected now."""
    book, skills, there = Muster(conn, MACHINE), needed(alert.rule), _where(alert, conn)
    rows = book.on_duty(sources, now)
    sent = book.sent([row.id for row in rows])
    found = [_near(row, sent.get(row.id, ""), alert, there, now) for row in rows]
    able = [one for one in found if skills.intersection(one.detail["skills"])]
    able.sort(key=lambda one: (one.rank.order, one.detail["name"], one.row.id))
    return Nearest(able[:_MOST_SHOWN], skills, book.sources(sources), there is not None)


def _near(
    row: ResponderRow, sent_to: str, alert: Alert, there: Degrees | None, now: datetime
) -> Near:
    detail: dict[str, Any] = orjson.loads(row.detail)
    taken = row.state != "free" or sent_to not in ("", alert.id)
    return Near(row, detail, ranked(_seen(detail), there, now, taken=taken), sent_to)


def _seen(detail: dict[str, Any]) -> Seen | None:
    at = detail["position"]
    if at is None:
        return None
    return Seen((at["latitude"], at["longitude"]), datetime.fromisoformat(at["observed_at"]))


def _where(alert: Alert, conn: Connection) -> Degrees | None:
    """Where the alert says; else the elder's home, if it is known."""
    if alert.place is not None:
        return alert.place.latitude, alert.place.longitude
    file = CareFiles(conn, MACHINE).find(alert.resident) if alert.resident else None
    return home_of(file) if file else None


def _on_duty(one: Responder, now: datetime) -> bool:
    return one.state != "off" and one.on_duty_from <= now < one.on_duty_until


def _row(source: str, one: Responder, now: datetime) -> ResponderRow:
    detail = {
        "name": one.name[:_LONGEST],
        "organisation": one.organisation[:_LONGEST],
        "skills": [str(skill) for skill in one.skills],
        "phone": one.phone[:_LONGEST],
        "position": asdict(one.position) if one.position else None,
    }
    return ResponderRow(
        id=hashlib.sha256(f"{source}\0{one.id}".encode()).hexdigest()[:26],
        source=source,
        person=one.person,
        duty_until=one.on_duty_until,
        state=one.state,
        told_at=now,
        detail=orjson.dumps(detail).decode(),
    )
