"""Short forecasts, learnt from a lot's own history and kept in memory for a few minutes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from xianban_sdk.clock import SHANGHAI, local_day
from xianban_sdk.storage import Database

from xianban_parking.domain.errors import ForecastError
from xianban_parking.domain.forecast import (
    HORIZONS,
    Forecast,
    LotModel,
    Reading,
    chance_of_free,
    fit,
    forecast_free,
)
from xianban_parking.domain.forecast_backtest import HorizonScore, backtest
from xianban_parking.errors import refusals
from xianban_parking.repository import PUBLIC, Counts
from xianban_parking.repository.rows import ObservationRow
from xianban_parking.settings import rules

__all__ = ["Forecasts", "LotForecast", "readings_of"]

MODEL_LIFE = timedelta(hours=1)
BACKTEST_DAYS = 7
BACKTEST_HORIZON = timedelta(minutes=60)
MIN_BACKTEST_POINTS = 50
CACHE_SIZE = 2000


@dataclass(frozen=True, slots=True)
class LotForecast:
    """The points, and how well this kind of forecast has done."""

    created_at: datetime
    points: tuple[Forecast, ...]
    mae_share: float
    naive_mae_share: float


@dataclass(slots=True)
class _Known:
    model: LotModel
    readings: list[Reading]
    fitted_at: datetime
    scored_on: object = None
    score: HorizonScore | None = None
    capacity: int = 0
    made: LotForecast | None = None


class Forecasts:
    """Per process: models are derived data, any process can learn them again."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, lot_id: str, now: datetime) -> LotForecast:
        """The forecast of a lot; too little history is said, never papered over."""
        known = self._learnt(lot_id, now)
        life = timedelta(seconds=rules().forecast_seconds)
        if known.made is None or not timedelta() <= now - known.made.created_at < life:
            known.made = self._made(lot_id, known, now)
        return known.made

    def warm(self, lot_id: str, now: datetime) -> None:
        """Learns ahead of the first question; a lot without history is none the worse."""
        try:
            self._score(lot_id, self._model(lot_id, now), now)
        except ForecastError:
            return

    def chance(self, lot_id: str, arrival: datetime, now: datetime) -> float | None:
        """The chance of a free place at arrival; None when there is no honest figure."""
        try:
            known = self._model(lot_id, now)
            recent = self._recent(lot_id, now)
            made = forecast_free(known.model, recent, now, max(arrival, now))
        except ForecastError:
            return None
        return chance_of_free(made)

    def _learnt(self, lot_id: str, now: datetime) -> _Known:
        with refusals("name"):
            known = self._model(lot_id, now)
            self._score(lot_id, known, now)
        return known

    def _made(self, lot_id: str, known: _Known, now: datetime) -> LotForecast:
        recent = self._recent(lot_id, now)
        with refusals("name"):
            points = tuple(
                forecast_free(known.model, recent, now, now + horizon) for horizon in HORIZONS
            )
        score, capacity = known.score, max(1, known.capacity)
        assert score is not None  # _learnt scored it
        return LotForecast(now, points, score.mae / capacity, score.persistence_mae / capacity)

    def _model(self, lot_id: str, now: datetime) -> _Known:
        with self._lock:
            known = self._known.get(lot_id)
        if known is not None and timedelta() <= now - known.fitted_at < MODEL_LIFE:
            return known
        readings = self._readings(lot_id, now - timedelta(days=rules().history_days), now)
        fresh = _Known(fit(readings, now), readings, now)
        fresh.capacity = readings[-1].capacity
        if known is not None:
            fresh.scored_on, fresh.score = known.scored_on, known.score
        with self._lock:
            self._known[lot_id] = fresh
            if len(self._known) > CACHE_SIZE:
                self._known.popitem(last=False)
        return fresh

    def _score(self, lot_id: str, known: _Known, now: datetime) -> None:
        """Back-tests once a day, on the days before today."""
        today = local_day(now)
        if known.scored_on == today:
            return
        first = datetime.combine(today - timedelta(days=BACKTEST_DAYS), time(), SHANGHAI)
        scores = backtest({lot_id: known.readings}, first, BACKTEST_DAYS, [BACKTEST_HORIZON])
        if scores[0].points < MIN_BACKTEST_POINTS:
            raise ForecastError("TOO_LITTLE_HISTORY", "readings", {"count": len(known.readings)})
        known.scored_on, known.score = today, scores[0]

    def _recent(self, lot_id: str, now: datetime) -> list[Reading]:
        return self._readings(lot_id, now - timedelta(hours=2), now + timedelta(seconds=1))

    def _readings(self, lot_id: str, start: datetime, end: datetime) -> list[Reading]:
        with self._db.read() as conn:
            return readings_of(Counts(conn, PUBLIC).series(lot_id, start, end))


def readings_of(rows: Sequence[ObservationRow]) -> list[Reading]:
    """The raw counts as the forecast reads them; implausible ones are set aside there."""
    found: list[Reading] = []
    for row in rows:
        occupied = row.occupied
        if occupied is None and row.free is not None:
            occupied = row.capacity - row.free
        if occupied is not None:
            found.append(Reading(row.observed_at, occupied, row.capacity))
    return found
