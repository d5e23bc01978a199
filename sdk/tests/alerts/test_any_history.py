"""Whatever happens in whatever order: no alert lost, no rung skipped, nobody paged twice."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from alert_oracle import CLOSED, Oracle, Refused, outcome
from alert_world import ELDER, LADDERS, MINUTE, World
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select
from structlog.testing import capture_logs
from xianban_sdk.alerts import Alert, Severity, Step
from xianban_sdk.alerts.repository import AlertRows
from xianban_sdk.alerts.tables import TABLES
from xianban_sdk.clock import ManualClock
from xianban_sdk.errors import FailedPrecondition
from xianban_sdk.repository import MachineScope
from xianban_sdk.storage import Database
from xianban_sdk.storage.tables import outbox, timer

DAWN = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
# Few instants and people, so that duplicates and races are the rule.
INSTANTS = st.integers(0, 12).map(lambda number: DAWN + number * MINUTE)
PEOPLE = st.sampled_from(["daughter", "neighbour", "dispatcher", "stranger"])
SEVERITIES = st.sampled_from(list(Severity))
WHILE = st.sampled_from([timedelta(seconds=30), MINUTE, 3 * MINUTE, 5 * MINUTE, 40 * MINUTE])


class AnyHistory(RuleBasedStateMachine):
    """The world and the oracle hear the same; then they must have said the same."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        with self.database.begin() as conn:
            for table in (*TABLES, outbox, timer):
                conn.execute(delete(table))
        self.world = World(self.database, ManualClock(DAWN))
        self.oracle = Oracle(self.world.stand)
        self.closed: dict[str, tuple[Alert, list[Step]]] = {}

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    # -- what happens -----------------------------------------------------------------------

    @rule(at=INSTANTS, severity=SEVERITIES, deaf=st.booleans())
    def the_condition_holds(self, at: datetime, severity: Severity, deaf: bool) -> None:
        self.world.broken = int(deaf)
        self.world.raised(severity, at=at)
        # A roster that was not asked is not broken for the next one.
        unheard = deaf and not self.world.broken
        self.world.broken = 0
        self.oracle.raise_(at, severity, self.now, deaf=unheard)

    @rule(at=INSTANTS)
    def the_condition_is_over(self, at: datetime) -> None:
        self.world.cleared(at)
        self.oracle.clear(at)

    @rule(time=WHILE)
    def time_passes(self, time: timedelta) -> None:
        self.world.passes(time)
        self.oracle.fire(self.now)

    @rule(time=WHILE)
    def nobody_is_up(self, time: timedelta) -> None:
        self.world.clock.advance(time)

    @rule(time=WHILE)
    def the_clock_steps_back(self, time: timedelta) -> None:
        self.world.clock.advance(-time)

    @rule()
    def the_process_restarts(self) -> None:
        self.world.restarted().fire_due()
        self.oracle.fire(self.now)

    @rule(time=WHILE)
    def the_roster_breaks_for_a_time(self, time: timedelta) -> None:
        self.world.broken = 1000
        self.world.passes(time)
        self.world.broken = 0
        asked_for_nothing = self.oracle.open
        if asked_for_nothing is not None and asked_for_nothing.quiet:
            self._quietened(self.now)
        self.world.passes(2 * MINUTE)
        self.oracle.fire(self.now)

    def _quietened(self, now: datetime) -> None:
        case = self.oracle.open
        if case and case.due is not None and case.due <= now and self.oracle.over(case):
            self.oracle.fire(now)

    @rule(rung=st.sampled_from(["family", "neighbourhood", "station", "120"]), there=st.booleans())
    def the_roster_changes(self, rung: str, there: bool) -> None:
        self.world.stand[rung] = [f"{rung}-1", "daughter"] if there else []

    @rule(time=WHILE)
    def somebody_snoozes(self, time: timedelta) -> None:
        until = self.now + time
        self._both(
            lambda alerts: alerts.snooze("oxygen-low", ELDER, until),
            lambda: self.oracle.snooze(until),
        )

    # -- what people do ---------------------------------------------------------------------

    @precondition(lambda self: self.oracle.cases)
    @rule(person=PEOPLE)
    def somebody_takes_it(self, person: str) -> None:
        self._both(
            lambda alerts: alerts.acknowledge(self._newest()),
            lambda: self.oracle.acknowledge(person, self.now),
            person,
        )

    @precondition(lambda self: self.oracle.cases)
    @rule(person=PEOPLE)
    def somebody_is_sent(self, person: str) -> None:
        self._both(
            lambda alerts: alerts.dispatch(self._newest(), "nurse"),
            lambda: self.oracle.dispatch(person),
            person,
        )

    @precondition(lambda self: self.oracle.cases)
    @rule()
    def the_dispatcher_goes_up_a_rung(self) -> None:
        self._both(
            lambda alerts: alerts.escalate(self._newest()), lambda: self.oracle.escalate(self.now)
        )

    @precondition(lambda self: self.oracle.cases)
    @rule(person=PEOPLE)
    def somebody_resolves_it(self, person: str) -> None:
        self._both(
            lambda alerts: alerts.resolve(self._newest(), "done"),
            lambda: self.oracle.resolve(person),
            person,
        )

    @precondition(lambda self: self.oracle.cases)
    @rule()
    def somebody_closes_it(self) -> None:
        self._both(lambda alerts: alerts.close(self._newest()), self.oracle.close)

    def _both(self, deed: Any, expected: Any, person: str = "dispatcher") -> None:
        done = outcome(lambda: self.world.person(person, deed), FailedPrecondition)
        assert done == outcome(expected, Refused)

    def _newest(self) -> str:
        return self._alerts()[-1].id

    def _alerts(self) -> list[Alert]:
        """In the order they came: each names the one before it."""
        with self.database.read() as conn:
            rows = AlertRows(conn, MachineScope("test"))
            found = {each.previous: each for each in rows.several(self._ids(conn))}
        ordered: list[Alert] = []
        while (key := ordered[-1].id if ordered else "") in found:
            ordered.append(found[key])
        assert len(ordered) == len(found), "each alert but the first follows another"
        return ordered

    def _steps(self, alert: Alert) -> list[Step]:
        with self.database.read() as conn:
            return AlertRows(conn, MachineScope("test")).steps(alert.id)

    @staticmethod
    def _ids(conn: Any) -> list[str]:
        return list(conn.scalars(select(TABLES[0].c.id)))

    # -- what must hold ---------------------------------------------------------------------

    @invariant()
    def no_alert_is_lost(self) -> None:
        counted = sum(1 + alert.occurrences for alert in self._alerts())
        assert counted == len(self.oracle.facts)

    @invariant()
    def every_alert_is_where_the_oracle_says(self) -> None:
        alerts = self._alerts()
        shown = [(a.state, a.severity, a.acknowledged_by, a.next_rung_at) for a in alerts]
        cases = self.oracle.cases
        assert shown == [(c.state, c.severity, c.holder, c.due) for c in cases]
        if self.oracle.open is not None:
            assert (alerts[-1].cleared_at is not None) == self.oracle.over(self.oracle.open)

    @invariant()
    def the_same_people_heard_the_same_in_the_same_order(self) -> None:
        assert self.world.paged() == self.oracle.pages
        assert [each.recipient for each in self.world.messages("taken")] == self.oracle.taken
        assert [each.recipient for each in self.world.messages("over")] == self.oracle.over_heard
        assert [each.recipient for each in self.world.messages("worse")] == self.oracle.worse

    @invariant()
    def nobody_is_paged_twice_for_a_rung(self) -> None:
        keys = [each.dedupe_key for each in self.world.messages()]
        assert len(keys) == len(set(keys))

    @invariant()
    def no_rung_is_skipped(self) -> None:
        names = [[rung.name for rung in ladder.rungs] for ladder in LADDERS.values()]
        for alert in self._alerts():
            steps = self._steps(alert)
            for cycle in range(1, alert.cycle + 1):
                passed = [s.rung for s in steps if s.rung and s.cycle == cycle]
                assert any(passed == ladder[: len(passed)] for ladder in names)

    @invariant()
    def what_is_closed_never_changes(self) -> None:
        for alert, case in zip(self._alerts(), self.oracle.cases, strict=True):
            if case.state == CLOSED:
                steps = self._steps(alert)
                assert self.closed.setdefault(alert.id, (alert, steps)) == (alert, steps)


def test_any_history_is_as_the_oracle_says(database: Database) -> None:
    AnyHistory.database = database
    chosen = settings(
        max_examples=int(os.environ.get("XIANBAN_TEST_HISTORIES", "20")),
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    with capture_logs():  # broken rosters are told at length
        run_state_machine_as_test(AnyHistory, settings=chosen)
