"""Short forecast (15 to 120 minutes) of free bays with error bars, from a lot's own history.

Model: the usual occupancy share of this weekday and half hour (recent weeks weigh more, thin
cells lean on the same hour of all such days) plus a damped part of how far the lot is from usual
right now, plus a part of how far it was a week before arrival. Error bars are the empirical
quantiles of what this very rule got wrong in the history, each day judged by the other days.
Shares and quantiles are floats; money never comes near them.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from xianban_parking.domain.calendar import SHANGHAI, as_utc
from xianban_parking.domain.errors import ForecastError

__all__ = [
    "HORIZONS",
    "QUANTILES",
    "Forecast",
    "LotModel",
    "Reading",
    "chance_of_free",
    "clean_history",
    "fit",
    "forecast_free",
]

HORIZONS = tuple(timedelta(minutes=minutes) for minutes in (15, 30, 45, 60, 75, 90, 105, 120))
QUANTILES = (0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98)
SLOTS = 48
SLOT = timedelta(minutes=30)
HALF_LIFE_DAYS = 14.0
LEAN_ON_KIND = 2.0
NOTHING = 1e-9
RIDGE = 1e-6
WEEK = timedelta(days=7)
DAY_MINUTES = 1440
MIN_READINGS = 100
MIN_RESIDUALS = 30
PAIR_TOLERANCE = timedelta(minutes=10)
USABLE_AGE = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class Reading:
    """One raw count of a lot, exactly as received."""

    at: datetime
    occupied: int
    capacity: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", as_utc(self.at, "at"))

    @property
    def plausible(self) -> bool:
        """Whether the count can be true."""
        return self.capacity > 0 and 0 <= self.occupied <= self.capacity

    @property
    def share(self) -> float:
        """Occupied part of the capacity."""
        return self.occupied / self.capacity


@dataclass(frozen=True, slots=True)
class HorizonFit:
    """How much of today's and of last week's deviation counts, and the errors that were left."""

    horizon: timedelta
    damping: float
    echo: float
    errors: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LotModel:
    """What was learnt from readings strictly before `until`."""

    until: datetime
    zone: tzinfo
    usual: tuple[tuple[float, ...], ...]
    centres: tuple[float, ...]
    last_week: tuple[tuple[datetime, float], ...]
    fits: tuple[HorizonFit, ...]
    readings_used: int
    readings_flagged: int

    def usual_share(self, at: datetime) -> float:
        """The usual share at an instant, interpolated between neighbouring half hours."""
        local = at.astimezone(self.zone)
        slot, part = _position(local, self.centres)
        return (1 - part) * self._cell(local, slot) + part * self._cell(local, slot + 1)

    def echo(self, at: datetime) -> float:
        """How far the lot was from usual a week before this instant; 0 when not observed."""
        return _deviation_near(self.last_week, at - WEEK)

    def _cell(self, local: datetime, slot: int) -> float:
        day = local + timedelta(days=slot // SLOTS)
        return self.usual[day.weekday()][slot % SLOTS]


@dataclass(frozen=True, slots=True)
class Forecast:
    """Free bays expected at `at`: one value per quantile of QUANTILES, each in 0..capacity."""

    issued_at: datetime
    at: datetime
    capacity: int
    free_quantiles: tuple[float, ...]

    @property
    def expected_free(self) -> float:
        """The median."""
        return self.free_quantiles[QUANTILES.index(0.5)]

    def interval(self, low: float = 0.1, high: float = 0.9) -> tuple[float, float]:
        """The error bar between two of the QUANTILES."""
        values = self.free_quantiles
        return values[QUANTILES.index(low)], values[QUANTILES.index(high)]


def clean_history(readings: Iterable[Reading]) -> tuple[list[Reading], int]:
    """Plausible readings in time order, one per instant, and how many were set aside."""
    total, by_time = 0, dict[datetime, Reading]()
    for reading in readings:
        total += 1
        if reading.plausible:
            by_time.setdefault(reading.at, reading)
    kept = [by_time[at] for at in sorted(by_time)]
    return kept, total - len(kept)


def fit(readings: Iterable[Reading], until: datetime, zone: tzinfo = SHANGHAI) -> LotModel:
    """Learn a lot from what was known before `until`; later readings are not even looked at."""
    bound = as_utc(until, "until")
    known, flagged = clean_history(reading for reading in readings if reading.at < bound)
    if len(known) < MIN_READINGS:
        raise ForecastError("TOO_LITTLE_HISTORY", "readings", {"count": len(known)})
    table = _UsualTable(known, bound, zone)
    deviations = [table.deviation(reading) for reading in known]
    observed = tuple(
        (reading.at, deviation) for reading, deviation in zip(known, deviations, strict=True)
    )
    fits = tuple(_fit_horizon(observed, horizon) for horizon in HORIZONS)
    week = tuple(one for one in observed if one[0] >= bound - WEEK - USABLE_AGE)
    return LotModel(bound, zone, table.rows(), table.centres, week, fits, len(known), flagged)


def forecast_free(
    model: LotModel, recent: Sequence[Reading], issued_at: datetime, arrival: datetime
) -> Forecast:
    """Free bays at arrival, from the model and the newest plausible reading not after issue."""
    now, at = as_utc(issued_at, "issued_at"), as_utc(arrival, "arrival")
    if model.until > now:
        raise ForecastError("MODEL_FROM_THE_FUTURE", "until")
    horizon = at - now
    if not timedelta() <= horizon <= HORIZONS[-1]:
        raise ForecastError("HORIZON_OUT_OF_RANGE", "arrival")
    last = _newest(recent, now)
    ahead = at - last.at
    fitted = min(model.fits, key=lambda one: abs(one.horizon - ahead))
    deviation = last.share - model.usual_share(last.at)
    centre = model.usual_share(at) + fitted.damping * deviation + fitted.echo * model.echo(at)
    shares = [centre + _quantile(fitted.errors, q) for q in reversed(QUANTILES)]
    free = tuple(last.capacity * (1.0 - min(1.0, max(0.0, share))) for share in shares)
    return Forecast(now, at, last.capacity, free)


def chance_of_free(forecast: Forecast, wanted: int = 1) -> float:
    """Probability, in 0.02..0.98, that at least so many bays are free at that time.

    Beyond the outer quantiles the history says nothing, so certainty is never claimed.
    """
    if wanted > forecast.capacity:
        return 0.0
    values, target = forecast.free_quantiles, wanted - 0.5
    if target <= values[0]:
        return 1.0 - QUANTILES[0]
    if target > values[-1]:
        return 1.0 - QUANTILES[-1]
    upper = bisect_left(values, target)
    low, high = values[upper - 1], values[upper]
    part = (target - low) / (high - low)
    return 1.0 - (QUANTILES[upper - 1] + part * (QUANTILES[upper] - QUANTILES[upper - 1]))


def _newest(recent: Sequence[Reading], now: datetime) -> Reading:
    usable = [one for one in recent if one.plausible and now - USABLE_AGE <= one.at <= now]
    if not usable:
        raise ForecastError("NO_RECENT_READING", "recent")
    return max(usable, key=lambda one: one.at)


class _UsualTable:
    """Weighted means per weekday and half hour, able to leave one whole date out of them."""

    def __init__(self, known: Sequence[Reading], until: datetime, zone: tzinfo) -> None:
        self._until, self._zone = until, zone
        self._cells = [[(0.0, 0.0)] * SLOTS for _ in range(7)]
        self._dates: dict[tuple[date, int], tuple[float, float]] = {}
        for reading in known:
            local = reading.at.astimezone(zone)
            slot, weight = _slot(local), self._weight(reading)
            own = (weight, weight * reading.share)
            day, key = local.weekday(), (local.date(), slot)
            self._cells[day][slot] = _plus(self._cells[day][slot], own)
            self._dates[key] = _plus(self._dates.get(key, (0.0, 0.0)), own)
        self.centres = _centres(known, zone)

    def deviation(self, reading: Reading) -> float:
        """How far a reading is from what all other dates call usual."""
        local = reading.at.astimezone(self._zone)
        left_out = local.date()
        slot, part = _position(local, self.centres)
        early = local + timedelta(days=slot // SLOTS)
        late = local + timedelta(days=(slot + 1) // SLOTS)
        usual = (1 - part) * self._mean(early.weekday(), slot % SLOTS, left_out)
        usual += part * self._mean(late.weekday(), (slot + 1) % SLOTS, left_out)
        return reading.share - usual

    def rows(self) -> tuple[tuple[float, ...], ...]:
        """The means of all dates."""
        return tuple(tuple(self._mean(d, s, None) for s in range(SLOTS)) for d in range(7))

    def _mean(self, day: int, slot: int, without: date | None) -> float:
        gone = self._dates.get((without, slot), (0.0, 0.0)) if without else (0.0, 0.0)
        same_day = without is not None and without.weekday() == day
        cell = _minus(self._cells[day][slot], gone) if same_day else self._cells[day][slot]
        kind = self._kind(day, slot)
        if without is not None and (without.weekday() >= 5) == (day >= 5):
            kind = _minus(kind, gone)
        if kind[0] <= NOTHING:
            return self._nearest(slot)
        return (cell[1] + LEAN_ON_KIND * kind[1] / kind[0]) / (cell[0] + LEAN_ON_KIND)

    def _kind(self, day: int, slot: int) -> tuple[float, float]:
        days = range(5, 7) if day >= 5 else range(5)
        cells = [self._cells[one][slot] for one in days]
        return sum(cell[0] for cell in cells), sum(cell[1] for cell in cells)

    def _nearest(self, slot: int) -> float:
        # A half hour never observed on such days: the closest observed one of any day.
        for distance in range(SLOTS):
            near = {(slot + distance) % SLOTS, (slot - distance) % SLOTS}
            cells = [self._cells[day][one] for day in range(7) for one in sorted(near)]
            weight = sum(cell[0] for cell in cells)
            if weight > NOTHING:
                return sum(cell[1] for cell in cells) / weight
        return 0.0

    def _weight(self, reading: Reading) -> float:
        age_days = (self._until - reading.at) / timedelta(days=1)
        return 0.5 ** (age_days / HALF_LIFE_DAYS)


def _plus(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return one[0] + other[0], one[1] + other[1]


def _minus(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return one[0] - other[0], one[1] - other[1]


def _slot(local: datetime) -> int:
    return (local.hour * 60 + local.minute) // 30


def _minute(local: datetime) -> float:
    return local.hour * 60 + local.minute + local.second / 60


def _centres(known: Sequence[Reading], zone: tzinfo) -> tuple[float, ...]:
    """The mean minute of the day of each half hour's readings: feeds rarely report mid-way."""
    sums = [(0.0, 0.0)] * SLOTS
    for reading in known:
        local = reading.at.astimezone(zone)
        sums[_slot(local)] = _plus(sums[_slot(local)], (1.0, _minute(local)))
    return tuple(
        total / count if count else 30 * slot + 15 for slot, (count, total) in enumerate(sums)
    )


