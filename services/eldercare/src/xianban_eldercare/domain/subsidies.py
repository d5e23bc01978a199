"""Subsidies: who is granted what each month, and what of a price they pay.

The rules are versioned data of a district. A grant makes a lot: fen that services on certain days
may use, and that go back to the district when those days are over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from xianban_eldercare.domain.catalogue import ServiceKind
from xianban_eldercare.domain.eligibility import SCALES
from xianban_eldercare.domain.errors import RulesError
from xianban_eldercare.domain.ledger import Draw
from xianban_eldercare.domain.strict import Table, words

__all__ = [
    "Grant",
    "Lot",
    "Quote",
    "Share",
    "SubsidyRules",
    "lot_days",
    "month_of",
    "months_after",
    "quote",
    "read_subsidies",
    "rules_on",
]

_KINDS: Final = tuple(kind.value for kind in ServiceKind)
# Nobody grows older than the rules can say.
_OLDEST: Final = 200


@dataclass(frozen=True, slots=True)
class Grant:
    """One subsidy, for whoever has one of the levels and the age."""

    key: str
    texts: Mapping[str, str]
    # Empty: whatever the level.
    levels: tuple[int, ...]
    least_age: int
    most_age: int
    fen_per_month: int
    # 1: until the end of its own month.
    valid_months: int
    # Kind of service → percent of the price.
    pays: Mapping[ServiceKind, int]

    def goes_to(self, level: int, age: int | None) -> bool:
        """An unknown age fulfils none that asks for one."""
        if self.levels and level not in self.levels:
            return False
        if age is None:
            return not self.least_age and self.most_age == _OLDEST
        return self.least_age <= age <= self.most_age


@dataclass(frozen=True, slots=True)
class SubsidyRules:
    """One version of a district's rules."""

    version: str
    scale: str
    effective_from: date
    sources: Mapping[str, str]
    grants: tuple[Grant, ...]
    # Kind of service → hours before its start until which an accepted order can be called off.
    cancel_hours: Mapping[ServiceKind, int]
    # What is asked of who was not there, of their own share.
    no_show_percent: int
    # Days after a service in which its booking can be taken back.
    refund_days: int

    def granted(self, level: int, age: int | None) -> list[Grant]:
        return [one for one in self.grants if one.goes_to(level, age)]


@dataclass(frozen=True, slots=True)
class Lot:
    """What one month granted, and how much of it is free."""

    id: str
    key: str
    first_on: date
    last_on: date
    left: int

    def serves(self, day: date) -> bool:
        return self.first_on <= day <= self.last_on


@dataclass(frozen=True, slots=True)
class Share:
    """What one subsidy pays of a price: `most` by its percent, less where its lots are empty."""

    grant: Grant
    percent: int
    most: int
    draws: tuple[Draw, ...]

    @property
    def fen(self) -> int:
        return sum(one.fen for one in self.draws)


@dataclass(frozen=True, slots=True)
class Quote:
    """How a price comes about."""

    price_fen: int
    shares: tuple[Share, ...] = ()
    draws: tuple[Draw, ...] = field(init=False)

    def __post_init__(self) -> None:
        drawn = tuple(draw for share in self.shares for draw in share.draws)
        object.__setattr__(self, "draws", drawn)

    @property
    def subsidy_fen(self) -> int:
        return sum(one.fen for one in self.draws)

    @property
    def own_fen(self) -> int:
        return self.price_fen - self.subsidy_fen


def quote(
    price_fen: int, kind: ServiceKind, day: date, rules: SubsidyRules, lots: Iterable[Lot]
) -> Quote:
    """Each subsidy in the rules' order, from the lot that ends first; together never more than
    the price."""
    usable = sorted((lot for lot in lots if lot.serves(day)), key=lambda lot: (lot.last_on, lot.id))
    shares: list[Share] = []
    rest = price_fen
    for grant in rules.grants:
        own = [lot for lot in usable if lot.key == grant.key]
        percent = grant.pays.get(kind, 0)
        if own and percent:
            most = min(price_fen * percent // 100, rest)
            shares.append(Share(grant, percent, most, _drawn(own, most)))
            rest -= shares[-1].fen
    return Quote(price_fen, tuple(shares))


def _drawn(lots: Sequence[Lot], wanted: int) -> tuple[Draw, ...]:
    draws: list[Draw] = []
    for lot in lots:
        fen = min(lot.left, wanted)
        if fen > 0:
            draws.append(Draw(lot.id, fen))
            wanted -= fen
    return tuple(draws)


# -- months ---------------------------------------------------------------------------------


def month_of(day: date) -> date:
    """Its first day."""
    return day.replace(day=1)


def months_after(first: date, months: int) -> date:
    """The first day of a later month."""
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)


def lot_days(grant: Grant, month: date) -> tuple[date, date]:
    """The first and the last day on which services may use it."""
    return month, months_after(month, grant.valid_months) - timedelta(days=1)


# -- rule files -----------------------------------------------------------------------------


def rules_on(known: Iterable[SubsidyRules], day: date) -> SubsidyRules | None:
    """The version in force; None before the first."""
    begun = [one for one in known if one.effective_from <= day]
    return max(begun, key=lambda one: one.effective_from, default=None)


def read_subsidies(data: Mapping[str, Any], where: str) -> SubsidyRules:
    """The rules in a file; RulesError names the file and what is wrong in it."""
    table = Table(data, where)
    scale = table.one_of("scale", tuple(SCALES))
    made = SubsidyRules(
        version=table.text("version"),
        scale=scale,
        effective_from=table.day("effective_from"),
        sources=words(table, "source"),
        grants=tuple(_grant(one, scale) for one in table.tables("grants")),
        cancel_hours=_by_kind(table.table("cancel_hours"), most=240),
        no_show_percent=table.number("no_show_percent", most=100),
        refund_days=table.number("refund_days", least=1, most=366),
    )
    table.close()
    keys = [one.key for one in made.grants]
    if len(set(keys)) != len(keys):
        raise RulesError(f"{where}: a grant twice in {keys}")
    missing = sorted(set(_KINDS) - {kind.value for kind in made.cancel_hours})
    if missing:
        raise RulesError(f"{where}.cancel_hours: nothing about {missing}")
    return made


def _grant(table: Table, scale: str) -> Grant:
    grant = Grant(
        key=table.text("key"),
        texts=words(table),
        levels=table.numbers("levels") if table.has("levels") else (),
        least_age=table.number("least_age", most=_OLDEST) if table.has("least_age") else 0,
        most_age=table.number("most_age", most=_OLDEST) if table.has("most_age") else _OLDEST,
        fen_per_month=table.number("fen_per_month", least=1, most=10_000_000),
        valid_months=table.number("valid_months", least=1, most=12),
        pays=_by_kind(table.table("pays_percent"), most=100),
    )
    table.close()
    unknown = [level for level in grant.levels if level not in SCALES[scale]]
    if unknown:
        raise RulesError(f"{table.where}: {scale} has no level {unknown}")
    return grant


def _by_kind(table: Table, *, most: int) -> dict[ServiceKind, int]:
    found = {ServiceKind(kind): table.number(kind, most=most) for kind in _KINDS if table.has(kind)}
    table.close()
    return found
