"""The time a vehicle was parked, as one or several visits that a tariff prices together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from xianban_parking.domain.calendar import as_utc
from xianban_parking.domain.errors import StayError

__all__ = ["MAX_STAY", "Stay", "VehicleKind", "Visit", "group_visits"]

MAX_STAY = timedelta(days=366)


class VehicleKind(StrEnum):
    """What tariffs tell apart."""

    CAR = "car"
    NEW_ENERGY = "new_energy"
    LARGE = "large"
    MOTORCYCLE = "motorcycle"


@dataclass(frozen=True, slots=True, order=True)
class Visit:
    """One time in the lot, from the entry instant to (not including) the exit instant."""

    entered: datetime
    left: datetime

    def __post_init__(self) -> None:
        # UTC inside: equal instants written in other zones must give equal visits.
        object.__setattr__(self, "entered", as_utc(self.entered, "entered"))
        object.__setattr__(self, "left", as_utc(self.left, "left"))
        if self.left < self.entered:
            raise StayError("STAY_REVERSED", "left")

    @property
    def parked(self) -> timedelta:
        """How long the vehicle stood there."""
        return self.left - self.entered


@dataclass(frozen=True, slots=True)
class Stay:
    """What is priced at once: visits in order, with what is known about vehicle and rights."""

    visits: tuple[Visit, ...]
    vehicle: VehicleKind = VehicleKind.CAR
    permits: frozenset[str] = frozenset()
    charging: bool = False

    def __post_init__(self) -> None:
        if not self.visits:
            raise StayError("STAY_EMPTY", "visits")
        for index, (earlier, later) in enumerate(zip(self.visits, self.visits[1:], strict=False)):
            if later.entered < earlier.left:
                raise StayError("VISITS_OVERLAP", f"visits[{index + 1}].entered")
        if self.visits[-1].left - self.visits[0].entered > MAX_STAY:
            raise StayError("STAY_TOO_LONG", "visits", {"max_days": MAX_STAY.days})

    @property
    def parked(self) -> timedelta:
        """The time actually parked, without the gaps between visits."""
        return sum((visit.parked for visit in self.visits), timedelta())


def group_visits(visits: Iterable[Visit], window: timedelta) -> tuple[tuple[Visit, ...], ...]:
    """Visits of one plate to one lot, grouped where the gap is within the re-entry window."""
    groups: list[list[Visit]] = []
    for visit in sorted(visits):
        if groups and window > timedelta() and visit.entered - groups[-1][-1].left <= window:
            groups[-1].append(visit)
        else:
            groups.append([visit])
    return tuple(tuple(group) for group in groups)