def _position(local: datetime, centres: tuple[float, ...]) -> tuple[int, float]:
    """The half hour whose centre was last passed (-1 before the first) and the part since then."""
    minute, slot = _minute(local), _slot(local)
    slot -= minute < centres[slot]
    before = centres[slot % SLOTS] + slot // SLOTS * DAY_MINUTES
    after = centres[(slot + 1) % SLOTS] + (slot + 1) // SLOTS * DAY_MINUTES
    return slot, (minute - before) / (after - before)


def _fit_horizon(observed: Sequence[tuple[datetime, float]], horizon: timedelta) -> HorizonFit:
    rows = _rows(observed, horizon)
    damping, echo = _least_squares(rows)
    errors = sorted(later - damping * now - echo * week for now, week, later in rows)
    if len(errors) < MIN_RESIDUALS:
        return HorizonFit(horizon, 0.0, 0.0, tuple(sorted(one for _, one in observed)))
    return HorizonFit(horizon, damping, echo, tuple(errors))


def _rows(
    observed: Sequence[tuple[datetime, float]], horizon: timedelta
) -> list[tuple[float, float, float]]:
    """(deviation now, a week before then, then) for each pair of readings a horizon apart."""
    # Feeds every half hour have no pair 15 minutes apart; the nearest longer one is the safe side.
    step = max(horizon, SLOT)
    rows: list[tuple[float, float, float]] = []
    for at, now in observed:
        later = _nearest_index(observed, at + step)
        if later is not None:
            week = _deviation_near(observed, observed[later][0] - WEEK)
            rows.append((now, week, observed[later][1]))
    return rows


