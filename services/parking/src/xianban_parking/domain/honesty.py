"""Occupancy honesty (U10): what an operator claims against what its own gates counted.

Formula, in integer per mille, over all slots of the period the feed should have answered:
- a claim's excess error = max(0, |claimed free - observed free| - tolerance) with
  tolerance = max(2 bays, 2 % of capacity), since gate counters themselves miscount;
- a slot scores max(0, 1000 - 5 * excess / capacity in per mille): 20 % of capacity wrong is 0;
- a slot without a claim, or with an implausible one, scores 0;
- score = the mean of all slots / 10, rounded down to 0..100. Fewer than 24 slots: no score.
`bias` is the mean of claimed - observed free bays: above zero the operator promises too much.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xianban_parking.domain.errors import MeasureError
from xianban_parking.domain.sessions import Direction, GateEvent

__all__ = ["MIN_SLOTS", "Honesty", "Slot", "derive_occupied", "honesty_of"]

MIN_SLOTS = 24


@dataclass(frozen=True, slots=True)
class Slot:
    """One expected answer of a feed: claimed free bays (None: none given) and the gates' count."""

    capacity: int
    claimed_free: int | None
    observed_free: int

    def __post_init__(self) -> None:
        if self.capacity <= 0:
            raise MeasureError("OUT_OF_RANGE", "capacity", {"value": self.capacity})


@dataclass(frozen=True, slots=True)
class Honesty:
    """The published figure and what it was made of; `score` is None when too little is known."""

    score: int | None
    slots: int
    answered: int
    implausible: int
    bias_bays_per_mille: int


def derive_occupied(baseline: int, events: Iterable[GateEvent]) -> int:
    """Vehicles inside, from a counted baseline and the gate passages since (each id once)."""
    passages = {event.event_id: event.direction for event in events}.values()
    return baseline + sum(1 if way is Direction.IN else -1 for way in passages)


def honesty_of(slots: Sequence[Slot]) -> Honesty:
    """The honesty score of a period, by the formula above."""
    usable = [slot for slot in slots if _plausible(slot)]
    answered = sum(slot.claimed_free is not None for slot in slots)
    gaps = [(slot.claimed_free or 0) - slot.observed_free for slot in usable]
    points = sum(_points(slot) for slot in usable)
    return Honesty(
        score=None if len(slots) < MIN_SLOTS else points // len(slots) // 10,
        slots=len(slots),
        answered=answered,
        implausible=answered - len(usable),
        bias_bays_per_mille=sum(gaps) * 1000 // len(gaps) if gaps else 0,
    )


def _plausible(slot: Slot) -> bool:
    return slot.claimed_free is not None and 0 <= slot.claimed_free <= slot.capacity


def _points(slot: Slot) -> int:
    error = abs((slot.claimed_free or 0) - slot.observed_free)
    excess = max(0, error - max(2, slot.capacity // 50))
    return max(0, 1000 - 5 * 1000 * excess // slot.capacity)
