"""Snooze: a rule keeps judging and tells nothing, until a timer as durable as it wakes it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from xianban_sdk.readings import states
from xianban_sdk.readings.engine import RuleSource, fact
from xianban_sdk.readings.facts import OnFacts
from xianban_sdk.readings.kinds import Kinds
from xianban_sdk.readings.rules import Change, Rule, Standing, snooze, wake
from xianban_sdk.readings.series import Series
from xianban_sdk.readings.tables import reading_latest, reading_series
from xianban_sdk.storage.encryption import keyed_hash
from xianban_sdk.storage.instant import to_micros
from xianban_sdk.storage.timer_rows import Timer
from xianban_sdk.storage.unit_of_work import UnitOfWork

__all__ = ["SNOOZE_TIMER", "Snoozes"]

SNOOZE_TIMER: Final = "readings.snooze"
_t = reading_series


class Snoozes:
    """`timers={**snoozes.timers()}` in the service's app."""

    def __init__(self, kinds: Kinds, rules: RuleSource, on_facts: OnFacts) -> None:
        self._kinds = kinds
        self._rules = rules
        self._on_facts = on_facts

    def snooze(self, uow: UnitOfWork, subject: str, rule: Rule, until: datetime) -> int:
        """Tell nothing of this rule and subject until then; returns how many series it concerns.

        A later call moves the end; an instant that has passed ends the snooze at the next tick.
        Other rules, the low side of the same kind among them, are as they were.
        """
        numbers = _series(uow.conn, subject, rule.kind)
        states.take_turns(uow.conn, numbers)
        standings = states.load(uow.conn, numbers)
        for number in numbers:
            before = standings.get((number, rule.name), Standing())
            states.save(uow.conn, number, rule.name, snooze(before, to_micros(until)))
            uow.schedule(SNOOZE_TIMER, f"{number}/{rule.name}", until)
        return len(numbers)

    def timers(self) -> dict[str, Any]:
        """The handlers for `Service(timers=…)`."""
        return {SNOOZE_TIMER: self.over}

    def over(self, timer: Timer, *, uow: UnitOfWork) -> None:
        """The snooze has ended: what still stands is told."""
        number, _, name = timer.key.partition("/")
        key = (int(number), name)
        states.take_turns(uow.conn, [key[0]])
        before = states.load(uow.conn, [key[0]]).get(key)
        if before is None:
            return
        after, again = wake(before, to_micros(uow.clock.now()))
        if after != before:
            states.save(uow.conn, *key, after)
        if again:
            self._tell(uow, key, after)

    def _tell(self, uow: UnitOfWork, key: states.StandingKey, standing: Standing) -> None:
        row = uow.conn.execute(_newest(key[0])).one()
        kind = self._kinds[row.kind]
        pair = (row.subject, row.kind)
        for rule in self._rules(uow.conn, {pair}).get(pair, ()):
            if rule.name == key[1]:
                series = Series(key[0], row.device, kind, row.subject)
                told = Change(True, row.good_at, standing.since, row.good_value, again=True)
                self._on_facts([fact(series, rule, told)], uow)


def _series(conn: Connection, subject: str, kind: str) -> list[int]:
    query = select(_t.c.id).where(_t.c.subject_key == keyed_hash(subject), _t.c.kind == kind)
    return sorted(conn.scalars(query))


def _newest(series: int) -> Any:
    latest = reading_latest.c
    joined = _t.join(reading_latest, latest.series == _t.c.id)
    columns = (_t.c.device, _t.c.subject, _t.c.kind, latest.good_at, latest.good_value)
    return select(*columns).select_from(joined).where(_t.c.id == series)
