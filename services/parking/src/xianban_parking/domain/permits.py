"""Permits (resident, carer, disabled, company): price with its derivation, refund to the fen.

A permit is bought for whole days: [first_day, last_day], both local dates and both counted. The
price of the nth permit depends on how many of the holder's permits are valid on its first day, so
when an earlier one lapses the next one is priced by what is still valid, not by history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from xianban_parking.domain.errors import PermitError
from xianban_parking.domain.quotes import QuoteLine

__all__ = [
    "Permit",
    "PermitKind",
    "PermitPrice",
    "PermitRules",
    "cancel_permit",
    "grant_permit",
    "price_permit",
    "refund_fen",
    "replace_plates",
]


class PermitKind(StrEnum):
    """Who a permit is for."""

    RESIDENT = "resident"
    CARER = "carer"
    DISABLED = "disabled"
    COMPANY = "company"


@dataclass(frozen=True, slots=True)
class PermitRules:
    """One kind's conditions in one zone: daily price by ordinal (the last repeats), limits."""

    kind: PermitKind
    zone: str
    daily_fen: tuple[int, ...]
    max_permits: int
    max_plates: int = 1
    max_days: int = 366
    percent_off: Mapping[str, int] | None = None

    def __post_init__(self) -> None:
        if not self.daily_fen or min(self.daily_fen) < 0:
            raise PermitError("OUT_OF_RANGE", "daily_fen")
        if any(not 0 <= percent <= 100 for percent in (self.percent_off or {}).values()):
            raise PermitError("OUT_OF_RANGE", "percent_off")
        if min(self.max_permits, self.max_plates, self.max_days) < 1:
            raise PermitError("OUT_OF_RANGE", "max_permits")


@dataclass(frozen=True, slots=True)
class PermitPrice:
    """What a permit costs and why; the lines sum to the total."""

    lines: tuple[QuoteLine, ...]
    total_fen: int


@dataclass(frozen=True, slots=True)
class Permit:
    """A holder's right to park these plates in a zone, as priced when granted.

    `ends_on` is set by cancelling: the last day that still counts, maybe before the first.
    """

    id: str
    holder: str
    kind: PermitKind
    zone: str
    plates: tuple[str, ...]
    first_day: date
    last_day: date
    price: PermitPrice
    ends_on: date | None = None

    @property
    def days(self) -> int:
        """Days paid for."""
        return (self.last_day - self.first_day).days + 1

    def valid_on(self, day: date) -> bool:
        """Whether it lets its plates park on this local date."""
        return self.first_day <= day <= (self.ends_on or self.last_day)


def price_permit(
    rules: PermitRules,
    first_day: date,
    last_day: date,
    valid_before: int,
    reductions: Sequence[str] = (),
) -> PermitPrice:
    """The price when the holder already has so many valid permits, with its derivation."""
    days = (last_day - first_day).days + 1
    if not 1 <= days <= rules.max_days:
        raise PermitError("OUT_OF_RANGE", "last_day", {"days": days, "max": rules.max_days})
    daily = rules.daily_fen[min(valid_before, len(rules.daily_fen) - 1)]
    gross = daily * days
    params: dict[str, str | int] = {"days": days, "daily_fen": daily, "ordinal": valid_before + 1}
    lines = [QuoteLine("permit.days", params, gross)]
    offered = rules.percent_off or {}
    best = max(((offered.get(name, 0), name) for name in sorted(reductions)), default=(0, ""))
    if best[0]:
        off = gross * best[0] // 100
        lines.append(QuoteLine("permit.reduction", {"name": best[1], "percent": best[0]}, -off))
    return PermitPrice(tuple(lines), sum(line.amount_fen for line in lines))


def grant_permit(
    permit_id: str,
    holder: str,
    rules: PermitRules,
    plates: Sequence[str],
    period: tuple[date, date],
    held: Iterable[Permit],
    reductions: Sequence[str] = (),
) -> Permit:
    """A new permit next to those the holder has, priced by how many are valid on its first day."""
    mine = [one for one in held if _same(one, holder, rules) and one.id != permit_id]
    overlapping = [one for one in mine if _overlaps(one, period)]
    if len(overlapping) >= rules.max_permits:
        raise PermitError("TOO_MANY_PERMITS", "holder", {"max": rules.max_permits})
    _check_plates(plates, rules.max_plates)
    for one in overlapping:
        for plate in set(one.plates) & set(plates):
            raise PermitError("PLATE_HAS_PERMIT", "plates", {"plate": plate, "permit": one.id})
    valid = sum(one.valid_on(period[0]) for one in mine)
    price = price_permit(rules, period[0], period[1], valid, reductions)
    return Permit(
        permit_id, holder, rules.kind, rules.zone, tuple(plates), period[0], period[1], price
    )


def replace_plates(permit: Permit, plates: Sequence[str], rules: PermitRules) -> Permit:
    """Other vehicles under the same permit; the price stays."""
    _demand_granted(permit)
    _check_plates(plates, rules.max_plates)
    return replace(permit, plates=tuple(plates))


def refund_fen(permit: Permit, last_used: date) -> int:
    """Pro rata for the days after `last_used`, rounded down; never more than was paid."""
    unused = (permit.last_day - last_used).days
    unused = min(max(0, unused), permit.days)
    return permit.price.total_fen * unused // permit.days


def cancel_permit(permit: Permit, last_used: date) -> tuple[Permit, int]:
    """End a permit after a day; the refund is for the days that are given up."""
    _demand_granted(permit)
    # The days already used stay valid: yesterday's parking must not become an offence.
    ended = replace(permit, ends_on=min(last_used, permit.last_day))
    return ended, refund_fen(permit, last_used)


def _same(permit: Permit, holder: str, rules: PermitRules) -> bool:
    return (permit.holder, permit.kind, permit.zone) == (holder, rules.kind, rules.zone)


def _overlaps(permit: Permit, period: tuple[date, date]) -> bool:
    last_day = permit.ends_on or permit.last_day
    return permit.first_day <= last_day and (
        permit.first_day <= period[1] and period[0] <= last_day
    )


def _check_plates(plates: Sequence[str], limit: int) -> None:
    if not 1 <= len(plates) <= limit:
        raise PermitError("PLATES_LIMIT", "plates", {"count": len(plates), "max": limit})
    if len(set(plates)) != len(plates):
        raise PermitError("PLATE_TWICE", "plates")


def _demand_granted(permit: Permit) -> None:
    if permit.ends_on is not None:
        raise PermitError("PERMIT_CANCELLED", "status", {"permit": permit.id})
