"""交通实况: traffic sources as plugins bring them, and the ways to car parks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from xianban_sdk.plugins import Hooks
from xianban_sdk.storage import UnitOfWork

from xianban_parking.domain.occupancy import Feed, Verdict, by_age
from xianban_parking.domain.traffic import Approach, Closure, Flow, Way, approach
from xianban_parking.hookspecs import (
    TrafficClosures,
    TrafficReading,
    TrafficSource,
    TrafficStretch,
    TrafficUnread,
)
from xianban_parking.repository import MACHINE, Traffic
from xianban_parking.repository.traffic import (
    ClosureRow,
    StretchRow,
    TrafficSourceRow,
    WayRow,
)

__all__ = [
    "Told",
    "TrafficPlugin",
    "approaches",
    "introduce",
    "keep",
    "read",
    "row_of",
    "sources_of",
    "verdict_of",
]

_SECONDS: Final = 20.0
_MOST_TOLD: Final = 10_000
_LONGEST: Final = 128
_FASTEST: Final = 30
_LOTS: Final = "lots/"
_LONGEST_DRIVE: Final = 12 * 3600
_FLOWS: Final = frozenset(Flow)

Told = TrafficStretch | TrafficReading | TrafficClosures | TrafficUnread


@dataclass(frozen=True, slots=True)
class TrafficPlugin:
    """A source and the plugin that brought it."""

    plugin: str
    source: TrafficSource


def sources_of(hooks: Hooks) -> list[TrafficPlugin]:
    return [
        TrafficPlugin(result.plugin, each)
        for result in hooks.registered("register_traffic")
        for each in result.value or ()
    ]


def row_of(found: TrafficPlugin) -> TrafficSourceRow:
    """A source of which nothing is known yet."""
    cadence = max(_FASTEST, int(found.source.cadence.total_seconds()))
    return TrafficSourceRow(found.source.id, dict(found.source.names), found.plugin, cadence)


def introduce(rows: Sequence[TrafficSourceRow], *, uow: UnitOfWork) -> None:
    """The sources that there are now; what others told is forgotten."""
    book = Traffic(uow.conn, MACHINE)
    book.keep_only([row.id for row in rows])
    for row in rows:
        book.introduce(row)


def read(found: TrafficPlugin, hooks: Hooks, now: datetime) -> list[Told]:
    """All that it tells, outside of any transaction; raises what the plugin raised."""
    result = hooks.run(
        found.plugin,
        "traffic.read",
        lambda: list(islice(found.source.read(now), _MOST_TOLD + 1)),
        _SECONDS,
    )
    if result.error is not None:
        raise result.error
    if len(result.value) > _MOST_TOLD:
        raise ValueError(f"more than {_MOST_TOLD} items")
    return result.value


def keep(source: str, told: Sequence[Told], *, uow: UnitOfWork) -> None:
    """Roads, readings and closures; an older one never takes the place of a newer."""
    book, now = Traffic(uow.conn, MACHINE), uow.clock.now()
    roads = {one.id[:_LONGEST]: one for one in told if isinstance(one, TrafficStretch)}
    unread = [_complaint(one) for one in told if isinstance(one, TrafficUnread)]
    rows = {name: _road(source, name, one) for name, one in roads.items()}
    rows |= _with_known(rows, book.stretches(source))
    for reading in (one for one in told if isinstance(one, TrafficReading)):
        unread += _take(reading, rows)
    book.put_stretches(source, list(rows.values()))
    unread += _lead(source, roads, book)
    for closures in (one for one in told if isinstance(one, TrafficClosures)):
        unread += _close(source, closures, rows, book, now)
    book.succeeded(source, unread, now)


def approaches(lots: Sequence[str], traffic: Traffic, now: datetime) -> dict[str, Approach]:
    """What may be said of the way to each lot; absent: no road to it is known."""
    ways: dict[str, list[Way]] = {}
    for row in traffic.ways_to(lots):
        ways.setdefault(row.lot, []).append(_way(row))
    judged = ((lot, approach(several, now)) for lot, several in ways.items())
    return {lot: one for lot, one in judged if one is not None}


def verdict_of(row: TrafficSourceRow, now: datetime) -> Verdict:
    """How a source is doing, by when it was read last."""
    if row.read_at is None:
        return Verdict.SILENT
    return by_age(now - row.read_at, _feed(row.cadence_seconds))


def _feed(cadence_seconds: int) -> Feed:
    return Feed(timedelta(seconds=cadence_seconds))


def _road(source: str, name: str, one: TrafficStretch) -> StretchRow:
    names = {locale: text[:_LONGEST] for locale, text in one.names.items()}
    return StretchRow(source, name, names or {"en": name})


def _with_known(rows: dict[str, StretchRow], known: dict[str, StretchRow]) -> dict[str, StretchRow]:
    """The last reading stays with its road, and grows old."""
    both = ((name, row, known[name]) for name, row in rows.items() if name in known)
    return {name: replace(old, names=row.names) for name, row, old in both}


def _take(one: TrafficReading, rows: dict[str, StretchRow]) -> list[dict[str, str]]:
    """Puts a reading to its road; what is wrong with it."""
    row = rows.get(one.stretch)
    if row is None:
        return [_wrong(one.stretch, "stretch", "LOCATION_UNKNOWN")]
    if one.measured_at.tzinfo is None:
        return [_wrong(one.stretch, "measured_at", "TIME_WITHOUT_ZONE")]
    times = (one.travel_seconds, one.usual_seconds)
    if any(seconds is not None and not 0 < seconds <= _LONGEST_DRIVE for seconds in times):
        return [_wrong(one.stretch, "travel_seconds", "VALUE_UNBELIEVABLE")]
    if one.flow is not None and one.flow not in _FLOWS:
        return [_wrong(one.stretch, "flow", "VALUE_UNKNOWN")]
    if row.measured_at is not None and one.measured_at < row.measured_at:
        return []
    flow = None if one.flow is None else str(one.flow)
    rows[one.stretch] = StretchRow(
        row.source, row.stretch, row.names, flow, one.measured_at, *times
    )
    return []


def _lead(source: str, roads: dict[str, TrafficStretch], book: Traffic) -> list[dict[str, str]]:
    """Which road leads to which lot; lots that there are not, are told."""
    wanted = {
        (place.removeprefix(_LOTS), name)
        for name, road in roads.items()
        for place in road.leads_to
        if place.startswith(_LOTS)
    }
    known = book.known_lots({lot for lot, _ in wanted})
    book.put_ways(source, sorted(pair for pair in wanted if pair[0] in known))
    gone = sorted({lot for lot, _ in wanted} - known)
    return [_wrong(f"{_LOTS}{lot}", "leads_to", "LOT_UNKNOWN") for lot in gone]


def _close(
    source: str,
    told: TrafficClosures,
    rows: dict[str, StretchRow],
    book: Traffic,
    now: datetime,
) -> list[dict[str, str]]:
    """All at once, unless newer ones are known."""
    row = book.source(source)
    known_at = row.closures_published_at if row else None
    if known_at is not None and told.published_at < known_at:
        return [_wrong("closures", "published_at", "OLDER_THAN_KNOWN")]
    closures = {
        (one.stretch, one.id[:_LONGEST]): ClosureRow(
            source, one.stretch, one.id[:_LONGEST], one.starts_at, one.ends_at
        )
        for one in told.closures
        if one.stretch in rows
    }
    book.put_closures(source, list(closures.values()), told.published_at, now)
    unknown = sorted({one.stretch for one in told.closures} - rows.keys())
    return [_wrong(stretch, "stretch", "LOCATION_UNKNOWN") for stretch in unknown]


def _complaint(one: TrafficUnread) -> dict[str, str]:
    return _wrong(one.item, one.field, one.reason)


def _wrong(item: str, field: str, reason: str) -> dict[str, str]:
    return {"item": item[:_LONGEST], "field": field[:64], "reason": reason[:64]}


def _way(row: WayRow) -> Way:
    told, confirmed = row.stretch, row.closures_told_at
    return Way(
        names=told.names,
        feed=_feed(row.cadence_seconds),
        flow=Flow(told.flow) if told.flow else None,
        measured_at=told.measured_at,
        travel_seconds=told.travel_seconds,
        usual_seconds=told.usual_seconds,
        closures=tuple(
            Closure(one.starts_at, one.ends_at, confirmed)
            for one in row.closures
            if confirmed is not None
        ),
    )
