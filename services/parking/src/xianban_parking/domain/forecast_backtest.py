"""Was the forecast worth making? Replayed day by day against two naive rules on the same points.

Each test day is forecast with a model fitted only on days before it. Naive rules: the count stays
as it is now (persistence); the count will be that of the same time a week ago.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from xianban_parking.domain.calendar import SHANGHAI
from xianban_parking.domain.errors import ForecastError
from xianban_parking.domain.forecast import (
    LotModel,
    Reading,
    clean_history,
    fit,
    forecast_free,
)

__all__ = ["HorizonScore", "backtest"]

MATCH_WITHIN = timedelta(minutes=10)
WEEK = timedelta(days=7)
DAY = timedelta(days=1)
Fit = Callable[[Sequence[Reading], datetime, tzinfo], LotModel]


@dataclass(slots=True)
class HorizonScore:
    """Sums over all points of one horizon; errors in bays, `covered` counts the 80 % bar."""

    horizon: timedelta
    points: int = 0
    covered: int = 0
    error: float = 0.0
    persistence_error: float = 0.0
    last_week_error: float = 0.0

    @property
    def mae(self) -> float:
        """Mean absolute error of the forecast, in bays."""
        return self.error / max(1, self.points)

    @property
    def persistence_mae(self) -> float:
        """The same for `stays as it is now`."""
        return self.persistence_error / max(1, self.points)

    @property
    def last_week_mae(self) -> float:
        """The same for `as a week ago`."""
        return self.last_week_error / max(1, self.points)

    @property
    def coverage(self) -> float:
        """Part of points inside the 10 to 90 % bar; 0.8 is right."""
        return self.covered / max(1, self.points)


def backtest(
    lots: Mapping[str, Sequence[Reading]],
    first_day: datetime,
    days: int,
    horizons: Sequence[timedelta],
    zone: tzinfo = SHANGHAI,
    fit_lot: Fit = fit,
) -> list[HorizonScore]:
    """Scores per horizon over all lots; lots with too little history are left out."""
    scores = [HorizonScore(horizon) for horizon in horizons]
    for name in sorted(lots):
        for offset in range(days):
            start = first_day + offset * DAY
            try:
                model = fit_lot(lots[name], start, zone)
            except ForecastError:
                continue
            _score_day(clean_history(lots[name])[0], model, start, scores)
    return scores


def _score_day(
    known: Sequence[Reading], model: LotModel, start: datetime, scores: Sequence[HorizonScore]
) -> None:
    times = [reading.at for reading in known]
    first, last = bisect_left(times, start), bisect_left(times, start + DAY)
    for now in known[first:last]:
        for score in scores:
            actual = _near(known, times, now.at + score.horizon)
            week_ago = _near(known, times, now.at + score.horizon - WEEK)
            if actual is not None and week_ago is not None and actual.at < start + DAY:
                _score_point(model, now, actual, week_ago, score)


def _score_point(
    model: LotModel, now: Reading, actual: Reading, week_ago: Reading, score: HorizonScore
) -> None:
    free = actual.capacity - actual.occupied
    try:
        made = forecast_free(model, [now], now.at, actual.at)
    except ForecastError:
        return
    low, high = made.interval()
    score.points += 1
    score.covered += low - 0.5 <= free <= high + 0.5
    score.error += abs(made.expected_free - free)
    score.persistence_error += abs(now.capacity - now.occupied - free)
    score.last_week_error += abs(week_ago.capacity - week_ago.occupied - free)


def _near(known: Sequence[Reading], times: Sequence[datetime], at: datetime) -> Reading | None:
    position = bisect_left(times, at)
    candidates = known[max(0, position - 1) : position + 1]
    nearest = min(candidates, key=lambda one: abs(one.at - at), default=None)
    return nearest if nearest is not None and abs(nearest.at - at) <= MATCH_WITHIN else None
