"""A tariff as versioned data: what may be charged, never how to compute it.

A tariff day begins at `day_starts_at` (local clock) and takes its kind from the date it begins
on, so a night band that passes midnight belongs whole to the evening it began. For each kind of
day and vehicle the bands tile the 24 hours exactly; a tariff that does not is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from xianban_parking.domain.calendar import DayKind
from xianban_parking.domain.errors import TariffError
from xianban_parking.domain.stays import VehicleKind

__all__ = [
    "DAY_MINUTES",
    "Anchor",
    "Band",
    "CalendarFallback",
    "Discount",
    "DiscountSubject",
    "FreeMode",
    "SplitPolicy",
    "Step",
    "Tariff",
    "Unit",
    "charge_points",
]

DAY_MINUTES = 1440
MAX_FEN = 10_000_000
MAX_BANDS = 64
MAX_PRICES = 48
MAX_DISCOUNTS = 64

ALL_DAYS = frozenset(DayKind)
ALL_VEHICLES = frozenset(VehicleKind)


class Anchor(StrEnum):
    """Whether bands follow the local clock or 24-hour periods count from the entry."""

    CLOCK = "clock"
    ENTRY = "entry"


class FreeMode(StrEnum):
    """GRACE: longer stays pay from the start. DEDUCTED: the clock starts after the free time."""

    GRACE = "grace"
    DEDUCTED = "deducted"


class CalendarFallback(StrEnum):
    """What to do for a year whose holidays are unpublished; the quote says when it was used."""

    REFUSE = "refuse"
    WEEKDAY_ONLY = "weekday_only"


class SplitPolicy(StrEnum):
    """GUARDED: a tariff under which leaving and re-entering could be cheaper is refused."""

    GUARDED = "guarded"
    ALLOWED = "allowed"


class DiscountSubject(StrEnum):
    """What a discount depends on."""

    VEHICLE = "vehicle"
    PERMIT = "permit"
    CHARGING = "charging"


@dataclass(frozen=True, slots=True)
class Unit:
    """Each started unit of so many minutes costs so much; `times` limits how often it applies."""

    minutes: int
    amount_fen: int
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A flat fee for the whole time parked in the band, up to and including `up_to_minutes`."""

    up_to_minutes: int | None
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of the tariff day (minutes of the local clock) with units, steps, or free."""

    name: str
    starts_at: int = 0
    ends_at: int = 0
    days: frozenset[DayKind] = ALL_DAYS
    vehicles: frozenset[VehicleKind] = ALL_VEHICLES
    units: tuple[Unit, ...] = ()
    steps: tuple[Step, ...] = ()
    cap_fen: int | None = None

    @property
    def length(self) -> int:
        """Minutes; equal ends mean the whole day."""
        return (self.ends_at - self.starts_at) % DAY_MINUTES or DAY_MINUTES


@dataclass(frozen=True, slots=True)
class Discount:
    """The tariff's own reduction for a vehicle kind, a permit or charging. They do not stack."""

    name: str
    subject: DiscountSubject
    value: str = ""
    percent_off: int = 0
    free_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Tariff:
    """One version of a tariff; constructing it checks that it is complete and consistent."""

    id: str
    version: int
    bands: tuple[Band, ...]
    effective_from: datetime | None = None
    effective_until: datetime | None = None
    anchor: Anchor = Anchor.CLOCK
    day_starts_at: int = 0
    free_minutes: int = 0
    free_mode: FreeMode = FreeMode.GRACE
    visit_fee_fen: int = 0
    cap_day_fen: int | None = None
    cap_24h_fen: int | None = None
    cap_stay_fen: int | None = None
    reentry_merge_minutes: int = 0
    discounts: tuple[Discount, ...] = ()
    calendar_fallback: CalendarFallback = CalendarFallback.REFUSE
    split_policy: SplitPolicy = SplitPolicy.ALLOWED

    def __post_init__(self) -> None:
        _check_head(self)
        _check_count(len(self.bands), 1, MAX_BANDS, "bands")
        for index, band in enumerate(self.bands):
            _check_band(band, f"bands[{index}]")
        for index, discount in enumerate(self.discounts):
            _check_discount(discount, f"discounts[{index}]")
        _check_tiling(self)

    def bands_on(self, day: DayKind, vehicle: VehicleKind) -> tuple[Band, ...]:
        """The bands that tile this kind of day for this kind of vehicle, in order."""
        return _ordered(self, day, vehicle)

    def needs_calendar(self, vehicle: VehicleKind) -> bool:
        """Whether kinds of days differ in price, so that the calendar must be known."""
        return len({self.bands_on(day, vehicle) for day in DayKind}) > 1

    def in_force(self, at: datetime) -> bool:
        """Whether stays that begin at this instant fall under this version."""
        begun = self.effective_from is None or self.effective_from <= at
        return begun and (self.effective_until is None or at < self.effective_until)


