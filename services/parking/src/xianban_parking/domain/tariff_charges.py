"""From a stay to the single charges that fall due, instant by instant, and their caps.

A charge falls due the moment its unit or step begins. Everything later only adds charges, and
caps are spent in that order: so the price of a stay up to any instant is a prefix of the price of
the longer stay, which is what makes every tariff here monotone in time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from xianban_parking.domain.calendar import SHANGHAI, DayKind
from xianban_parking.domain.stays import Stay, Visit
from xianban_parking.domain.tariff_model import Anchor, Band, Tariff, charge_points

__all__ = [
    "CapKey",
    "Capped",
    "Charge",
    "KindOf",
    "Occurrence",
    "apply_caps",
    "charges_of",
    "occurrences_of",
]

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)

KindOf = Callable[[date], DayKind]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One band on one tariff day, as instants, with the time parked in it."""

    band: Band
    day: date
    kind: DayKind
    starts: datetime
    ends: datetime
    visits: tuple[Visit, ...]

    @property
    def parked(self) -> timedelta:
        """Charged time inside this occurrence."""
        return sum((visit.parked for visit in self.visits), timedelta())

    def instant(self, offset: timedelta) -> datetime:
        """When the parked time in this occurrence reaches the offset."""
        for visit in self.visits:
            if offset < visit.parked:
                return visit.entered + offset
            offset -= visit.parked
        return self.visits[-1].left


@dataclass(frozen=True, slots=True)
class Charge:
    """An amount that falls due at an instant, from one tier of one band occurrence."""

    at: datetime
    amount_fen: int
    occurrence: Occurrence
    tier: int


class CapKey(NamedTuple):
    """One spending limit: which kind of cap, over which day or 24-hour window, in which band."""

    cap: str
    over: str
    band: str = ""


@dataclass(frozen=True, slots=True)
class Capped:
    """The sum after the caps and what each cap took off."""

    total_fen: int
    cuts: Mapping[CapKey, int]


def charges_of(occurrence: Occurrence) -> Iterator[Charge]:
    """The charges of one occurrence in the order they fall due."""
    parked = occurrence.parked
    for minutes, amount, tier in charge_points(occurrence.band):
        offset = minutes * MINUTE
        if offset >= parked:
            return
        yield Charge(occurrence.instant(offset), amount, occurrence, tier)


def occurrences_of(
    tariff: Tariff, stay: Stay, free: timedelta, kind_of: KindOf
) -> Iterator[Occurrence]:
    """The band occurrences a stay touches after its free time, in order."""
    charged = _without_first(stay.visits, free)
    if not charged:
        return
    for day, starts in _tariff_days(tariff, stay.visits[0].entered, charged):
        kind = kind_of(day)
        for band in tariff.bands_on(kind, stay.vehicle):
            ends = starts + band.length * MINUTE
            inside = _clip(charged, starts, ends)
            if inside:
                yield Occurrence(band, day, kind, starts, ends, inside)
            starts = ends


def _tariff_days(
    tariff: Tariff, entered: datetime, charged: tuple[Visit, ...]
) -> Iterator[tuple[date, datetime]]:
    first = entered if tariff.anchor is Anchor.ENTRY else _day_start(tariff, charged[0].entered)
    starts = first
    while starts < charged[-1].left:
        # A long gap between merged visits must not ask the calendar about empty days.
        if _clip(charged, starts, starts + DAY):
            yield starts.astimezone(SHANGHAI).date(), starts
        starts += DAY


def _day_start(tariff: Tariff, at: datetime) -> datetime:
    shift = timedelta(minutes=tariff.day_starts_at)
    local = at.astimezone(SHANGHAI) - shift
    return local.replace(hour=0, minute=0, second=0, microsecond=0) + shift


def _without_first(visits: tuple[Visit, ...], free: timedelta) -> tuple[Visit, ...]:
    left: list[Visit] = []
    for visit in visits:
        skipped = min(free, visit.parked)
        free -= skipped
        if visit.entered + skipped < visit.left:
            left.append(Visit(visit.entered + skipped, visit.left))
    return tuple(left)


def _clip(visits: tuple[Visit, ...], starts: datetime, ends: datetime) -> tuple[Visit, ...]:
    bounds = ((max(visit.entered, starts), min(visit.left, ends)) for visit in visits)
    return tuple(Visit(begin, end) for begin, end in bounds if begin < end)


def apply_caps(tariff: Tariff, entered: datetime, charges: Iterable[Charge]) -> Capped:
    """Spend the caps per band, tariff day and 24 hours from entry, charge by charge."""
    spent: dict[CapKey, int] = {}
    cuts: dict[CapKey, int] = {}
    total = 0
    for charge in charges:
        caps = _caps_over(tariff, entered, charge)
        amount = charge.amount_fen
        for key, cap in caps:
            allowed = min(amount, max(0, cap - spent.get(key, 0)))
            cuts[key] = cuts.get(key, 0) + amount - allowed
            amount = allowed
        for key, _ in caps:
            spent[key] = spent.get(key, 0) + amount
        total += amount
    return Capped(total, {key: cut for key, cut in cuts.items() if cut})


def _caps_over(tariff: Tariff, entered: datetime, charge: Charge) -> list[tuple[CapKey, int]]:
    day = charge.occurrence.day.isoformat()
    window = (charge.at - entered) // DAY + 1
    candidates = (
        (CapKey("band", day, charge.occurrence.band.name), charge.occurrence.band.cap_fen),
        (CapKey("day", day), tariff.cap_day_fen),
        (CapKey("24h", str(window)), tariff.cap_24h_fen),
    )
    return [(key, cap) for key, cap in candidates if cap is not None]
