"""Whatever happens in whatever order: no late step stays untold, none is told twice."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from alert_world import MINUTE
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from playbook_world import PlaybookWorld, playbook, step
from sqlalchemy import delete
from xianban_sdk.alerts.tables import TABLES
from xianban_sdk.clock import ManualClock
from xianban_sdk.errors import FailedPrecondition
from xianban_sdk.playbooks import StepState
from xianban_sdk.playbooks.tables import TABLES as PLAYBOOK_TABLES
from xianban_sdk.storage import Database
from xianban_sdk.storage.tables import outbox, timer

DAWN = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
WHILE = st.sampled_from([timedelta(seconds=30), MINUTE, 3 * MINUTE, 40 * MINUTE])
STEPS = ("a", "b", "c", "d")
# Step → (from when its time counts, how many seconds it has, what comes before it).
TIMES = {
    "a": ("raise", 60, ()),
    "b": ("a", 90, ("a",)),
    "c": ("start", 600, ()),
    "d": ("b", 0, ("b", "c")),
}
PLAYBOOK = playbook(
    step("a", due_seconds=60),
    step("b", due_seconds=90, due_from="a", after=["a"]),
    step("c", due_seconds=600, due_from="start", optional=True),
    step("d", after=["b", "c"]),
)


@dataclass
class Oracle:
    """One run, worked out the long way: when each step ended, and which were told to be late."""

    begun: datetime
    ended: dict[str, datetime] = field(default_factory=dict[str, datetime])
    told: list[str] = field(default_factory=list[str])
    over: bool = False

    def due(self, name: str) -> datetime | None:
        since, seconds, _ = TIMES[name]
        begin = self.begun if since in ("raise", "start") else self.ended.get(since)
        return begin + timedelta(seconds=seconds) if begin and seconds else None

    def looks(self, now: datetime) -> None:
        """What is late now is told, the earliest first."""
        late = [
            (due, name)
            for name in STEPS
            if (due := self.due(name)) and due <= now and name not in {*self.ended, *self.told}
        ]
        if not self.over:
            self.told += [name for _, name in sorted(late)]

    def may(self, name: str, *, skipped: bool) -> bool:
        first = TIMES[name][2]
        turn = skipped or all(one in self.ended for one in first)
        return not self.over and name not in self.ended and turn

    def ends(self, name: str, now: datetime) -> None:
        self.ended[name] = now
        self.over = {"a", "b", "d"} <= self.ended.keys()


class AnyHistory(RuleBasedStateMachine):
    """The world and the oracle hear the same; then they must have said the same."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        with self.database.begin() as conn:
            for table in (*PLAYBOOK_TABLES, *TABLES, outbox, timer):
                conn.execute(delete(table))
        self.world = PlaybookWorld(self.database, ManualClock(DAWN))
        self.world.offers(PLAYBOOK)
        self.alert = self.world.raised()
        self.world.person("dispatcher", lambda alerts: alerts.dispatch(self.alert.name, "120"))
        _, self.run = self.world.plays(lambda plays: plays.start(self.alert.name, "oxygen"))
        self.oracle = Oracle(DAWN)

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    @rule(time=WHILE)
    def time_passes(self, time: timedelta) -> None:
        self.world.passes(time)
        self.oracle.looks(self.now)

    @rule(time=WHILE)
    def nobody_is_up(self, time: timedelta) -> None:
        self.world.clock.advance(time)

    @rule(time=WHILE)
    def the_clock_steps_back(self, time: timedelta) -> None:
        self.world.clock.advance(-time)

    @rule()
    def the_process_restarts(self) -> None:
        self.world.restarted().fire_due()
        self.oracle.looks(self.now)

    @rule(name=st.sampled_from(STEPS), skipped=st.booleans())
    def somebody_ends_a_step(self, name: str, skipped: bool) -> None:
        state = StepState.SKIPPED if skipped else StepState.DONE
        may = self.oracle.may(name, skipped=skipped)
        try:
            self.world.ends(self.run, name, state, "why")
        except FailedPrecondition:
            assert not may
            return
        assert may
        self.oracle.ends(name, self.now)

    @rule()
    def a_newer_version_comes(self) -> None:
        self.world.offers(playbook(step("z"), version=2))

    @invariant()
    def each_late_step_was_told_once_and_no_other(self) -> None:
        told = [name.removeprefix("步骤") for _, name in self.world.reminded()]
        assert sorted(told) == sorted(self.oracle.told)

    @invariant()
    def every_step_is_where_the_oracle_says(self) -> None:
        [run] = self.world.runs(self.alert.name)
        assert {one.step.id: one.at for one in run.steps if one.at} == self.oracle.ended
        assert run.running is not self.oracle.over
        assert run.playbook.version == 1


def test_any_history(database: Database) -> None:
    AnyHistory.database = database
    deep = int(os.environ.get("XIANBAN_TEST_HISTORIES", "10"))
    run_state_machine_as_test(
        AnyHistory,
        settings=settings(
            max_examples=deep,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
