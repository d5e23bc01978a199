"""The recorded history: per car park and day, every row in its order, nothing cleaned."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

__all__ = ["CarPark", "Count", "read_record"]

WEEK: Final = timedelta(days=7)
# Eleven whole weeks: a date and its replayed date are of the same weekday.
PERIOD: Final = timedelta(days=77)


@dataclass(frozen=True, slots=True)
class Count:
    """One recorded row of a day."""

    clock: time
    occupied: int
    capacity: int


class CarPark:
    """The rows of one car park by date."""

    def __init__(self) -> None:
        self._days: dict[date, list[Count]] = defaultdict(list)

    def add(self, told: datetime, occupied: int, capacity: int) -> None:
        """A further row, in the file's order."""
        self._days[told.date()].append(Count(told.time(), occupied, capacity))

    def day(self, wanted: date, first: date) -> Sequence[Count]:
        """The rows replayed on a date: of the same weekday, the nearest earlier recorded one.

        `first` is the record's first date; dates map onto its eleven weeks and go round.
        """
        start = first + (wanted - first) % PERIOD
        for weeks in range(PERIOD // WEEK):
            recorded = first + (start - weeks * WEEK - first) % PERIOD
            if recorded in self._days:
                return self._days[recorded]
        return ()


def read_record(lines: Iterable[str], wanted: Iterable[str]) -> tuple[dict[str, CarPark], date]:
    """The wanted car parks of the CSV, and the record's first date."""
    parks = {code: CarPark() for code in wanted}
    dates: set[date] = set()
    for row in csv.DictReader(lines):
        told = datetime.fromisoformat(row["LastUpdated"])
        dates.add(told.date())
        park = parks.get(row["SystemCodeNumber"])
        if park is not None:
            park.add(told, int(row["Occupancy"]), int(row["Capacity"]))
    return parks, min(dates)
