"""Could leaving and re-entering be cheaper than staying? Decided from the tariff's data alone.

Guaranteed never cheaper (sum of the parts >= the whole, without one-off concessions) when
- `reentry_merge_minutes` > 0, for re-entries within that window: the visits are priced as one and
  the earlier charge is credited, so a split with no gap costs exactly the same; or
- none of the exceptions below holds, for any split at all: then every part of the price is
  subadditive (started units, caps per band, day and stay, percentages rounded up).
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from xianban_parking.domain.errors import TariffError
from xianban_parking.domain.stays import VehicleKind
from xianban_parking.domain.tariff_model import (
    DAY_MINUTES,
    Anchor,
    Band,
    SplitPolicy,
    Tariff,
    charge_points,
)

__all__ = ["SplitException", "check_split_policy", "split_exceptions"]


@dataclass(frozen=True, slots=True)
class SplitException:
    """One setting under which a split stay can cost less, with the field that causes it."""

    reason: str
    field: str


def split_exceptions(tariff: Tariff) -> tuple[SplitException, ...]:
    """Every setting that lets a split without merging be cheaper; empty means guaranteed."""
    found: list[SplitException] = []
    if tariff.free_minutes:
        found.append(SplitException("FREE_MINUTES_PER_VISIT", "free_minutes"))
    for index, discount in enumerate(tariff.discounts):
        if discount.free_minutes:
            path = f"discounts[{index}].free_minutes"
            found.append(SplitException("FREE_MINUTES_PER_VISIT", path))
    found += _window_exceptions(tariff)
    for index, band in enumerate(tariff.bands):
        if not _is_subadditive(tariff, band):
            found.append(SplitException("LATER_UNITS_DEARER", f"bands[{index}]"))
    return tuple(found)


def check_split_policy(tariff: Tariff) -> None:
    """Refuse a GUARDED tariff that neither merges re-entries nor is free of exceptions."""
    if tariff.split_policy is SplitPolicy.ALLOWED or tariff.reentry_merge_minutes > 0:
        return
    for exception in split_exceptions(tariff):
        raise TariffError("SPLITTING_IS_CHEAPER", exception.field, {"because": exception.reason})


def _window_exceptions(tariff: Tariff) -> list[SplitException]:
    if tariff.anchor is Anchor.CLOCK:
        # A split moves the 24-hour windows, and dear hours can slip under one cap.
        rolling = tariff.cap_24h_fen is not None
        return [SplitException("ROLLING_CAP_MOVES", "cap_24h_fen")] if rolling else []
    if any(tariff.needs_calendar(vehicle) for vehicle in VehicleKind):
        return [SplitException("PERIOD_DAY_KIND_MOVES", "anchor")]
    return []


def _is_subadditive(tariff: Tariff, band: Band) -> bool:
    steps = _cumulative(band)
    periodic = tariff.anchor is Anchor.ENTRY
    if periodic:
        caps = [band.cap_fen, tariff.cap_day_fen, tariff.cap_24h_fen]
        limit = min((cap for cap in caps if cap is not None), default=None)
        steps = [(end, paid if limit is None else min(paid, limit)) for end, paid in steps]
    elif len(band.units) == 1:
        return True
    ends = [end for end, _ in steps]
    return all(
        first_paid + second_paid >= _paid_at(ends, steps, first + second, periodic)
        for first, first_paid in steps
        for second, second_paid in steps
        if periodic or first + second <= band.length
    )


def _cumulative(band: Band) -> list[tuple[int, int]]:
    """(minutes up to and including, fen in total) for each level of the band's price."""
    points = [point for point in charge_points(band) if point[0] < band.length]
    ends = [point[0] for point in points[1:]] + [band.length]
    total, levels = 0, list[tuple[int, int]]()
    for end, (_, amount, _) in zip(ends, points, strict=False):
        total += amount
        levels.append((end, total))
    return levels


def _paid_at(ends: list[int], levels: list[tuple[int, int]], minutes: int, periodic: bool) -> int:
    whole, rest = divmod(minutes, DAY_MINUTES) if periodic else (0, minutes)
    paid = whole * levels[-1][1]
    if rest == 0:
        return paid
    return paid + levels[bisect_left(ends, rest)][1]
