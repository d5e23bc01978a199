"""Rules over what a batch brought: most readings cost two comparisons, the rest a window."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from xianban_sdk.readings import states
from xianban_sdk.readings.facts import Cleared, Fact, Raised, Reason
from xianban_sdk.readings.paces import paced, promised
from xianban_sdk.readings.rows import Rows
from xianban_sdk.readings.rules import Breach, Change, Rule, Standing, judge
from xianban_sdk.readings.series import Series
from xianban_sdk.storage.instant import from_micros, to_micros

__all__ = ["Engine", "RuleSource", "fact"]

# Given subjects with kinds, the rules of each; those that are left out have none.
RuleSource = Callable[
    [Connection, Collection[tuple[str, str]]], Mapping[tuple[str, str], Sequence[Rule]]
]

_MICRO: Final = timedelta(microseconds=1)
_PACE_KEPT: Final = timedelta(minutes=10).total_seconds()


@dataclass(slots=True)
class _Asked:
    """One rule of one series that new readings may change, and the oldest of them."""

    series: Series
    rule: Rule
    oldest: int


class Engine:
    """Knows each series' rules for `fresh_for`, judges batches, keeps standings."""

    def __init__(self, source: RuleSource, fresh_for: timedelta = timedelta(seconds=30)) -> None:
        self._source = source
        self._fresh_for = fresh_for.total_seconds()

    def prepare(self, conn: Connection, series: Iterable[Series], now: datetime) -> None:
        """Read the rules of series that have none yet, or old ones; one question for all."""
        instant = now.timestamp()
        # A clock that was set back must not keep rules for ever: too long ahead is old too.
        old = [s for s in series if not 0 < s.rules_until - instant <= self._fresh_for]
        if not old:
            return
        found = self._source(conn, {(s.subject, s.kind.code) for s in old})
        _learn_paces(conn, [s for s in old if (s.subject, s.kind.code) in found], instant)
        for one in old:
            given = found.get((one.subject, one.kind.code), ())
            rules = tuple(paced(rule, one.cadence) for rule in given)
            if rules != one.rules:
                _equip(one, rules)
            one.rules_until = instant + self._fresh_for

    def judge(self, conn: Connection, taken: Rows, now: datetime) -> list[Fact]:
        """What the batch, already stored, has changed."""
        ruled = [number for number, series in taken.series.items() if series.rules]
        if not ruled:
            return []
        standings = states.load(conn, ruled)
        asked = _asked(taken, {key for key, standing in standings.items() if standing.raised})
        return self._judge(conn, asked, to_micros(now)) if asked else []

    def _judge(
        self, conn: Connection, asked: Mapping[states.StandingKey, _Asked], now: int
    ) -> list[Fact]:
        numbers = sorted({number for number, _ in asked})
        states.take_turns(conn, numbers)
        standings = states.load(conn, numbers)
        points = states.windows(conn, _since(asked, standings))
        facts: list[Fact] = []
        for key, one in asked.items():
            before = standings.get(key, Standing())
            after, changes = judge(one.rule, before, points.get(key[0], ()), now)
            if after != before:
                states.save(conn, *key, after)
            facts += [fact(one.series, one.rule, change) for change in changes]
        return facts


def fact(series: Series, rule: Rule, change: Change) -> Fact:
    """A change in the words of the alerts."""
    at = from_micros(change.at)
    named = {
        "rule": rule.name,
        "subject": series.subject,
        "device": series.device,
        "kind": series.kind.code,
    }
    reasons = (Reason(_text(rule, change), _params(series, rule, change), at),)
    if not change.raised:
        return Cleared(**named, at=at, reasons=reasons)
    return Raised(
        **named,
        severity=rule.severity,
        since=from_micros(change.since),
        reasons=reasons,
        again=change.again,
    )


def _text(rule: Rule, change: Change) -> str:
    return f"reason-{rule.name}" if change.raised else f"reason-{rule.name}-over"


def _params(series: Series, rule: Rule, change: Change) -> dict[str, str]:
    params = {"value": f"{change.value:g}", "unit": series.kind.unit, "kind": series.kind.code}
    if isinstance(rule, Breach):
        minutes = (change.at - change.since) // 60_000_000
        level = rule.level if change.raised else rule.clear_level
        return {**params, "level": f"{level:g}", "minutes": str(minutes)}
    return {**params, "level": f"{rule.per_hour:g}", "hours": f"{rule.over / timedelta(hours=1):g}"}


def _learn_paces(conn: Connection, ruled: Iterable[Series], instant: float) -> None:
    """A promise hardly ever changes; one that is not known yet is asked for again."""
    old = [s for s in ruled if not 0 < s.cadence_until - instant <= _PACE_KEPT]
    found = promised(conn, old) if old else {}
    for one in old:
        one.cadence = found.get(one.id)
        one.cadence_until = instant + _PACE_KEPT if one.cadence else 0.0


def _equip(series: Series, rules: tuple[Rule, ...]) -> None:
    series.rules = rules
    breaches = [rule for rule in rules if isinstance(rule, Breach)]
    above = [rule.level for rule in breaches if rule.side == "above"]
    below = [rule.level for rule in breaches if rule.side == "below"]
    looks_at_all = len(breaches) < len(rules)
    series.calm_below = float("-inf") if looks_at_all else min(above, default=float("inf"))
    series.calm_above = max(below, default=float("-inf"))


def _asked(taken: Rows, raised: Collection[states.StandingKey]) -> dict[states.StandingKey, _Asked]:
    asked: dict[states.StandingKey, _Asked] = {}
    standing = {number for number, _ in raised}
    for number, at, _received, value, flaw, _device_at, _position in taken.rows:
        series = taken.series[number]
        if flaw or value is None or not series.rules:
            continue
        if series.calm_above <= value <= series.calm_below and number not in standing:
            continue
        for rule in series.rules:
            key = (number, rule.name)
            if _may_change(rule, series, at, value, key in raised):
                one = asked.setdefault(key, _Asked(series, rule, at))
                one.oldest = min(one.oldest, at)
    return asked


def _may_change(rule: Rule, series: Series, at: int, value: float, raised: bool) -> bool:
    """A calm rule is changed by a breach alone, a raised one by a good number alone."""
    if isinstance(rule, Breach):
        return rule.clears(value) if raised else rule.breaks(value)
    if at < series.looked.get(rule.name, 0) + rule.every // _MICRO:
        return False
    series.looked[rule.name] = at
    return True


def _since(
    asked: Mapping[states.StandingKey, _Asked], standings: Mapping[states.StandingKey, Standing]
) -> dict[int, int]:
    """Where each series' window begins: early enough for each of its rules."""
    since: dict[int, int] = {}
    for key, one in asked.items():
        raised = standings.get(key, Standing()).raised
        reach = one.rule.reach(raised) if isinstance(one.rule, Breach) else one.rule.over // _MICRO
        since[key[0]] = min(since.get(key[0], one.oldest), one.oldest - reach)
    return since
