"""How fast alerts are answered, and which rules cry wolf."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median, quantiles
from typing import Any

from sqlalchemy import select

from xianban_sdk.alerts.repository import AlertRows
from xianban_sdk.alerts.tables import alert as table

__all__ = ["RuleFigures", "figures"]


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """One rule's alerts that were raised within a time.

    Times to acknowledge are of those acknowledged; None when none was. `false_alarm_rate` is
    between 0 and 1, of those resolved; None when none was.
    """

    rule: str
    raised: int
    acknowledged: int
    resolved: int
    false_alarms: int
    median_to_acknowledge: timedelta | None
    ninetieth_to_acknowledge: timedelta | None

    @property
    def false_alarm_rate(self) -> float | None:
        """Of what was resolved, the part that was no real alarm."""
        return self.false_alarms / self.resolved if self.resolved else None


def figures(rows: AlertRows, since: datetime, until: datetime) -> list[RuleFigures]:
    """By rule, the one with the most alerts first; only alerts that the scope may see."""
    wanted = select(
        table.c.id,
        table.c.rule_key,
        table.c.raised_at,
        table.c.acknowledged_at,
        table.c.resolved_at,
        table.c.false_alarm,
    ).where(rows.visible(), table.c.raised_at >= since, table.c.raised_at < until)
    by_rule: dict[str, list[Any]] = {}
    for row in rows.conn.execute(wanted):
        by_rule.setdefault(row.rule_key, []).append(row)
    # The rule's name stands encrypted in each alert: one of each is opened.
    named = rows.several(found[0].id for found in by_rule.values())
    names = {alert.id: alert.rule for alert in named}
    made = [_of(names[found[0].id], found) for found in by_rule.values()]
    return sorted(made, key=lambda each: (-each.raised, each.rule))


def _of(rule: str, rows: Iterable[Any]) -> RuleFigures:
    found = list(rows)
    # A clock that stepped back makes no negative waits.
    waits = [
        max(row.acknowledged_at - row.raised_at, timedelta(0)).total_seconds()
        for row in found
        if row.acknowledged_at is not None
    ]
    return RuleFigures(
        rule=rule,
        raised=len(found),
        acknowledged=len(waits),
        resolved=sum(row.resolved_at is not None for row in found),
        false_alarms=sum(row.false_alarm for row in found),
        median_to_acknowledge=timedelta(seconds=median(waits)) if waits else None,
        ninetieth_to_acknowledge=_ninetieth(waits),
    )


def _ninetieth(waits: list[float]) -> timedelta | None:
    if len(waits) < 2:
        return timedelta(seconds=waits[0]) if waits else None
    return timedelta(seconds=quantiles(waits, n=10, method="inclusive")[-1])