def _least_squares(rows: Sequence[tuple[float, float, float]]) -> tuple[float, float]:
    """Weights of today's and last week's deviation, each kept within 0..1."""
    a = sum(now * now for now, _, _ in rows) + RIDGE
    b = sum(now * week for now, week, _ in rows)
    c = sum(week * week for _, week, _ in rows) + RIDGE
    p = sum(now * later for now, _, later in rows)
    q = sum(week * later for _, week, later in rows)
    scale = a * c - b * b
    return _within_unit((p * c - q * b) / scale), _within_unit((q * a - p * b) / scale)


def _within_unit(value: float) -> float:
    return min(1.0, max(0.0, value))


def _deviation_near(observed: Sequence[tuple[datetime, float]], at: datetime) -> float:
    index = _nearest_index(observed, at)
    return 0.0 if index is None else observed[index][1]


def _nearest_index(observed: Sequence[tuple[datetime, float]], at: datetime) -> int | None:
    first = bisect_left(observed, (at - PAIR_TOLERANCE, -math.inf))
    last = bisect_right(observed, (at + PAIR_TOLERANCE, math.inf))
    return min(range(first, last), key=lambda one: abs(observed[one][0] - at), default=None)


def _quantile(ordered: Sequence[float], q: float) -> float:
    position = q * (len(ordered) - 1)
    low = int(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (position - low) * (ordered[high] - ordered[low])
