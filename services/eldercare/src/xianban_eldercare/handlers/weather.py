"""Weather services as plugins bring them: read, kept once, and what they mean to an elder."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

import orjson
from sqlalchemy import Connection
from xianban_sdk.plugins import Hooks
from xianban_sdk.public.warnings import level_of
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.domain.distances import Degrees
from xianban_eldercare.domain.weather import Knowledge, Reach, knowledge
from xianban_eldercare.events import warning_heard
from xianban_eldercare.hookspecs import Forecast, Unread, WeatherSource, WeatherWarning
from xianban_eldercare.repository import MACHINE, Weather
from xianban_eldercare.repository.rows import CareFileRow
from xianban_eldercare.repository.weather_rows import ForecastRow, SourceRow, WarningRow

__all__ = [
    "AHEAD",
    "Found",
    "Here",
    "SourcePlugin",
    "home_of",
    "introduce",
    "reach_of",
    "read",
    "sources_of",
    "take_in",
    "weather_at",
]

AHEAD: Final = timedelta(hours=24)
_SECONDS: Final = 30.0
_MOST: Final = 5000

Told = WeatherWarning | Forecast | Unread


@dataclass(frozen=True, slots=True)
class SourcePlugin:
    """A weather service and the plugin that brought it."""

    plugin: str
    source: WeatherSource


@dataclass(frozen=True, slots=True)
class Here:
    """Where somebody is: an area, and a place if it is known."""

    area: str
    home: Degrees | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of the weather at a place."""

    knowledge: Knowledge
    warnings: Sequence[WarningRow]
    sources: Sequence[SourceRow]
    hours: Sequence[ForecastRow] = ()


def sources_of(hooks: Hooks) -> list[SourcePlugin]:
    return [
        SourcePlugin(result.plugin, each)
        for result in hooks.registered("register_weather")
        for each in result.value or ()
    ]


def introduce(found: Sequence[SourcePlugin], *, uow: UnitOfWork) -> None:
    """Before the first reading it is a source of which nothing is known."""
    for one in found:
        names = orjson.dumps(dict(one.source.names)).decode()
        seconds = max(1, int(one.source.cadence.total_seconds()))
        Weather(uow.conn, MACHINE).introduce(SourceRow(one.source.id, names, one.plugin, seconds))


def read(found: SourcePlugin, hooks: Hooks, now: datetime) -> list[Told]:
    """All that it tells, outside of any transaction; raises what the plugin raised."""
    result = hooks.run(
        found.plugin,
        "weather.read",
        lambda: list(islice(found.source.read(now), _MOST + 1)),
        _SECONDS,
    )
    if result.error is not None:
        raise result.error
    if len(result.value) > _MOST:
        raise ValueError(f"more than {_MOST} items")
    return result.value


def take_in(source: str, told: Sequence[Told], *, uow: UnitOfWork) -> None:
    """Keeps what is new. Told again it changes nothing but when it was last read."""
    book, now = Weather(uow.conn, MACHINE), uow.clock.now()
    warnings = [one for one in told if isinstance(one, WeatherWarning)]
    for one in warnings:
        _ended(source, one, uow)
        row = _row(source, one, now)
        if one.kind != "cancel" and one.expires > now and book.add(row):
            uow.emit(warning_heard(row), aggregate=f"weatherWarnings/{row.id}")
    hours = [_hour(source, one, now) for one in told if isinstance(one, Forecast)]
    if hours:
        book.foresee(source, hours, now)
    book.was_read(source, now, sum(isinstance(one, Unread) for one in told))


def _ended(source: str, one: WeatherWarning, uow: UnitOfWork) -> None:
    """Also of a message that is heard later than what ends it."""
    if one.kind == "alert":
        return
    for quoted in one.references:
        ended = {
            "source": source,
            "sender": quoted.sender,
            "identifier": quoted.identifier,
            "by_identifier": one.identifier,
            "kind": one.kind,
            "heard_at": uow.clock.now(),
        }
        Weather(uow.conn, MACHINE).end(ended)


def _row(source: str, one: WeatherWarning, now: datetime) -> WarningRow:
    named = "\0".join((source, one.sender, one.identifier, str(one.part)))
    return WarningRow(
        id=hashlib.sha256(named.encode()).hexdigest()[:26],
        source=source,
        sender=one.sender,
        identifier=one.identifier,
        part=one.part,
        sent_at=one.sent,
        hazard=one.hazard,
        level=level_of(one),
        effective_at=one.effective,
        onset_at=one.onset,
        expires_at=one.expires,
        area=orjson.dumps(asdict(one.area)).decode(),
        words=orjson.dumps({name: asdict(words) for name, words in one.words.items()}).decode(),
        web=one.web if one.web.startswith(("https://", "http://")) else "",
        heard_at=now,
    )


def _hour(source: str, one: Forecast, now: datetime) -> ForecastRow:
    return ForecastRow(source=source, read_at=now, **asdict(one))


# -- what it means --------------------------------------------------------------------------


def weather_at(here: Here, sources: Sequence[str], *, conn: Connection, now: datetime) -> Found:
    """`sources`: the ids of those that are connected now."""
    book = Weather(conn, MACHINE)
    rows = book.sources(sources)
    reads = {row.id: row.read_at for row in rows}
    standing = book.standing(now)
    return Found(
        knowledge([reads.get(one) for one in sources], now),
        [one for one in standing if reach_of(one).covers(here.area, here.home)],
        rows,
        book.foreseen(here.area, now, AHEAD),
    )


def reach_of(row: WarningRow) -> Reach:
    """Where it holds."""
    return Reach(**orjson.loads(row.area))


def home_of(file: CareFileRow) -> Degrees | None:
    """Where an elder's home lies, if it is known."""
    home = orjson.loads(file.home) if file.home else None
    return (home["latitude"], home["longitude"]) if home else None
