"""Forecast: no look into the future, sane error bars, better than naive on real counts."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xianban_parking.domain.errors import ForecastError
from xianban_parking.domain.forecast import (
    QUANTILES,
    Forecast,
    Reading,
    chance_of_free,
    clean_history,
    fit,
    forecast_free,
)
from xianban_parking.domain.forecast_backtest import backtest

T0 = datetime(2026, 1, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DATA = Path("parking/birmingham-occupancy.csv")


def day_curve(at: datetime, capacity: int = 200) -> Reading:
    hours = at.hour + at.minute / 60
    wave = 0.5 - 0.4 * math.cos(2 * math.pi * hours / 24)
    ripple = ((at.toordinal() * 7919 + at.hour * 31 + at.minute) % 13 - 6) / 200
    busy_day = (at.toordinal() * 37 % 11 - 5) / 80
    return Reading(at, round(capacity * (wave + ripple + busy_day)), capacity)


HISTORY = [day_curve(T0 + index * 30 * MINUTE) for index in range(48 * 28)]
UNTIL = T0 + timedelta(days=21)


def test_only_readings_before_the_fit_are_looked_at() -> None:
    poisoned = [r if r.at < UNTIL else replace(r, occupied=0) for r in HISTORY]
    assert fit(HISTORY, UNTIL, UTC) == fit(poisoned, UNTIL, UTC)
    assert fit(HISTORY, UNTIL, UTC) == fit([r for r in HISTORY if r.at < UNTIL], UNTIL, UTC)


def test_only_readings_up_to_the_issue_are_used_to_forecast() -> None:
    model = fit(HISTORY, UNTIL, UTC)
    past = [r for r in HISTORY if r.at <= UNTIL]
    arrival = UNTIL + 60 * MINUTE
    assert forecast_free(model, HISTORY, UNTIL, arrival) == forecast_free(
        model, past, UNTIL, arrival
    )
    with pytest.raises(ForecastError, match="MODEL_FROM_THE_FUTURE"):
        forecast_free(model, past, UNTIL - MINUTE, arrival - 30 * MINUTE)


def test_implausible_and_doubled_counts_are_flagged_and_never_learnt_from() -> None:
    dirty = [*HISTORY, replace(HISTORY[5], occupied=999), replace(HISTORY[6], occupied=-4)]
    known, flagged = clean_history([*dirty, HISTORY[7]])
    assert (known, flagged) == (HISTORY, 3)
    model = fit(dirty, UNTIL, UTC)
    assert model.readings_flagged == 2
    assert model.usual == fit(HISTORY, UNTIL, UTC).usual


@pytest.mark.parametrize(
    ("minutes", "recent", "reason"),
    [
        (121, HISTORY, "HORIZON_OUT_OF_RANGE"),
        (-1, HISTORY, "HORIZON_OUT_OF_RANGE"),
        (30, [], "NO_RECENT_READING"),
        (30, HISTORY[:10], "NO_RECENT_READING"),
        (30, [Reading(UNTIL, 999, 200)], "NO_RECENT_READING"),
    ],
)
def test_what_can_not_be_forecast_honestly_is_refused(
    minutes: int, recent: list[Reading], reason: str
) -> None:
    model = fit(HISTORY, UNTIL, UTC)
    with pytest.raises(ForecastError, match=reason):
        forecast_free(model, recent, UNTIL, UNTIL + minutes * MINUTE)


def test_too_short_a_history_is_refused() -> None:
    with pytest.raises(ForecastError, match="TOO_LITTLE_HISTORY"):
        fit(HISTORY, T0 + timedelta(days=1), UTC)


MODEL = fit(HISTORY, UNTIL, UTC)


@settings(max_examples=50)
@given(st.integers(0, 200), st.integers(0, 1_440), st.integers(0, 120))
def test_quantiles_ascend_within_capacity_and_chances_fall_with_demand(
    occupied: int, minute: int, ahead: int
) -> None:
    now = UNTIL + minute * MINUTE
    made = forecast_free(MODEL, [Reading(now, occupied, 200)], now, now + ahead * MINUTE)
    assert list(made.free_quantiles) == sorted(made.free_quantiles)
    assert 0 <= made.free_quantiles[0] <= made.free_quantiles[-1] <= 200
    chances = [chance_of_free(made, wanted) for wanted in (1, 5, 50, 150, 200)]
    assert chances == sorted(chances, reverse=True)
    assert all(0.02 - 1e-9 <= chance <= 0.98 + 1e-9 for chance in chances)
    assert chance_of_free(made, 201) == 0.0


def test_the_chance_is_read_off_the_error_bars() -> None:
    values = (0.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
    made = Forecast(T0, T0, 10, values)
    assert chance_of_free(made, 1) == pytest.approx(1 - QUANTILES[2])
    assert made.expected_free == 2.0
    assert made.interval() == (0.5, 4.0)


def test_with_busy_and_quiet_days_the_forecast_beats_both_naive_rules() -> None:
    (score,) = backtest({"lot": HISTORY}, UNTIL, 5, [timedelta(minutes=60)], UTC)
    assert score.points > 150
    assert score.mae < score.persistence_mae / 2
    assert score.mae < score.last_week_mae


def real_counts() -> dict[str, list[Reading]]:
    for root in (Path("/work/shared/data"), *(p / "shared/data" for p in Path.cwd().parents)):
        if (root / DATA).exists():
            lots: dict[str, list[Reading]] = defaultdict(list)
            with (root / DATA).open(newline="") as rows:
                for row in csv.DictReader(rows):
                    at = datetime.fromisoformat(row["LastUpdated"]).replace(tzinfo=UTC)
                    reading = Reading(at, int(row["Occupancy"]), int(row["Capacity"]))
                    lots[row["SystemCodeNumber"]].append(reading)
            return lots
    pytest.skip(f"{DATA} is not here (see shared/data/README.md)")


def test_on_real_counts_it_beats_both_naive_rules() -> None:
    lots = real_counts()
    assert sum(clean_history(readings)[1] for readings in lots.values()) == 373 + 12 + 216
    # Every third car park and one week keep the test short.
    some = {name: lots[name] for name in sorted(lots)[::3]}
    horizons = [timedelta(minutes=minutes) for minutes in (30, 60, 90, 120)]
    scores = backtest(some, datetime(2016, 12, 5, tzinfo=UTC), 7, horizons, UTC)
    for score in scores:
        print(  # noqa: T201 - the figures are the report
            f"{score.horizon}: {score.points} points, MAE {score.mae:.1f} bays, as now "
            f"{score.persistence_mae:.1f}, a week ago {score.last_week_mae:.1f}, "
            f"80 % bar covers {score.coverage:.1%}"
        )
        assert score.points > 200
        assert score.mae < score.persistence_mae / 2
        assert 0.7 < score.coverage < 0.95, "an 80 % bar that is neither boastful nor vague"
    # Summed over horizons: at two hours alone, last week can win for some car parks and weeks.
    assert sum(one.error for one in scores) < 0.8 * sum(one.last_week_error for one in scores)