def _check_head(tariff: Tariff) -> None:
    if not tariff.id:
        raise TariffError("REQUIRED", "id")
    _check_range(tariff.version, 1, 1_000_000, "version")
    _check_range(tariff.day_starts_at, 0, DAY_MINUTES - 1, "day_starts_at")
    _check_range(tariff.free_minutes, 0, DAY_MINUTES, "free_minutes")
    _check_range(tariff.reentry_merge_minutes, 0, DAY_MINUTES, "reentry_merge_minutes")
    _check_fen(tariff.visit_fee_fen, "visit_fee_fen")
    for name in ("cap_day_fen", "cap_24h_fen", "cap_stay_fen"):
        _check_optional_fen(getattr(tariff, name), name)
    _check_count(len(tariff.discounts), 0, MAX_DISCOUNTS, "discounts")
    _check_period(tariff.effective_from, tariff.effective_until)


def _check_period(begin: datetime | None, end: datetime | None) -> None:
    for name, instant in (("effective_from", begin), ("effective_until", end)):
        if instant is not None and instant.tzinfo is None:
            raise TariffError("TIME_WITHOUT_ZONE", name)
    if begin is not None and end is not None and end <= begin:
        raise TariffError("PERIOD_REVERSED", "effective_until")


def _check_band(band: Band, path: str) -> None:
    if not band.name:
        raise TariffError("REQUIRED", f"{path}.name")
    _check_range(band.starts_at, 0, DAY_MINUTES - 1, f"{path}.starts_at")
    _check_range(band.ends_at, 0, DAY_MINUTES, f"{path}.ends_at")
    if not band.days:
        raise TariffError("REQUIRED", f"{path}.days")
    if not band.vehicles:
        raise TariffError("REQUIRED", f"{path}.vehicles")
    if band.units and band.steps:
        raise TariffError("UNITS_OR_STEPS", f"{path}.steps")
    _check_optional_fen(band.cap_fen, f"{path}.cap_fen")
    _check_units(band.units, f"{path}.units")
    _check_steps(band.steps, f"{path}.steps")


def _check_units(units: tuple[Unit, ...], path: str) -> None:
    _check_count(len(units), 0, MAX_PRICES, path)
    for index, unit in enumerate(units):
        _check_range(unit.minutes, 1, DAY_MINUTES, f"{path}[{index}].minutes")
        _check_fen(unit.amount_fen, f"{path}[{index}].amount_fen")
        last = index == len(units) - 1
        if (unit.times is None) != last:
            reason = "LAST_UNIT_MUST_REPEAT" if last else "ONLY_LAST_UNIT_REPEATS"
            raise TariffError(reason, f"{path}[{index}].times")
        if unit.times is not None:
            _check_range(unit.times, 1, DAY_MINUTES, f"{path}[{index}].times")


def _check_steps(steps: tuple[Step, ...], path: str) -> None:
    _check_count(len(steps), 0, MAX_PRICES, path)
    upper, paid = 0, 0
    for index, step in enumerate(steps):
        here = f"{path}[{index}]"
        _check_fen(step.amount_fen, f"{here}.amount_fen")
        if step.amount_fen < paid:
            raise TariffError("STEP_GETS_CHEAPER", f"{here}.amount_fen", {"before_fen": paid})
        if (step.up_to_minutes is None) != (index == len(steps) - 1):
            raise TariffError("ONLY_LAST_STEP_IS_OPEN", f"{here}.up_to_minutes")
        if step.up_to_minutes is not None:
            _check_range(step.up_to_minutes, upper + 1, DAY_MINUTES, f"{here}.up_to_minutes")
            upper = step.up_to_minutes
        paid = step.amount_fen


