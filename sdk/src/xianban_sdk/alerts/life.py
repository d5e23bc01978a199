"""``Alerts``: what handlers call. One unit of work, one book, and the scope of whoever acts."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from xianban_sdk.alerts.book import AlertBook
from xianban_sdk.alerts.climbing import Climb, Step, climb
from xianban_sdk.alerts.convert import alert_id
from xianban_sdk.alerts.domain import SYSTEM, Alert, AlertRefused, Place, Reason, Severity, State
from xianban_sdk.alerts.figures import RuleFigures, figures
from xianban_sdk.alerts.ladder import Recipient, Rung
from xianban_sdk.alerts.repository import AlertRows, Condition, key_of
from xianban_sdk.alerts.telling import Telling
from xianban_sdk.errors import FailedPrecondition, InvalidArgument, NotFound
from xianban_sdk.identity.access import Scope
from xianban_sdk.repository import MachineScope
from xianban_sdk.storage.unit_of_work import UnitOfWork
from xianban_sdk.telemetry import log

__all__ = ["TURN", "Alerts", "Finding"]

# The timer kind; its payload is the alert's id.
TURN = "alert-turn"
_RESIDENTS = "residents/"
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A condition that holds.

    `at` is when it was observed: the same instant again is the same fact and counts once,
    whatever order facts come in. None: now, and always another fact. `resident` is whose data
    this is, by default the one that `subject` names.
    """

    rule: str
    subject: str
    severity: Severity
    area: str
    reasons: Sequence[Reason] = ()
    place: Place | None = None
    subject_display: str = ""
    resident: str | None = None
    at: datetime | None = None

    @property
    def whose(self) -> str:
        """The resident's id; empty: nobody's."""
        if self.resident is not None:
            return self.resident
        named = self.subject.removeprefix(_RESIDENTS)
        return named.partition("/")[0] if named != self.subject else ""


