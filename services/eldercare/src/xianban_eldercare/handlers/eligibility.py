"""What an elder's levels give, and entering the result of an official assessment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection
from xianban_sdk.clock import local_day
from xianban_sdk.errors import InvalidArgument
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.wire import day

from xianban_eldercare.domain.eligibility import GBT, UNIFIED, Granted, Held, Schedule, granted
from xianban_eldercare.repository import CareFiles, OfficialLevels, Scope
from xianban_eldercare.repository.rows import CareFileRow, OfficialLevelRow

__all__ = ["Entitled", "enter_official_level", "entitled"]


@dataclass(frozen=True, slots=True)
class Entitled:
    """What an elder has and what it gives on a day."""

    resident: str
    day: date
    file: CareFileRow
    official: OfficialLevelRow | None
    held: dict[str, Held]
    benefits: list[Granted]


def entitled(
    resident: str, on: date, *, schedules: Iterable[Schedule], scope: Scope, conn: Connection
) -> Entitled:
    """By the tables of the day; each sees the level of its own scale alone."""
    file = CareFiles(conn, scope).get(resident)
    official = OfficialLevels(conn, scope).find(resident)
    held: dict[str, Held] = {}
    if file.care_level:
        held[GBT] = _assessed(file, on)
    if official is not None:
        first, last = map(date.fromisoformat, (official.valid_from, official.valid_until))
        held[UNIFIED] = Held.on(on, official.level, first, last)
    return Entitled(resident, on, file, official, held, granted(schedules, held, on))


def _assessed(file: CareFileRow, on: date) -> Held:
    """From the day of the assessment until before the day on which the next one is due."""
    if file.level_assessed_at is None or file.level_due_at is None:
        return Held(file.care_level, outdated=True)
    last = local_day(file.level_due_at) - timedelta(days=1)
    return Held.on(on, file.care_level, local_day(file.level_assessed_at), last)


def enter_official_level(
    row: OfficialLevelRow, *, scope: Scope, uow: UnitOfWork
) -> OfficialLevelRow:
    """Copied from the notice; nothing is worked out here."""
    CareFiles(uow.conn, scope).get(row.resident)
    first = day(row.valid_from, "official_level.valid_from")
    if day(row.valid_until, "official_level.valid_until") < first:
        raise InvalidArgument("VALIDITY_REVERSED", field="official_level.valid_until")
    OfficialLevels(uow.conn, scope).put(row)
    return row
