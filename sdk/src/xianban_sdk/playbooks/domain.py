"""A playbook that runs for one alert: what may become of it, pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum

from xianban_sdk.alerts.domain import State as AlertState
from xianban_sdk.public.playbooks import Playbook, PlaybookStep

__all__ = ["Run", "RunRefused", "RunState", "StepRun", "StepState"]

_NEEDED = {
    "": AlertState.RAISED,
    "acknowledged": AlertState.ACKNOWLEDGED,
    "dispatched": AlertState.DISPATCHED,
}


class RunState(IntEnum):
    """Where a run stands; the numbers are those of the wire."""

    RUNNING = 1
    FINISHED = 2
    ABORTED = 3
    # The alert was dealt with before every step was done.
    OVER = 4


class StepState(IntEnum):
    """Where a step stands; the numbers are those of the wire."""

    OPEN = 1
    DONE = 2
    SKIPPED = 3


class RunRefused(Exception):
    """What the run's state forbids, with an UPPER_SNAKE reason; `step` is what comes first."""

    def __init__(self, reason: str, step: PlaybookStep | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.step = step


@dataclass(frozen=True, slots=True)
class StepRun:
    """What became of one step."""

    step: PlaybookStep
    state: StepState = StepState.OPEN
    by: str = ""
    by_display: str = ""
    at: datetime | None = None
    note: str = ""
    # When it was told that nobody had done it in time.
    overdue_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run. Every change is a new value; only what is running changes."""

    id: str
    alert: str
    playbook: Playbook
    raised_at: datetime
    started_at: datetime
    started_by: str
    started_by_display: str = ""
    steps: tuple[StepRun, ...] = ()
    state: RunState = RunState.RUNNING
    ended_at: datetime | None = None
    ended_by: str = ""
    ended_by_display: str = ""
    end_note: str = ""
    version: int = 1

    @classmethod
    def begun(cls, playbook: Playbook, **facts: object) -> Run:
        """At its first step."""
        steps = tuple(StepRun(one) for one in playbook.steps)
        return cls(playbook=playbook, steps=steps, **facts)  # type: ignore[arg-type]

    @property
    def running(self) -> bool:
        return self.state is RunState.RUNNING

    def step(self, step_id: str) -> StepRun:
        """Raises RunRefused."""
        found = next((one for one in self.steps if one.step.id == step_id), None)
        if found is None:
            raise RunRefused("PLAYBOOK_STEP_UNKNOWN")
        return found

    # -- what people do ---------------------------------------------------------------------

    def ended(
        self,
        step_id: str,
        state: StepState,
        *,
        by: str,
        display: str,
        at: datetime,
        note: str,
        alert: AlertState,
    ) -> Run:
        """A step is done, or skipped for a reason; the last one finishes the run."""
        self._must_run()
        found = self.step(step_id)
        if found.state is not StepState.OPEN:
            raise RunRefused("PLAYBOOK_STEP_ENDED", found.step)
        if state is StepState.DONE:
            self.may_do(found.step, alert)
        after = replace(found, state=state, by=by, by_display=display, at=at, note=note)
        changed = replace(self, steps=tuple(after if one is found else one for one in self.steps))
        return changed._finished(by, display, at)

    def aborted(self, by: str, display: str, at: datetime, note: str) -> Run:
        """It is not what is needed here."""
        self._must_run()
        return self._closed(RunState.ABORTED, by, display, at, note)

    def over(self, at: datetime, by: str, display: str) -> Run:
        """The alert was dealt with: what is open stays open in the story."""
        return self._closed(RunState.OVER, by, display, at, "") if self.running else self

    def may_do(self, step: PlaybookStep, alert: AlertState) -> None:
        """Raises RunRefused with what must come first."""
        for earlier in step.after:
            if self.step(earlier).state is StepState.OPEN:
                raise RunRefused("PLAYBOOK_STEP_TOO_EARLY", self.step(earlier).step)
        if alert < _NEEDED[step.needs]:
            raise RunRefused(f"PLAYBOOK_NEEDS_{step.needs.upper()}", step)

    # -- the clock --------------------------------------------------------------------------

    def due_at(self, step_id: str) -> datetime | None:
        """When the step should be done; None: never, or nobody knows yet."""
        step = self.step(step_id).step
        begin = self._begin(step)
        return None if step.due is None or begin is None else begin + step.due

    def next_due(self) -> datetime | None:
        """When the next open step is late that was not told to be."""
        waiting = [self.due_at(one.step.id) for one in self.steps if _untold(one)]
        return min((due for due in waiting if due), default=None) if self.running else None

    def overdue(self, now: datetime) -> tuple[Run, list[StepRun]]:
        """Each open step that is late, told once."""
        if not self.running:
            return self, []
        late = {one.step.id for one in self.steps if _untold(one) and self._is_late(one, now)}
        told = self._with(lambda one: replace(one, overdue_at=now) if one.step.id in late else one)
        return told, [one for one in told.steps if one.step.id in late]

    # -- parts ------------------------------------------------------------------------------

    def _is_late(self, one: StepRun, now: datetime) -> bool:
        due = self.due_at(one.step.id)
        return due is not None and due <= now

    def _begin(self, step: PlaybookStep) -> datetime | None:
        if step.due_from == "raise":
            return self.raised_at
        return self.started_at if step.due_from == "start" else self.step(step.due_from).at

    def _with(self, change: Callable[[StepRun], StepRun]) -> Run:
        return replace(self, steps=tuple(change(one) for one in self.steps))

    def _must_run(self) -> None:
        if not self.running:
            raise RunRefused("PLAYBOOK_ENDED")

    def _finished(self, by: str, display: str, at: datetime) -> Run:
        left = [one for one in self.steps if one.state is StepState.OPEN and not one.step.optional]
        return self if left else self._closed(RunState.FINISHED, by, display, at, "")

    def _closed(self, state: RunState, by: str, display: str, at: datetime, note: str) -> Run:
        return replace(
            self, state=state, ended_at=at, ended_by=by, ended_by_display=display, end_note=note
        )


def _untold(one: StepRun) -> bool:
    return one.state is StepState.OPEN and one.overdue_at is None
