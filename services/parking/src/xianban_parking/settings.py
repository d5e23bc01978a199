"""What an installation may choose about parking: XIANBAN_PARKING_<NAME> in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

from xianban_parking.domain.reservations import ReservationPolicy
from xianban_parking.domain.sessions import FoldPolicy

__all__ = ["PREFIX", "ParkingSettings", "rules"]

PREFIX = "XIANBAN_PARKING_"


@dataclass(frozen=True, slots=True)
class ParkingSettings:
    """The district's conditions; a lot's own (places to reserve, credit exit) are in its row."""

    # Reservations.
    arrive_early_minutes: int = 15
    no_show_minutes: int = 30
    overstay_grace_minutes: int = 15
    reservation_hours: int = 24
    reserve_ahead_days: int = 14
    substitute_within_m: int = 1500
    # Money.
    payment_minutes: int = 15
    exit_grace_minutes: int = 15
    # A plate changes hands at most once in so many days.
    claim_days: int = 7
    # Plates of paid stays are replaced by their hash after so many days (P11).
    plate_days: int = 30
    observation_days: int = 400
    # Gates.
    event_window_days: int = 14
    double_read_seconds: int = 300
    min_confidence: int = 700
    # Forecast and honesty.
    forecast_seconds: int = 300
    history_days: int = 56
    honesty_days: int = 7
    # Below this the analytics are too unsure to rouse anybody.
    camera_confidence_percent: int = 60
    # A lot without a tariff of its own is free.
    default_cadence_seconds: int = 300

    @property
    def reservations(self) -> ReservationPolicy:
        # The walk-in share is the lot's own: what it does not offer for reservation.
        return ReservationPolicy(
            arrive_early=timedelta(minutes=self.arrive_early_minutes),
            no_show_after=timedelta(minutes=self.no_show_minutes),
            overstay_grace=timedelta(minutes=self.overstay_grace_minutes),
            walk_in_percent=0,
            longest=timedelta(hours=self.reservation_hours),
            ahead=timedelta(days=self.reserve_ahead_days),
        )

    @property
    def folding(self) -> FoldPolicy:
        return FoldPolicy(
            # A driver who must pay first is read again when the barrier opens.
            double_read_within=timedelta(seconds=self.double_read_seconds),
            min_confidence=self.min_confidence,
        )

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> ParkingSettings:
        environ = os.environ if environ is None else environ
        given = {item.name: environ.get(PREFIX + item.name.upper()) for item in fields(cls)}
        chosen: dict[str, Any] = {
            name: _number(name, text) for name, text in given.items() if text is not None
        }
        return replace(cls(), **chosen)


@lru_cache(maxsize=1)
def rules() -> ParkingSettings:
    """The settings of this process."""
    return ParkingSettings.load()


def _number(name: str, text: str) -> int:
    try:
        value = int(text)
    except ValueError as error:
        raise ValueError(f"{PREFIX}{name.upper()} must be a whole number, not {text!r}") from error
    if value < 0:
        raise ValueError(f"{PREFIX}{name.upper()} must not be below 0")
    return value