class Alerts:
    """Raises, clears and moves alerts. `scope`: the caller's; None: the service's own work."""

    def __init__(self, uow: UnitOfWork, book: AlertBook, scope: Scope | None = None) -> None:
        self._uow = uow
        self._book = book
        self._machine = AlertRows(uow.conn, MachineScope(book.domain))
        self._rows = AlertRows(uow.conn, scope) if scope is not None else self._machine
        self._actor = scope.actor if scope is not None else SYSTEM
        self._telling = Telling(uow, book)

    # -- what is observed -------------------------------------------------------------------

    def raise_(self, finding: Finding) -> Alert:
        """The alert that stands for the condition: a new one, or the open one it joins."""
        key = key_of(finding.rule, finding.subject)
        condition = self._machine.condition(key)
        newest = self._machine.newest(condition)
        at = finding.at or _after(self._now, condition.cleared_at)
        new = self._machine.first_time(key, at) or finding.at is None
        if newest is None or (new and not newest.open):
            return self._opened(finding, condition, newest, at)
        return self._joined(finding, condition, newest, at, new=new) if newest.open else newest

    def cleared(self, rule: str, subject: str, *, at: datetime | None = None) -> Alert | None:
        """The condition is over; the alert stays until people close it, unless its ladder is calm.

        None: none stands.
        """
        key = key_of(rule, subject)
        condition = self._machine.condition(key)
        alert = self._machine.newest(condition)
        at = at or _after(self._now, alert.observed_at if alert else None)
        if condition.cleared_at is None or at > condition.cleared_at:
            self._machine.change(key, cleared_at=at)
        if alert is None or alert.state is State.CLOSED:
            return None
        after = alert.cleared(at)
        if after == alert:
            return alert
        steps = [Step("cleared", at)] if alert.cleared_at is None else []
        if after.open and self._book.ladder(after.climbing, after.rule).calm:
            return self._save(after.settled(self._now), [*steps, Step("closed", self._now)])
        return self._save(after, steps)

    # -- what people do ---------------------------------------------------------------------

    def acknowledge(self, name: str, note: str = "") -> Alert:
        """The caller takes it. Who comes second is refused: ALERT_TAKEN, and hears who has it."""
        alert = self._locked(name)
        if self._holds(alert):
            return alert
        ladder = self._book.ladder(alert.climbing, alert.rule)
        with _refusals():
            after = alert.acknowledged(self._actor, self._display(alert), self._now, ladder)
        saved = self._save(after, [self._step(alert, "acknowledged", note)])
        return self._known(saved)

    def dispatch(self, name: str, to: str, note: str = "") -> Alert:
        """Sends somebody; again: somebody else."""
        alert = self._locked(name)
        with _refusals():
            after = alert.dispatched(to, self._actor, self._display(alert), self._now)
        named = self._book.sends(to, alert, self._uow)
        after = replace(after, dispatched_to=named)
        saved = self._save(after, [self._step(alert, "dispatched", f"{named} {note}".rstrip())])
        return saved if alert.acknowledged_by else self._known(saved)

    def escalate(self, name: str, note: str = "") -> Alert:
        """Tells the next rung now."""
        alert = self._locked(name)
        ladder = self._book.ladder(alert.climbing, alert.rule)
        if not alert.open:
            raise FailedPrecondition("ALERT_RESOLVED", field="name")
        if alert.next_rung >= len(ladder.rungs):
            raise FailedPrecondition("ALERT_NO_RUNG_LEFT", field="name")
        return self._told(self._climb(alert, actor=self._actor, note=note))

    def resolve(self, name: str, note: str, *, false_alarm: bool = False) -> Alert:
        """What had to be done is done."""
        alert = self._locked(name)
        with _refusals():
            after = alert.resolved(
                self._actor, self._display(alert), self._now, false_alarm=false_alarm
            )
        saved = self._save(after, [self._step(alert, "resolved", note)])
        if not alert.acknowledged_by:
            self._telling.over(saved, self._machine.told(saved.id))
        return saved

    def close(self, name: str, note: str = "") -> Alert:
        """For good."""
        alert = self._locked(name)
        with _refusals():
            after = alert.closed(self._now)
        return self._save(after, [self._step(alert, "closed", note)])

    def note(self, name: str, note: str) -> Alert:
        """Writes something down, e.g. what an inspection found."""
        return self.write(name, "noted", note)

    def write(self, name: str, action: str, note: str) -> Alert:
        """As :meth:`note`, of something else that happened."""
        alert = self._locked(name)
        with _refusals():
            alert.must_take_notes()
        return self._save(alert, [self._step(alert, action, note)])

    def jot(self, alert: Alert, action: str, note: str) -> None:
        """A line of its history while it is being raised: nobody has seen it without."""
        self._machine.record(alert, [self._step(alert, action, note)])

    def snooze(self, rule: str, subject: str, until: datetime, note: str = "") -> None:
        """Nobody is told of this matter before `until`; what happens is still recorded.

        It ends by itself. Extreme alerts are told all the same, and can't be snoozed.
        """
        if not until - self._now <= self._book.longest_snooze:
            hours = int(self._book.longest_snooze.total_seconds() // 3600)
            raise InvalidArgument("ALERT_SNOOZE_TOO_LONG", field="until", hours=hours)
        key = key_of(rule, subject)
        alert = self._rows.newest(self._machine.condition(key))
        if alert is not None and alert.open and alert.severity is Severity.EXTREME:
            raise FailedPrecondition("ALERT_EXTREME", field="severity")
        self._machine.change(key, snoozed_until=until, snoozed_by=self._actor)
        if alert is not None and alert.open:
            self._save(alert.hushed(until), [self._step(alert, "noted", note)] if note else [])

    # -- what is asked ----------------------------------------------------------------------

    def get(self, name: str) -> Alert:
        """Raises NotFound."""
        return self._rows.get(alert_id(name))

    def steps(self, name: str) -> list[Step]:
        """What happened to it, oldest first."""
        return self._rows.steps(self.get(name).id)

    def figures(self, since: datetime, until: datetime) -> list[RuleFigures]:
        """Time to acknowledge and false alarms, by rule, of what was raised within the time."""
        return figures(self._rows, since, until)

    # -- the clock --------------------------------------------------------------------------

    def turn(self, alert_id: str, due: datetime) -> Alert | None:
        """A rung's turn has come, unless the ladder moved on meanwhile. The timer's alone."""
        try:
            alert = self._machine.get(alert_id, lock=True)
        except NotFound:
            return None  # erased with its person
        if not alert.open or alert.next_rung_at != due:
            return None
        return self._told(self._turned(alert))

    # -- parts ------------------------------------------------------------------------------

    def _opened(
        self, finding: Finding, condition: Condition, before: Alert | None, at: datetime
    ) -> Alert:
        over = condition.cleared_at if condition.cleared_at and condition.cleared_at > at else None
        snoozed = self._snoozed_until(condition, finding.severity)
        alert = Alert(
            id=self._uow.ids.new(),
            rule=finding.rule,
            subject=finding.subject,
            severity=finding.severity,
            raised_at=self._now,
            resident=finding.whose,
            subject_display=finding.subject_display,
            area=finding.area,
            reasons=tuple(finding.reasons),
            place=finding.place,
            observed_at=at,
            cleared_at=over,
            previous=before.id if before else "",
        ).begun(
            finding.severity,
            self._book.ladder(finding.severity, finding.rule),
            snoozed or self._now,
            quiet=snoozed is not None,
        )
        steps = [Step("raised", self._now)]
        if over and self._book.ladder(finding.severity, finding.rule).calm:
            # Heard of too late: nobody is told what is over.
            alert = alert.settled(self._now)
            steps.append(Step("closed", self._now))
        self._machine.add(alert)
        self._machine.change(condition.key, newest=alert.id)
        self._machine.record(alert, steps)
        self._telling.raised(alert)
        self._after(alert)
        if alert.open:
            self._follow(alert)
        return self._told_if_due(alert)

    def _joined(
        self, finding: Finding, condition: Condition, alert: Alert, at: datetime, *, new: bool
    ) -> Alert:
        after = alert.repeated(at, tuple(finding.reasons), finding.place) if new else alert
        after = after.worsened(
            finding.severity,
            self._book.ladder(alert.climbing, alert.rule),
            self._book.ladder(finding.severity, finding.rule),
            self._now,
        )
        if new and after.cleared_at is None:
            after = after.wakes(self._snoozed_until(condition, after.severity) or self._now)
        if after == alert:
            return alert
        saved = self._save(after, [Step("repeated", self._now)])
        if saved.severity > alert.severity:
            self._follow(saved)
        if saved.severity > alert.severity and saved.acknowledged_by and not saved.lapsed:
            self._telling.worse(saved)
        return self._told_if_due(saved)

    def _snoozed_until(self, condition: Condition, severity: Severity) -> datetime | None:
        until = condition.snoozed_until
        if severity is Severity.EXTREME or until is None or until <= self._now:
            return None
        return until

    def _told_if_due(self, alert: Alert) -> Alert:
        """The first rung hears with the raising.

        Should asking who stands there fail, the timer asks again: the alert stands all the same.
        """
        if alert.next_rung_at is None or alert.next_rung_at > self._now:
            return alert
        try:
            with self._uow.conn.begin_nested():
                turned = self._turned(alert)
        except Exception:
            log.exception("alert_rung_failed", alert=alert.id, rung=alert.next_rung)
            return alert
        return self._told(turned)

    def _turned(self, alert: Alert) -> Climb:
        if alert.quiet and alert.cleared_at is not None:
            return Climb(alert.stays_quiet())
        return self._climb(alert.neglected())

    def _climb(self, alert: Alert, *, actor: str = SYSTEM, note: str = "") -> Climb:
        def who(rung: Rung) -> Sequence[Recipient]:
            return self._book.who(rung, alert, self._uow)

        ladder = self._book.ladder(alert.climbing, alert.rule)
        return climb(alert, ladder, who, self._now, actor=actor, note=note)

    def _follow(self, alert: Alert) -> None:
        """What follows an alert must not keep it from standing, or from being dealt with."""
        if self._book.follower is None:
            return
        try:
            with self._uow.conn.begin_nested():
                self._book.follower(alert, self._book, self._uow)
        except Exception:
            log.exception("alert_not_followed", alert=alert.id)

    def _told(self, climbed: Climb) -> Alert:
        saved = self._save(climbed.alert, climbed.steps, quietly=bool(climbed.people))
        if not climbed.people:
            if climbed.steps:
                log.error("alert_reaches_nobody", alert=saved.id)
            return saved
        people = [each for each in climbed.people if self._first_telling(saved, each)]
        for each in people:
            self._telling.page(saved, each)
        self._telling.escalated(saved, [each.person for each in people])
        return saved

    def _first_telling(self, alert: Alert, person: Recipient) -> bool:
        return self._machine.tell(alert, alert.rung, person.person, self._now)

    def _known(self, alert: Alert) -> Alert:
        self._telling.taken(alert, self._machine.told(alert.id))
        return alert

    def _save(self, alert: Alert, steps: list[Step], *, quietly: bool = False) -> Alert:
        saved = replace(alert, version=alert.version + 1)
        self._machine.save(saved)
        self._machine.record(saved, steps)
        if not quietly:
            for step in steps:
                self._telling.changed(saved, step)
        self._after(saved)
        if not saved.open:
            self._follow(saved)
        return saved

    def _after(self, alert: Alert) -> None:
        if alert.next_rung_at is not None:
            # A key of its own for each version: setting a timer never waits for one that fires.
            key = f"{alert.id}/{alert.version}"
            self._uow.schedule(TURN, key, alert.next_rung_at, alert.id.encode())
        self._uow.after_commit(self._book.changes.tell)

    def _locked(self, name: str) -> Alert:
        return self._rows.get(alert_id(name), lock=True)

    def _holds(self, alert: Alert) -> bool:
        mine = alert.acknowledged_by == self._actor
        return mine and alert.state is State.ACKNOWLEDGED and not alert.lapsed

    def _step(self, alert: Alert, action: str, note: str) -> Step:
        return Step(action, self._now, self._actor, self._display(alert), note)

    @property
    def _now(self) -> datetime:
        return self._uow.clock.now()

    def _display(self, alert: Alert) -> str:
        return "" if self._actor == SYSTEM else self._book.name_of(self._actor, alert, self._uow)


@contextmanager
def _refusals() -> Generator[None]:
    try:
        yield
    except AlertRefused as refused:
        raise FailedPrecondition(refused.reason, field="name", by=refused.by) from None


def _after(now: datetime, known: datetime | None) -> datetime:
    """Now, but never before what is known: clocks step back."""
    return now if known is None else max(now, known + _TICK)
