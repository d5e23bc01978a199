"""Which rung has its turn, who stands on it, and what is written down; pure but for `who`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from xianban_sdk.alerts.domain import SYSTEM, Alert
from xianban_sdk.alerts.ladder import Ladder, Recipient, Rung

__all__ = ["Climb", "Step", "climb"]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an alert's history."""

    action: str
    at: datetime
    actor: str = SYSTEM
    actor_display: str = ""
    note: str = ""
    rung: str = ""
    cycle: int = 0


@dataclass(frozen=True, slots=True)
class Climb:
    """The alert after a rung's turn: the steps taken, and the persons to be told."""

    alert: Alert
    steps: list[Step] = field(default_factory=list[Step])
    people: tuple[Recipient, ...] = ()


def climb(
    alert: Alert,
    ladder: Ladder,
    who: Callable[[Rung], Sequence[Recipient]],
    at: datetime,
    *,
    actor: str = SYSTEM,
    note: str = "",
) -> Climb:
    """Tells the next rung on which somebody stands; empty ones are passed at once and noted."""
    steps: list[Step] = []
    while alert.next_rung < len(ladder.rungs):
        rung = ladder.rungs[alert.next_rung]
        people = {each.person: each for each in who(rung)}
        if people:
            step = Step("told", at, actor, note=note, rung=rung.name, cycle=alert.cycle)
            told = alert.told(ladder, at)
            return Climb(told, [*steps, step], tuple(people.values()))
        steps.append(Step("noted", at, rung=rung.name, cycle=alert.cycle))
        alert = alert.passed(ladder)
    return Climb(alert, steps)
