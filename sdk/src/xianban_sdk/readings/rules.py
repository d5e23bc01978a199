"""Rules over one series, pure: what must be true, for how long, and when it is over.

Everything is judged by observation time over the readings as a set: duplicates, late and
reordered batches and a restart change nothing. Instants are microseconds since 1970 UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Literal

from xianban_sdk.readings.facts import Severity

__all__ = [
    "Breach",
    "Change",
    "Point",
    "Rule",
    "Standing",
    "Trend",
    "judge",
    "snooze",
    "wake",
]

# at, value: readings without flaw, one per instant, in order.
Point = tuple[int, float]

_MICRO: Final = timedelta(microseconds=1)
_HOUR: Final = 3_600_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A number beyond `level` in every reading for `lasting`; over once within `clear_level`.

    `clear_level` lies on the good side of `level` (hysteresis) and must hold for `clear_after`.
    Readings further apart than `gap` tell nothing of the time between; of a device that promised
    to speak less often, `gap` follows the promise (`paces`). What was over longer than
    `recent` before the newest reading is history: it raises nothing.
    """

    name: str
    kind: str
    severity: Severity
    side: Literal["above", "below"]
    level: float
    clear_level: float
    lasting: timedelta = timedelta(0)
    clear_after: timedelta = timedelta(0)
    gap: timedelta = timedelta(minutes=5)
    recent: timedelta = timedelta(hours=1)

    def __post_init__(self) -> None:
        good = self.clear_level <= self.level
        if good is not (self.side == "above") and self.clear_level != self.level:
            raise ValueError(f"{self.name}: clear_level lies beyond level")

    def breaks(self, value: float) -> bool:
        """Whether the value lies beyond the level."""
        return value > self.level if self.side == "above" else value < self.level

    def clears(self, value: float) -> bool:
        """Whether the value is good again."""
        return value <= self.clear_level if self.side == "above" else value >= self.clear_level

    def reach(self, raised: bool) -> int:
        """How far before a new reading the window must begin."""
        return ((self.clear_after if raised else self.lasting) + 2 * self.gap) // _MICRO


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A straight line through the readings of `over` that climbs or falls by `per_hour` or more.

    Over once it is flatter than `clear_per_hour`. Looked at with new readings, at most every
    `every`; needs `least` readings that span half of `over`.
    """

    name: str
    kind: str
    severity: Severity
    side: Literal["rising", "falling"]
    per_hour: float
    clear_per_hour: float
    over: timedelta
    least: int = 5
    every: timedelta = timedelta(minutes=5)

    def __post_init__(self) -> None:
        if not 0 <= self.clear_per_hour <= self.per_hour or self.least < 2:
            raise ValueError(f"{self.name}: 0 <= clear_per_hour <= per_hour, least >= 2")

    def slope(self, points: Sequence[Point]) -> float | None:
        """Units per hour towards `side` by least squares; None: too little to tell."""
        newest = points[-1][0] if points else 0
        used = [point for point in points if point[0] >= newest - self.over // _MICRO]
        if len(used) < self.least or (newest - used[0][0]) * 2 < self.over // _MICRO:
            return None
        slope = _least_squares(used)
        return slope if self.side == "rising" else -slope


Rule = Breach | Trend


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a rule stands for a series; kept in `rule_state`.

    `settled`: everything observed up to here has had its effect. `told`: somebody has heard that
    it is raised, i.e. no snooze was in the way.
    """

    raised: bool = False
    told: bool = False
    since: int = 0
    settled: int = 0
    snoozed_until: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """A rule began or ceased to hold, at this reading."""

    raised: bool
    at: int
    since: int
    value: float
    again: bool = False


def judge(
    rule: Rule, standing: Standing, points: Sequence[Point], now: int
) -> tuple[Standing, list[Change]]:
    """The standing after these readings, and what is to be told of it.

    `points` reach back from the oldest new one by the rule's `reach` at least, and on to the
    newest there is; `now` matters to the snooze alone.
    """
    after = [point for point in points if point[0] > standing.settled]
    if isinstance(rule, Breach):
        held, changes = _fold(rule, standing, after)
    else:
        held, changes = _look(rule, standing, points)
    return _tell(held, changes, now)


def snooze(standing: Standing, until: int) -> Standing:
    """Tell nothing before `until`; what stands then is told then."""
    return replace(standing, snoozed_until=until)


def wake(standing: Standing, now: int) -> tuple[Standing, bool]:
    """(the standing after a snooze that has ended, whether it must be told again)."""
    if not standing.snoozed_until or now < standing.snoozed_until:
        return standing, False
    return replace(standing, snoozed_until=0, told=standing.raised), standing.raised


def _fold(
    rule: Breach, standing: Standing, points: Sequence[Point]
) -> tuple[Standing, list[Change]]:
    raised, since, settled = standing.raised, standing.since, standing.settled
    lasting, clear_after = rule.lasting // _MICRO, rule.clear_after // _MICRO
    gap, oldest = rule.gap // _MICRO, points[-1][0] - rule.recent // _MICRO if points else 0
    changes: list[Change] = []
    begun: int | None = None  # of the run of readings that would change the standing
    before = 0
    for at, value in points:
        if not (rule.clears(value) if raised else rule.breaks(value)):
            begun = None
        elif begun is None or at - before > gap:
            begun = at
        before = at
        if begun is None or at - begun < (clear_after if raised else lasting):
            continue
        if not raised and at < oldest:
            continue
        raised, since, settled = not raised, begun, at
        changes.append(Change(raised, at, begun, value))
        begun = None
    return replace(standing, raised=raised, since=since, settled=settled), changes


def _look(
    rule: Trend, standing: Standing, points: Sequence[Point]
) -> tuple[Standing, list[Change]]:
    slope = rule.slope(points)
    limit = rule.clear_per_hour if standing.raised else rule.per_hour
    if slope is None or (slope >= limit) is standing.raised:
        return standing, []
    at = points[-1][0]
    change = Change(not standing.raised, at, at, round(slope, 3))
    return replace(standing, raised=change.raised, since=at, settled=at), [change]


def _tell(standing: Standing, changes: Sequence[Change], now: int) -> tuple[Standing, list[Change]]:
    """A snooze holds back what begins; what ends is told to those who heard of it."""
    told: list[Change] = []
    heard, until = standing.told, standing.snoozed_until
    for change in changes:
        if now < until and change.raised:
            continue
        if change.raised or heard:
            told.append(change)
        heard = change.raised
        until = 0 if now >= until else until  # told after its end: nothing is left to wake
    return replace(standing, told=heard, snoozed_until=until), told


def _least_squares(points: Sequence[Point]) -> float:
    first = points[0][0]
    hours = [(at - first) / _HOUR for at, _ in points]
    mean_h = sum(hours) / len(hours)
    mean_v = sum(value for _, value in points) / len(points)
    spread = sum((h - mean_h) ** 2 for h in hours)
    together = sum((h - mean_h) * (v - mean_v) for h, (_, v) in zip(hours, points, strict=True))
    return together / spread if spread else 0.0
