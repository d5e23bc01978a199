"""What a level gives, by versioned tables of a district. A table speaks of one scale only.

No function here turns a level of one scale into one of another, and none may be added: the model
behind 统一需求评估 is not public.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from xianban_eldercare.domain.errors import RulesError
from xianban_eldercare.domain.strict import LOCALES, Table, words

__all__ = [
    "GBT",
    "SCALES",
    "UNIFIED",
    "Benefit",
    "Given",
    "Granted",
    "Held",
    "Schedule",
    "granted",
    "in_force",
    "read_schedule",
]

GBT: Final = "gbt-42195"
UNIFIED: Final = "sh-unified"
# Scale → its levels; on both a higher number is more need.
SCALES: Final = {GBT: range(1, 6), UNIFIED: range(7)}


@dataclass(frozen=True, slots=True)
class Given:
    """What some levels give; 0 says nothing about it."""

    levels: tuple[int, ...]
    hours_per_week: int
    visits_per_week: int
    paid_percent: int


@dataclass(frozen=True, slots=True)
class Benefit:
    """One thing that a schedule grants; `conditions`, by locale, are for people to check."""

    key: str
    texts: Mapping[str, str]
    conditions: Mapping[str, tuple[str, ...]]
    given: tuple[Given, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """One version of a table, in force from a day until the next of its series begins."""

    version: str
    series: str
    scale: str
    effective_from: date
    sources: Mapping[str, str]
    benefits: tuple[Benefit, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A level that somebody has on a scale; `outdated`: it counts no longer, or not yet."""

    level: int
    outdated: bool

    @classmethod
    def on(cls, day: date, level: int, first: date, last: date) -> Held:
        """Its first and its last day count."""
        return cls(level, outdated=not first <= day <= last)


@dataclass(frozen=True, slots=True)
class Granted:
    """One benefit's answer; `why` is granted | no-level | outdated | not-this-level."""

    schedule: Schedule
    benefit: Benefit
    why: str
    held: Held | None
    given: Given | None


def in_force(schedules: Iterable[Schedule], day: date) -> list[Schedule]:
    """Of each series the newest that has begun by the day."""
    newest: dict[str, Schedule] = {}
    for one in sorted(schedules, key=lambda schedule: schedule.effective_from):
        if one.effective_from <= day:
            newest[one.series] = one
    return [newest[series] for series in sorted(newest)]


def granted(schedules: Iterable[Schedule], held: Mapping[str, Held], day: date) -> list[Granted]:
    """What each benefit in force says; a schedule sees the level of its own scale alone."""
    return [
        _answer(schedule, benefit, held.get(schedule.scale))
        for schedule in in_force(schedules, day)
        for benefit in schedule.benefits
    ]


def _answer(schedule: Schedule, benefit: Benefit, held: Held | None) -> Granted:
    if held is None:
        return Granted(schedule, benefit, "no-level", None, None)
    if held.outdated:
        return Granted(schedule, benefit, "outdated", held, None)
    given = next((one for one in benefit.given if held.level in one.levels), None)
    why = "granted" if given else "not-this-level"
    return Granted(schedule, benefit, why, held, given)


def read_schedule(data: Mapping[str, Any], where: str) -> Schedule:
    """The table in a rule file; RulesError names the file and what is wrong in it."""
    table = Table(data, where)
    scale = table.one_of("scale", tuple(SCALES))
    made = Schedule(
        version=table.text("version"),
        series=table.text("series"),
        scale=scale,
        effective_from=table.day("effective_from"),
        sources=words(table, "source"),
        benefits=tuple(_benefit(one, scale) for one in table.tables("benefits")),
    )
    table.close()
    return made


def _benefit(table: Table, scale: str) -> Benefit:
    given = tuple(_given(one, scale) for one in table.tables("levels"))
    benefit = Benefit(
        key=table.text("key"),
        texts=words(table),
        conditions={locale: table.texts(f"conditions_{key}") for key, locale in LOCALES.items()},
        given=given,
    )
    table.close()
    named = [level for one in given for level in one.levels]
    if len(set(named)) != len(named):
        raise RulesError(f"{table.where}: a level twice in {named}")
    return benefit


def _given(table: Table, scale: str) -> Given:
    given = Given(
        levels=table.numbers("levels"),
        hours_per_week=table.number("hours_per_week", most=168),
        visits_per_week=table.number("visits_per_week", most=168),
        paid_percent=table.number("paid_percent", most=100),
    )
    table.close()
    unknown = [level for level in given.levels if level not in SCALES[scale]]
    if unknown:
        raise RulesError(f"{table.where}: {scale} has no level {unknown}")
    return given