def _check_discount(discount: Discount, path: str) -> None:
    if not discount.name:
        raise TariffError("REQUIRED", f"{path}.name")
    _check_range(discount.percent_off, 0, 100, f"{path}.percent_off")
    _check_range(discount.free_minutes, 0, DAY_MINUTES, f"{path}.free_minutes")
    if discount.subject is DiscountSubject.VEHICLE and discount.value not in ALL_VEHICLES:
        raise TariffError("VEHICLE_UNKNOWN", f"{path}.value")
    if discount.subject is DiscountSubject.PERMIT and not discount.value:
        raise TariffError("REQUIRED", f"{path}.value")


def _check_tiling(tariff: Tariff) -> None:
    for day in DayKind:
        for vehicle in VehicleKind:
            _check_day(tariff, day, vehicle)


def _check_day(tariff: Tariff, day: DayKind, vehicle: VehicleKind) -> None:
    params = {"day": str(day), "vehicle": str(vehicle)}
    bands = _ordered(tariff, day, vehicle)
    if tariff.anchor is Anchor.ENTRY:
        if len(bands) != 1 or bands[0].length != DAY_MINUTES:
            raise TariffError("ENTRY_ANCHOR_NEEDS_ONE_BAND", "bands", params)
        return
    if len({band.name for band in bands}) != len(bands):
        raise TariffError("BAND_NAME_TWICE", "bands", params)
    expected = 0
    for band in bands:
        begins = _offset(tariff, band)
        if begins != expected:
            reason = "BANDS_OVERLAP" if begins < expected else "BANDS_LEAVE_GAP"
            raise TariffError(reason, _path(tariff, band) + ".starts_at", params)
        expected = begins + band.length
    if expected != DAY_MINUTES:
        reason = "BANDS_LEAVE_GAP" if expected < DAY_MINUTES else "BAND_CROSSES_DAY_START"
        where = _path(tariff, bands[-1]) + ".ends_at" if bands else "bands"
        raise TariffError(reason, where, params)


def _ordered(tariff: Tariff, day: DayKind, vehicle: VehicleKind) -> tuple[Band, ...]:
    chosen = [band for band in tariff.bands if day in band.days and vehicle in band.vehicles]
    return tuple(sorted(chosen, key=lambda band: _offset(tariff, band)))


def _offset(tariff: Tariff, band: Band) -> int:
    return (band.starts_at - tariff.day_starts_at) % DAY_MINUTES


def _path(tariff: Tariff, band: Band) -> str:
    return f"bands[{tariff.bands.index(band)}]"


def _check_fen(value: int, path: str) -> None:
    _check_range(value, 0, MAX_FEN, path)


def _check_optional_fen(value: int | None, path: str) -> None:
    if value is not None:
        _check_fen(value, path)


def _check_range(value: int, low: int, high: int, path: str) -> None:
    if not low <= value <= high:
        raise TariffError("OUT_OF_RANGE", path, {"value": value, "min": low, "max": high})


def _check_count(count: int, low: int, high: int, path: str) -> None:
    if not low <= count <= high:
        raise TariffError("COUNT_OUT_OF_RANGE", path, {"count": count, "min": low, "max": high})


def charge_points(band: Band) -> Iterator[tuple[int, int, int]]:
    """(minute offset, fen, tier): the amount falls due once parked longer than the offset."""
    if band.steps:
        yield from _step_points(band.steps)
        return
    offset = 0
    for tier, unit in enumerate(band.units):
        times = unit.times if unit.times is not None else DAY_MINUTES
        for _ in range(times):
            if offset >= band.length:
                return
            yield offset, unit.amount_fen, tier
            offset += unit.minutes


def _step_points(steps: tuple[Step, ...]) -> Iterator[tuple[int, int, int]]:
    offset, paid = 0, 0
    for tier, step in enumerate(steps):
        yield offset, step.amount_fen - paid, tier
        offset, paid = step.up_to_minutes or 0, step.amount_fen
