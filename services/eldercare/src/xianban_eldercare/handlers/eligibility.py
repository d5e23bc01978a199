"""What an elder's levels give, and entering the result of an official assessment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection
from xianban_sdk.clock import SHANGHAI
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
    resident: str, day: date, *, schedules: Iterable[Schedule], scope: Scope, conn: Connection
) -> Entitled:
    """By the tables of the day; each sees the level of its own scale alone."""
    file = CareFiles(conn, scope).get(resident)
    official = OfficialLevels(conn, scope).find(resident)
    held: dict[str, Held] = {}
    if file.care_level:
        due = file.level_due_at
        old = due is None or due.astimezone(SHANGHAI).date() <= day
        held[GBT] = Held(file.care_level, outdated=old)
    if official is not None:
        within = official.valid_from <= day.isoformat() <= official.valid_until
        held[UNIFIED] = Held(official.level, outdated=not within)
    return Entitled(resident, day, file, official, held, granted(schedules, held, day))


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
