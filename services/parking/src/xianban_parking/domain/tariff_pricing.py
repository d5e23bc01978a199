"""The price of a stay under one tariff version, with every step of its derivation.

Order: charges as they fall due, caps (band, day, 24 h), visit fee, stay cap; then free minutes of
discounts and concessions, the best percentage discount, percentages and fixed amounts of
concessions; last the credit for earlier visits of the same stay. Percentages are rounded down to
whole fen in what they take off, so the sum of parts is never below the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from xianban_parking.domain.calendar import (
    SHANGHAI,
    DayCalendar,
    DayKind,
    as_utc,
    weekday_kind,
)
from xianban_parking.domain.errors import CalendarNotPublishedError, StayError, TariffError
from xianban_parking.domain.quotes import Concession, ConcessionKind, Quote, QuoteLine
from xianban_parking.domain.stays import Stay
from xianban_parking.domain.tariff_charges import (
    Capped,
    Charge,
    KindOf,
    Occurrence,
    apply_caps,
    charges_of,
    occurrences_of,
)
from xianban_parking.domain.tariff_model import (
    CalendarFallback,
    Discount,
    DiscountSubject,
    FreeMode,
    Tariff,
)

__all__ = ["price", "tariff_at"]

MINUTE = timedelta(minutes=1)


def tariff_at(versions: Iterable[Tariff], entered: datetime) -> Tariff:
    """The version that prices a whole stay: the newest in force when it began."""
    at = as_utc(entered, "entered")
    valid = [tariff for tariff in versions if tariff.in_force(at)]
    if not valid:
        raise TariffError("NO_TARIFF_IN_FORCE", "entered", {"at": at.isoformat()})
    return max(valid, key=lambda tariff: tariff.version)


def price(
    tariff: Tariff,
    stay: Stay,
    concessions: Sequence[Concession] = (),
    *,
    calendar: DayCalendar,
    already_charged_fen: int = 0,
) -> Quote:
    """What the stay costs; `already_charged_fen` credits earlier visits merged into it."""
    if already_charged_fen < 0:
        raise StayError("OUT_OF_RANGE", "already_charged_fen", {"value": already_charged_fen})
    days = _Days(tariff, stay, calendar)
    bill = _Bill()
    bill.extend(_gross_lines(tariff, stay, 0, days.kind))
    _take_minutes(bill, tariff, stay, concessions, days.kind)
    _take_percentages(bill, tariff, stay, concessions)
    _take_fixed(bill, concessions)
    if already_charged_fen:
        credited = min(bill.total, already_charged_fen)
        bill.take("price.credited", credited, charged_fen=already_charged_fen)
    bill.extend(days.notes())
    return Quote(
        tariff_id=tariff.id,
        tariff_version=tariff.version,
        entered=stay.visits[0].entered,
        left=stay.visits[-1].left,
        parked_seconds=stay.parked // timedelta(seconds=1),
        lines=tuple(bill.lines),
        total_fen=bill.total,
    )


class _Days:
    """Kinds of days for one stay; remembers the years for which it had to fall back."""

    def __init__(self, tariff: Tariff, stay: Stay, calendar: DayCalendar) -> None:
        self._asked = tariff.needs_calendar(stay.vehicle)
        self._falls_back = tariff.calendar_fallback is CalendarFallback.WEEKDAY_ONLY
        self._calendar = calendar
        self._years: set[int] = set()

    def kind(self, day: date) -> DayKind:
        if not self._asked:
            return weekday_kind(day)
        try:
            return self._calendar.kind(day)
        except CalendarNotPublishedError:
            if not self._falls_back:
                raise
            self._years.add(day.year)
            return weekday_kind(day)

    def notes(self) -> Iterator[QuoteLine]:
        for year in sorted(self._years):
            yield QuoteLine("price.calendar_fallback", {"year": year}, 0)


class _Bill:
    """Lines so far and their sum, so that nothing is taken off without a line saying so."""

    def __init__(self) -> None:
        self.lines: list[QuoteLine] = []
        self.total = 0

    def extend(self, lines: Iterable[QuoteLine]) -> None:
        for line in lines:
            self.lines.append(line)
            self.total += line.amount_fen

    def take(self, key: str, fen: int, **params: str | int) -> None:
        self.extend([QuoteLine(key, params, -fen)])


@dataclass(frozen=True, slots=True)
class _Reduction:
    key: str
    source: str
    name: str
    value: int
    names: tuple[tuple[str, str], ...] = ()


def _gross_lines(
    tariff: Tariff, stay: Stay, extra_minutes: int, kind_of: KindOf
) -> list[QuoteLine]:
    """The tariff's own charge with so many further minutes free at the start."""
    free = tariff.free_minutes * MINUTE
    lines: list[QuoteLine] = []
    skipped = extra_minutes * MINUTE
    if tariff.free_minutes:
        within = stay.parked <= free
        deducted = tariff.free_mode is FreeMode.DEDUCTED
        key = "price.free_minutes" if deducted else "price.grace"
        if within or deducted:
            lines.append(QuoteLine(key, {"minutes": tariff.free_minutes}, 0))
        if within:
            return lines
        skipped += free if deducted else timedelta()
    occurrences = list(occurrences_of(tariff, stay, skipped, kind_of))
    return lines + _charged_lines(tariff, stay, occurrences)


