"""An elder's subsidies: granted by the month, and gone with their last day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection
from xianban_sdk.clock import local_day, midnight
from xianban_sdk.errors import FailedPrecondition
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.timers import Timer

from xianban_eldercare.domain.catalogue import ServiceKind
from xianban_eldercare.domain.eligibility import Held
from xianban_eldercare.domain.ledger import Account, EntryKind, expired, granted
from xianban_eldercare.domain.subsidies import (
    Grant,
    Lot,
    SubsidyRules,
    lot_days,
    month_of,
    rules_on,
)
from xianban_eldercare.handlers.booking import About, book
from xianban_eldercare.repository import MACHINE, CareFiles
from xianban_eldercare.repository.ages import age_on
from xianban_eldercare.repository.books import Books
from xianban_eldercare.repository.order_rows import LotRow
from xianban_eldercare.rules import SUBSIDIES

__all__ = [
    "LOT_OVER",
    "Lacking",
    "Purse",
    "foreseen",
    "grant_month",
    "lacking",
    "lots_of",
    "on_lot_over",
    "purse_of",
    "rules_of",
]

# The timer's kind; its key is the lot's id.
LOT_OVER: Final = "subsidy-lot-over"


@dataclass(frozen=True, slots=True)
class Purse:
    """What one lot was and is, or all of them together."""

    granted: int = 0
    available: int = 0
    reserved: int = 0
    spent: int = 0
    expired: int = 0

    def __add__(self, other: Purse) -> Purse:
        return Purse(
            self.granted + other.granted,
            self.available + other.available,
            self.reserved + other.reserved,
            self.spent + other.spent,
            self.expired + other.expired,
        )


@dataclass(frozen=True, slots=True)
class Lacking:
    """A subsidy that the elder does not have, and why."""

    grant: Grant
    why: str


def rules_of(day: date, *, field: str = "start_time") -> SubsidyRules:
    """Raises where the district has said nothing yet."""
    found = rules_on(SUBSIDIES, day)
    if found is None:
        raise FailedPrecondition("SUBSIDY_RULES_MISSING", field=field)
    return found


# -- granting -------------------------------------------------------------------------------


def grant_month(resident: str, day: date, *, uow: UnitOfWork) -> None:
    """Grants the day's month what is not granted yet. Locks the elder's account."""
    books = Books(uow.conn, MACHINE)
    books.lock(resident, uow.clock.now())
    rules, month = rules_of(day), month_of(day)
    for grant in _due(resident, month, rules, conn=uow.conn, today=local_day(uow.clock.now())):
        first, last = lot_days(grant, month)
        row = LotRow(uow.ids.new(), resident, grant.key, rules.version, first, last)
        if books.add_lot(row):
            book(granted(resident, row.id, grant.fen_per_month), About(resident), uow=uow)
            uow.schedule(LOT_OVER, row.id, midnight(last + timedelta(days=1)))


def foreseen(resident: str, day: date, *, conn: Connection, today: date) -> list[Lot]:
    """What the day's month would be granted if somebody ordered now."""
    rules, month = rules_of(day), month_of(day)
    known = {(one.key, one.first_on) for one in Books(conn, MACHINE).lots(resident, month)}
    return [
        Lot(f"{grant.key}@{month}", grant.key, *lot_days(grant, month), grant.fen_per_month)
        for grant in _due(resident, month, rules, conn=conn, today=today)
        if (grant.key, month) not in known
    ]


def _due(
    resident: str, month: date, rules: SubsidyRules, *, conn: Connection, today: date
) -> list[Grant]:
    """By the level that holds when it is granted, and the age on the month's first day."""
    level = _level(resident, max(today, month), conn)
    if level is None:
        return []
    return rules.granted(0 if level.outdated else level.level, age_on(conn, resident, month))


def _level(resident: str, day: date, conn: Connection) -> Held | None:
    """As the care file says; None without a file."""
    file = CareFiles(conn, MACHINE).find(resident)
    if file is None:
        return None
    due = file.level_due_at
    return Held(file.care_level, due is None or local_day(due) <= day)


def lacking(
    resident: str, day: date, kind: ServiceKind, *, conn: Connection, today: date
) -> list[Lacking]:
    """Subsidies that would pay for it, had the elder the level; of ages nothing is said."""
    level = _level(resident, max(today, month_of(day)), conn) or Held(0, True)
    paying = [one for one in rules_of(day).grants if one.levels and kind in one.pays]
    if not level.level:
        return [Lacking(one, "level-unknown") for one in paying]
    return [
        Lacking(one, "level-outdated" if level.outdated else "level-other")
        for one in paying
        if level.outdated or level.level not in one.levels
    ]


def on_lot_over(timer: Timer, *, uow: UnitOfWork) -> None:
    """The rest goes back to the district; what is promised to orders stays promised."""
    books = Books(uow.conn, MACHINE)
    row = books.lot(timer.key)
    if row is None:
        return
    books.lock(row.resident, uow.clock.now())
    rest = purse_of(books.by_lot(row.resident), row.id).available
    book(expired(row.resident, row.id, rest), About(row.resident), uow=uow)


# -- how much there is ----------------------------------------------------------------------


def lots_of(resident: str, day: date, *, conn: Connection) -> list[Lot]:
    """The lots that a service on the day may use, with what is free of each."""
    books = Books(conn, MACHINE)
    rows, sums = books.lots(resident, day), books.by_lot(resident)
    return [
        Lot(row.id, row.key, row.first_on, row.last_on, purse_of(sums, row.id).available)
        for row in rows
    ]


def purse_of(sums: Mapping[tuple[str, str, str], int], lot: str) -> Purse:
    """Of one lot; "": of all."""
    found = [(a, kind, fen) for (a, own, kind), fen in sums.items() if lot in ("", own)]
    return Purse(
        granted=_sum(found, Account.AVAILABLE, [EntryKind.GRANT]),
        available=_sum(found, Account.AVAILABLE, EntryKind),
        reserved=_sum(found, Account.RESERVED, EntryKind),
        spent=-_sum(found, Account.RESERVED, [EntryKind.SETTLE, EntryKind.REVERSE]),
        expired=-_sum(found, Account.AVAILABLE, [EntryKind.EXPIRE]),
    )


def _sum(
    found: Sequence[tuple[str, str, int]], account: Account, kinds: Iterable[EntryKind]
) -> int:
    wanted = {kind.value for kind in kinds}
    return sum(fen for name, kind, fen in found if name == account.value and kind in wanted)
