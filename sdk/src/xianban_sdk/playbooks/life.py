"""``Playbooks``: what handlers call. One unit of work, one book, the scope of whoever acts."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final

from xianban_sdk.alerts.book import AlertBook
from xianban_sdk.alerts.convert import alert_id
from xianban_sdk.alerts.domain import SYSTEM, Alert
from xianban_sdk.alerts.life import Alerts
from xianban_sdk.alerts.repository import AlertRows
from xianban_sdk.alerts.stories import story
from xianban_sdk.alerts.telling import Telling
from xianban_sdk.errors import FailedPrecondition, InvalidArgument, NotFound
from xianban_sdk.identity.access import Scope
from xianban_sdk.playbooks.domain import Run, RunRefused, StepRun, StepState
from xianban_sdk.playbooks.repository import Known, PlaybookRows, RunRows
from xianban_sdk.repository import MachineScope
from xianban_sdk.storage.unit_of_work import UnitOfWork
from xianban_sdk.telemetry import log
from xianban_sdk.timers import Timer

__all__ = ["DUE", "Playbooks", "follow", "timers"]

# The timer kind; its payload is the run's id.
DUE: Final = "playbook-due"


class Playbooks:
    """Starts and moves runs. `scope`: the caller's; None: the service's own work."""

    def __init__(self, uow: UnitOfWork, book: AlertBook, scope: Scope | None = None) -> None:
        self._uow = uow
        self._book = book
        self._machine = MachineScope(book.domain)
        self._scope = scope or self._machine
        self._actor = scope.actor if scope is not None else SYSTEM
        self._alerts = Alerts(uow, book, scope)
        self._runs = RunRows(uow.conn, self._scope)

    # -- what is asked ----------------------------------------------------------------------

    def fitting(self, name: str) -> list[Known]:
        """Those for such an alert that do not run for it."""
        alert = self._alerts.get(name)
        running = {one.playbook.id for one in self._runs.of(alert.id) if one.running}
        return [one for one in self._fitting(alert) if one.playbook.id not in running]

    def runs(self, name: str) -> tuple[Alert, list[Run]]:
        """Of an alert, newest first."""
        alert = self._alerts.get(name)
        return alert, self._runs.of(alert.id)

    # -- what people do ---------------------------------------------------------------------

    def start(self, name: str, playbook: str) -> tuple[Alert, Run]:
        """One that fits; it runs once at a time."""
        alert = self._open(name)
        found = [one.playbook for one in self._fitting(alert) if one.playbook.id == playbook]
        if not found:
            raise InvalidArgument("PLAYBOOK_FITS_NOT", field="playbook")
        run = self._begun(alert, Run.begun(found[0], **self._facts(alert)))
        if run is None:
            raise FailedPrecondition("PLAYBOOK_RUNNING", field="playbook")
        self._alerts.write(name, "playbook-started", story(run.playbook.names))
        return alert, run

    def end_step(
        self, name: str, run_id: str, step: str, state: StepState, note: str
    ) -> tuple[Alert, Run]:
        """Done, or skipped for a reason."""
        alert = self._open(name)
        before = self._runs.get(alert.id, run_id)
        with _refusals("step"):
            after = before.ended(
                step,
                state,
                by=self._actor,
                display=self._display(alert),
                at=self._now,
                note=note,
                alert=alert.state,
            )
        done = self._saved(before, after)
        word = "playbook-done" if state is StepState.DONE else "playbook-skipped"
        self._alerts.write(name, word, story(done.playbook.names, done.step(step).step.texts, note))
        if not done.running:
            self._alerts.write(name, "playbook-finished", story(done.playbook.names))
        return alert, done

    def abort(self, name: str, run_id: str, note: str) -> tuple[Alert, Run]:
        """It is not what is needed here."""
        alert = self._open(name)
        before = self._runs.get(alert.id, run_id)
        with _refusals("name"):
            after = before.aborted(self._actor, self._display(alert), self._now, note)
        done = self._saved(before, after)
        self._alerts.write(name, "playbook-aborted", story(done.playbook.names, note=note))
        return alert, done

    # -- what follows an alert --------------------------------------------------------------

    def begin(self, alert: Alert) -> None:
        """What the district lets begin by itself."""
        ran = {one.playbook.id for one in self._runs.of(alert.id)}
        for known in self._fitting(alert):
            fit = known.playbook.fit(self._book.domain, alert.rule, alert.severity)
            if fit is not None and fit.automatic and known.playbook.id not in ran:
                run = self._begun(alert, Run.begun(known.playbook, **self._facts(alert)))
                if run is not None:
                    self._alerts.jot(alert, "playbook-started", story(run.playbook.names))

    def over(self, alert: Alert) -> None:
        """The alert was dealt with: nobody is reminded any more."""
        for run in RunRows(self._uow.conn, self._machine).running(alert.id):
            by, display = alert.acknowledged_by, alert.acknowledged_by_display
            self._saved(run, run.over(self._now, by or SYSTEM, display))

    # -- the clock --------------------------------------------------------------------------

    def late(self, run_id: str, due: datetime) -> None:
        """A step may be late, unless it was done meanwhile. The timer's alone."""
        try:
            alert = AlertRows(self._uow.conn, self._machine).get(
                self._runs.alert_of(run_id) or "", lock=True
            )
            before = self._runs.get(alert.id, run_id)
        except NotFound:
            return  # erased with its person
        told, steps = before.overdue(max(self._now, due))
        if not steps:
            return
        run = self._saved(before, told)
        for one in steps:
            told_of = story(run.playbook.names, one.step.texts)
            self._alerts.write(alert.name, "playbook-overdue", told_of)
            self._remind(alert, run, one)

    # -- parts ------------------------------------------------------------------------------

    def _remind(self, alert: Alert, run: Run, one: StepRun) -> None:
        rows = AlertRows(self._uow.conn, self._machine)
        heard = [alert.acknowledged_by] if alert.acknowledged_by else rows.told(alert.id)
        if not heard:
            log.warning("playbook_reminds_nobody", run=run.id, step=one.step.id)
        values = {**_in_each("step", one.step.texts), **_in_each("playbook", run.playbook.names)}
        telling = Telling(self._uow, self._book)
        for person in heard:
            telling.late(alert, person, f"{run.id}/{one.step.id}", values)
        if one.step.overdue == "escalate":
            self._escalate(alert)

    def _escalate(self, alert: Alert) -> None:
        try:
            self._alerts.escalate(alert.name)
        except FailedPrecondition as refused:
            # Everybody on the ladder knows; the reminder has gone out.
            log.info("playbook_escalates_no_further", alert=alert.id, reason=refused.reason)

    def _fitting(self, alert: Alert) -> list[Known]:
        offered = PlaybookRows(self._uow.conn, self._scope).offered()
        what = (self._book.domain, alert.rule, alert.severity)
        return [one for one in offered if one.playbook.fit(*what) is not None]

    def _begun(self, alert: Alert, run: Run) -> Run | None:
        if not self._runs.add(run):
            return None
        self._wake(run)
        self._uow.after_commit(self._book.changes.tell)
        return run

    def _saved(self, before: Run, after: Run) -> Run:
        saved = replace(after, version=before.version + 1)
        self._runs.save(before, saved)
        self._wake(saved)
        return saved

    def _wake(self, run: Run) -> None:
        due = run.next_due()
        if due is not None:
            # A key of its own for each version: setting a timer never waits for one that fires.
            self._uow.schedule(DUE, f"{run.id}/{run.version}", due, run.id.encode())

    def _facts(self, alert: Alert) -> dict[str, object]:
        return {
            "id": self._uow.ids.new(),
            "alert": alert.id,
            "raised_at": alert.raised_at,
            "started_at": self._now,
            "started_by": self._actor,
            "started_by_display": self._display(alert),
        }

    def _open(self, name: str) -> Alert:
        alert = AlertRows(self._uow.conn, self._scope).get(alert_id(name), lock=True)
        if not alert.open:
            raise FailedPrecondition("ALERT_RESOLVED", field="name")
        return alert

    def _display(self, alert: Alert) -> str:
        return "" if self._actor == SYSTEM else self._book.name_of(self._actor, alert, self._uow)

    @property
    def _now(self) -> datetime:
        return self._uow.clock.now()


def follow(alert: Alert, book: AlertBook, uow: UnitOfWork) -> None:
    """For ``AlertBook(follower=…)``: playbooks begin and end with their alerts."""
    if alert.open:
        Playbooks(uow, book).begin(alert)
    else:
        Playbooks(uow, book).over(alert)


def timers(book: AlertBook) -> dict[str, Callable[..., None]]:
    """Timer kind → handler; put it into the service's own mapping."""

    def on_due(timer: Timer, *, uow: UnitOfWork) -> None:
        Playbooks(uow, book).late(timer.payload.decode(), timer.due_at)

    return {DUE: on_due}


@contextmanager
def _refusals(field: str) -> Generator[None]:
    try:
        yield
    except RunRefused as refused:
        raise _refusal(refused, field) from None


def _in_each(name: str, texts: Mapping[str, str]) -> dict[str, str]:
    return {name: texts["zh-CN"], f"{name}_en": texts["en"]}


def _refusal(refused: RunRefused, field: str) -> FailedPrecondition:
    if refused.step is None:
        return FailedPrecondition(refused.reason, field=field)
    texts = refused.step.texts
    return FailedPrecondition(refused.reason, field=field, step=texts["zh-CN"], step_en=texts["en"])