def _charged_lines(tariff: Tariff, stay: Stay, occurrences: list[Occurrence]) -> list[QuoteLine]:
    charges = [list(charges_of(occurrence)) for occurrence in occurrences]
    lines = [
        line
        for occurrence, due in zip(occurrences, charges, strict=True)
        for line in _occurrence_lines(occurrence, due)
    ]
    capped = apply_caps(tariff, stay.visits[0].entered, [one for due in charges for one in due])
    lines += _cap_lines(capped)
    if tariff.visit_fee_fen and occurrences:
        lines.append(QuoteLine("price.visit_fee", {}, tariff.visit_fee_fen))
    total = sum(line.amount_fen for line in lines)
    if tariff.cap_stay_fen is not None and total > tariff.cap_stay_fen:
        cap = tariff.cap_stay_fen
        lines.append(QuoteLine("price.cap_stay", {"cap_fen": cap}, cap - total))
    return lines


def _occurrence_lines(occurrence: Occurrence, due: list[Charge]) -> Iterator[QuoteLine]:
    params: dict[str, str | int] = {
        "band": occurrence.band.name,
        "day": occurrence.day.isoformat(),
        "day_kind": str(occurrence.kind),
        "from": occurrence.visits[0].entered.astimezone(SHANGHAI).isoformat(),
        "to": occurrence.visits[-1].left.astimezone(SHANGHAI).isoformat(),
        "minutes": -(-occurrence.parked // MINUTE),
    }
    if not due:
        yield QuoteLine("price.free_band", params, 0)
    elif occurrence.band.steps:
        yield QuoteLine("price.step", params, sum(charge.amount_fen for charge in due))
    for tier, same in groupby(due if occurrence.band.units else [], key=lambda one: one.tier):
        unit = occurrence.band.units[tier]
        count = len(list(same))
        counted = {"count": count, "unit_minutes": unit.minutes, "unit_fen": unit.amount_fen}
        yield QuoteLine("price.units", params | counted, count * unit.amount_fen)


def _cap_lines(capped: Capped) -> Iterator[QuoteLine]:
    for key, cut in capped.cuts.items():
        params: dict[str, str | int] = {"over": key.over}
        if key.band:
            params["band"] = key.band
        yield QuoteLine(f"price.cap_{key.cap}", params, -cut)


def _take_minutes(
    bill: _Bill, tariff: Tariff, stay: Stay, concessions: Sequence[Concession], kind_of: KindOf
) -> None:
    reductions = _best_minutes(tariff, stay)
    reductions += _given(concessions, ConcessionKind.MINUTES)
    minutes = 0
    for reduction in reductions:
        minutes += reduction.value
        lower = sum(line.amount_fen for line in _gross_lines(tariff, stay, minutes, kind_of))
        # Later starting units may fall into another 24-hour cap; a gift must never cost more.
        saved = max(0, bill.total - lower)
        bill.take(reduction.key, saved, **_named(reduction), minutes=reduction.value)


def _take_percentages(
    bill: _Bill, tariff: Tariff, stay: Stay, concessions: Sequence[Concession]
) -> None:
    reductions = _best_percent(tariff, stay) + _given(concessions, ConcessionKind.PERCENT)
    for reduction in reductions:
        off = bill.total * reduction.value // 100
        bill.take(reduction.key, off, **_named(reduction), percent=reduction.value)


def _take_fixed(bill: _Bill, concessions: Sequence[Concession]) -> None:
    for reduction in _given(concessions, ConcessionKind.FIXED):
        off = min(bill.total, reduction.value)
        bill.take(reduction.key, off, **_named(reduction), value_fen=reduction.value)


def _named(reduction: _Reduction) -> dict[str, str | int]:
    spoken = {f"name_{locale}": words for locale, words in reduction.names}
    return {"source": reduction.source, "name": reduction.name, **spoken}


def _given(concessions: Sequence[Concession], kind: ConcessionKind) -> list[_Reduction]:
    # Sorted, so that the order in which plugins answered can't change a price.
    chosen = sorted(
        (one for one in concessions if one.kind is kind),
        key=lambda one: (one.source, one.name, one.value),
    )
    key = f"price.concession_{kind}"
    return [_Reduction(key, one.source, one.name, one.value, one.names) for one in chosen]


def _best_minutes(tariff: Tariff, stay: Stay) -> list[_Reduction]:
    return _best([(one.free_minutes, one.name) for one in _applicable(tariff, stay)], "minutes")


def _best_percent(tariff: Tariff, stay: Stay) -> list[_Reduction]:
    return _best([(one.percent_off, one.name) for one in _applicable(tariff, stay)], "percent")


def _best(values: list[tuple[int, str]], unit: str) -> list[_Reduction]:
    value, name = min(values, key=lambda one: (-one[0], one[1]), default=(0, ""))
    return [_Reduction(f"price.discount_{unit}", "tariff", name, value)] if value else []


def _applicable(tariff: Tariff, stay: Stay) -> list[Discount]:
    return [one for one in tariff.discounts if _applies(one, stay)]


def _applies(discount: Discount, stay: Stay) -> bool:
    if discount.subject is DiscountSubject.VEHICLE:
        return discount.value == stay.vehicle
    if discount.subject is DiscountSubject.PERMIT:
        return discount.value in stay.permits
    return stay.charging
