"""Where an elder's locator was last, and what follows from each new fix."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson
from sqlalchemy import Connection
from xianban.common.v1 import readings_pb2
from xianban_sdk.alerts import Place
from xianban_sdk.errors import NotFound
from xianban_sdk.readings import Reading, Readings, Shown, Silence
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.storage.instant import to_micros

from xianban_eldercare.domain.subjects import resident_of, subject_of
from xianban_eldercare.domain.whereabouts import Circle, Fix, metres
from xianban_eldercare.handlers import geofence
from xianban_eldercare.handlers.ingest import CLOCKS
from xianban_eldercare.repository import MACHINE, CareFiles, Scope
from xianban_eldercare.repository.fences import Fences
from xianban_eldercare.repository.fixes import LOCATION, fixes_at, locators
from xianban_eldercare.repository.searches import Searches
from xianban_eldercare.repository.whereabouts_rows import SearchRow
from xianban_eldercare.vitals import KINDS

__all__ = [
    "Near",
    "Seen",
    "Sighted",
    "follow",
    "last_seen",
    "live",
    "search_seen",
    "seen",
    "sought",
    "watch",
]

_BATTERY: Final = "battery"
# Those who see a search only while it runs (C11): everybody but the elder and who acts for them.
_OWN: Final = frozenset({"self", "guardian", "family"})
# Further away from every place, a distance says nothing to anybody.
_NEAR_METRES: Final = 20_000.0
_HOME_METRES: Final = 100.0


@dataclass(frozen=True, slots=True)
class Near:
    """The nearest place that the family has named ("": the home), and how far outside it."""

    place: str
    metres: float


@dataclass(frozen=True, slots=True)
class Sighted:
    """What a locator said last."""

    last: Reading | None
    battery: Reading | Silence

    @property
    def place(self) -> Place | None:
        """Where it was, whatever its age: never to be shown without the verdict."""
        return _place(self.last) if self.last is not None else None


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything the page of somebody's whereabouts shows."""

    resident: str
    display_name: str
    sighted: Sighted
    near: Near | None
    search: SearchRow | None


def seen(resident: str, *, scope: Scope, conn: Connection, now: datetime) -> Seen:
    """For the elder, and whoever acts for them."""
    file = CareFiles(conn, scope).get(resident)
    sighted = last_seen(resident, scope=scope, conn=conn)
    running = Searches(conn, scope).running(resident)
    return Seen(
        resident=resident,
        display_name=file.display_name,
        sighted=sighted,
        near=_near(sighted.place, _places(resident, file.home, scope, conn)),
        search=running if running is not None and running.runs(now) else None,
    )


def last_seen(resident: str, *, scope: Scope, conn: Connection) -> Sighted:
    """Of all locators, the one that was somewhere last, and its battery."""
    known = Readings(conn, scope, KINDS).latest(subject_of(resident))
    places = [one for one in known if one.kind.code == LOCATION]
    last = max(places, key=lambda one: one.observed_at, default=None)
    batteries = [
        one
        for one in known
        if one.kind.code == _BATTERY and (last is None or one.device == last.device)
    ]
    newest = max(batteries, key=lambda one: one.observed_at, default=None)
    return Sighted(last, newest or Silence(KINDS[_BATTERY]))


def search_seen(
    resident: str, number: str, *, basis: str, scope: Scope, conn: Connection, now: datetime
) -> SearchRow:
    """To responders a search is absent before and after its time."""
    row = Searches(conn, scope).get(resident, number)
    if not row.runs(now) and basis not in _OWN:
        raise NotFound("SEARCH_NOT_FOUND", field="name")
    return row


def live(row: SearchRow, *, scope: Scope, conn: Connection, now: datetime) -> Sighted | None:
    """The position while the search runs; no consent is asked for (PIPL art. 13(4))."""
    return last_seen(row.resident, scope=scope, conn=conn) if row.runs(now) else None


def sought(
    readings: Sequence[readings_pb2.RawReading], refused: Iterable[int], uow: UnitOfWork
) -> set[int]:
    """Of the refused readings, the places of people who are being looked for.

    To protect a life no consent is asked for (PIPL art. 13(4)), for as long as the search runs.
    """
    places = {index for index in refused if readings[index].kind == LOCATION}
    people = {resident_of(readings[index].subject) for index in places}
    now = uow.clock.now()
    found = Searches(uow.conn, MACHINE).sought(people) if people else {}
    running = {person for person, row in found.items() if row.runs(now)}
    return {index for index in places if resident_of(readings[index].subject) in running}


def follow(readings: Iterable[readings_pb2.RawReading], *, uow: UnitOfWork) -> None:
    """New fixes join the trails of those who are looked for."""
    located = [one for one in readings if one.kind == LOCATION]
    people = _located(located)
    for row in Searches(uow.conn, MACHINE).sought(people).values() if people else ():
        _record(row, [one for one in located if resident_of(one.subject) == row.resident], uow)


def watch(agreed: Iterable[readings_pb2.RawReading], *, uow: UnitOfWork) -> None:
    """New fixes may mean that a place was left: of people who agreed to that alone.

    What was taken in to find somebody is used for nothing else.
    """
    if people := _located(agreed):
        for resident in sorted(Fences(uow.conn, MACHINE).watched(people)):
            geofence.watch(resident, uow=uow)


def _located(readings: Iterable[readings_pb2.RawReading]) -> set[str]:
    subjects = {one.subject for one in readings if one.kind == LOCATION}
    return {resident_of(one) for one in subjects if one.startswith(subject_of(""))}


def _record(row: SearchRow, readings: Iterable[readings_pb2.RawReading], uow: UnitOfWork) -> None:
    """What this batch brought, as it was stored; what came before stands in the trail already."""
    start, end = to_micros(row.started_at), to_micros(row.until)
    now = to_micros(uow.clock.now())
    new = {at for one in readings if (at := _counts_at(one, now)) is not None}
    fixes = fixes_at(
        uow.conn,
        locators(uow.conn, subject_of(row.resident)),
        [at for at in new if start <= at <= end],
    )
    Searches(uow.conn, MACHINE).record(row, {fix.at: _written(fix) for fix in fixes})


def _counts_at(reading: readings_pb2.RawReading, now: int) -> int | None:
    """As `Ingest` has it; None: it was refused."""
    placed = CLOCKS.effective(reading.observe_micros, min(reading.receive_micros or now, now))
    return placed[0] if placed else None


def _written(fix: Fix) -> str:
    place = {
        "latitude": fix.latitude,
        "longitude": fix.longitude,
        "accuracy_m": fix.accuracy,
    }
    return orjson.dumps(place).decode()


def _place(reading: Reading) -> Place | None:
    told = reading.then(reading.received_at)
    return told.place if isinstance(told, Shown) else None


def _places(resident: str, home: str, scope: Scope, conn: Connection) -> list[tuple[str, Circle]]:
    rows = Fences(conn, scope).of(resident)
    places = [(row.display_name, geofence.circle_of(row)) for row in rows]
    if home:
        center = orjson.loads(home)
        places.append(("", Circle(center["latitude"], center["longitude"], _HOME_METRES)))
    return places


def _near(place: Place | None, places: list[tuple[str, Circle]]) -> Near | None:
    if place is None or not places:
        return None
    fix = Fix(0, place.latitude, place.longitude, place.accuracy_m)
    found = [Near(name, max(metres(circle, fix) - circle.radius, 0)) for name, circle in places]
    nearest = min(found, key=lambda one: one.metres)
    return nearest if nearest.metres <= _NEAR_METRES else None
