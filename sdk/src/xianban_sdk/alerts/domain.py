"""One alert: what may become of it, pure. Steps may be left out, none goes back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from xianban_sdk.alerts.ladder import Ladder
from xianban_sdk.findings import Place, Reason, Severity

__all__ = [
    "SYSTEM",
    "Alert",
    "AlertRefused",
    "Place",
    "Reason",
    "Severity",
    "State",
]

SYSTEM: Final = "system"
_MOST_REASONS: Final = 10


class State(IntEnum):
    """Where an alert stands; the numbers are those of the wire."""

    RAISED = 1
    ACKNOWLEDGED = 2
    DISPATCHED = 3
    RESOLVED = 4
    CLOSED = 5


class AlertRefused(Exception):
    """A step that the alert's state forbids, with an UPPER_SNAKE reason; `by` is who has it."""

    def __init__(self, reason: str, *, by: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.by = by


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert. Every change is a new value; nothing changes a closed one.

    `rungs` of the ladder of severity `climbing` were told up to before `next_rung`;
    `next_rung_at` is when that one's turn comes, None while the ladder rests or has no rung left.
    `cycle` counts the ladder's beginnings.
    """

    id: str
    rule: str
    subject: str
    severity: Severity
    raised_at: datetime
    state: State = State.RAISED
    resident: str = ""
    subject_display: str = ""
    area: str = ""
    reasons: tuple[Reason, ...] = ()
    place: Place | None = None
    # The newest fact that the condition holds.
    observed_at: datetime | None = None
    cleared_at: datetime | None = None
    occurrences: int = 0
    acknowledged_by: str = ""
    acknowledged_by_display: str = ""
    acknowledged_at: datetime | None = None
    dispatched_to: str = ""
    dispatched_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    false_alarm: bool = False
    # The alert of the same rule and subject that was resolved before this one.
    previous: str = ""
    rung: str = ""
    climbing: Severity = Severity.MINOR
    cycle: int = 0
    next_rung: int = 0
    next_rung_at: datetime | None = None
    # Snoozed: nobody is told before the snooze is over, nor then if the condition is.
    quiet: bool = False
    # Who took it did nothing in time: the ladder climbs again and somebody else may take it.
    lapsed: bool = False
    version: int = 1

    @property
    def name(self) -> str:
        """Its resource name."""
        return f"alerts/{self.id}"

    @property
    def open(self) -> bool:
        """Not resolved: the same condition joins it."""
        return self.state < State.RESOLVED

    # -- what people do ---------------------------------------------------------------------

    def acknowledged(self, by: str, display: str, at: datetime, ladder: Ladder) -> Alert:
        """A named person takes it. The first wins; the second is refused and told who has it."""
        self._must_be_open()
        if self.state is not State.RAISED and not self.lapsed:
            raise AlertRefused("ALERT_TAKEN", by=self.acknowledged_by_display)
        state = max(self.state, State.ACKNOWLEDGED)
        return replace(self, state=state)._held(by, display, at)._lapses(at, ladder)

    def dispatched(self, to: str, by: str, display: str, at: datetime) -> Alert:
        """Somebody is on the way; whoever sent them has it if nobody had."""
        self._must_be_open()
        held = self if self.acknowledged_by else self._held(by, display, at)
        return replace(
            held._rested(), state=State.DISPATCHED, dispatched_to=to, dispatched_at=at, lapsed=False
        )

    def resolved(self, by: str, display: str, at: datetime, *, false_alarm: bool = False) -> Alert:
        """What had to be done is done."""
        self._must_be_open()
        held = self if self.acknowledged_by else self._held(by, display, at)
        return replace(
            held._rested(),
            state=State.RESOLVED,
            resolved_at=at,
            false_alarm=false_alarm,
            lapsed=False,
        )

    def closed(self, at: datetime) -> Alert:
        """For good; only what is resolved can be closed."""
        if self.state is State.CLOSED:
            raise AlertRefused("ALERT_CLOSED")
        if self.state is not State.RESOLVED:
            raise AlertRefused("ALERT_NOT_RESOLVED")
        return replace(self, state=State.CLOSED, closed_at=at)

    def must_take_notes(self) -> None:
        """Refused once it is closed."""
        if self.state is State.CLOSED:
            raise AlertRefused("ALERT_CLOSED")

    # -- what is observed -------------------------------------------------------------------

    def repeated(self, at: datetime, reasons: tuple[Reason, ...], place: Place | None) -> Alert:
        """The condition came back, or was seen again. `at` may be older than what is known."""
        newer = self.observed_at is None or at > self.observed_at
        over = self.cleared_at is not None and self.cleared_at > at
        return replace(
            self,
            occurrences=self.occurrences + 1,
            reasons=(*self.reasons, *reasons)[-_MOST_REASONS:],
            place=(place or self.place) if newer else (self.place or place),
            observed_at=at if newer else self.observed_at,
            cleared_at=self.cleared_at if over else None,
        )

    def cleared(self, at: datetime) -> Alert:
        """The condition is over; the newest fact decides, whatever order they come in."""
        if self.state is State.CLOSED or (self.observed_at is not None and at <= self.observed_at):
            return self
        newest = at if self.cleared_at is None else max(at, self.cleared_at)
        return replace(self, cleared_at=newest)

    def settled(self, at: datetime) -> Alert:
        """Over by itself: nobody had to do anything, and there is nothing to report."""
        if not self.open:
            return self
        rested = replace(self._rested(), lapsed=False)
        return replace(rested, state=State.CLOSED, resolved_at=at, closed_at=at)

    def worsened(self, severity: Severity, old: Ladder, new: Ladder, at: datetime) -> Alert:
        """Severity rises and never falls; a stricter ladder begins from its first rung."""
        if severity <= self.severity or not self.open:
            return self
        worse = replace(self, severity=severity)
        woken = self.quiet and severity is Severity.EXTREME
        if not woken and not new.stricter_than(old):
            return worse
        quiet = self.quiet and not woken
        return worse.begun(severity, new, worse._due(new, at, quiet), quiet=quiet)

    # -- the ladder -------------------------------------------------------------------------

    def begun(
        self, severity: Severity, ladder: Ladder, due: datetime | None, *, quiet: bool = False
    ) -> Alert:
        """The ladder of a severity, whose first rung's turn comes at `due`."""
        return replace(
            self,
            climbing=severity,
            cycle=self.cycle + 1,
            next_rung=0,
            next_rung_at=due if ladder.rungs else None,
            quiet=quiet,
        )

    def hushed(self, until: datetime) -> Alert:
        """Snoozed: the ladder waits until an instant."""
        if self.state is not State.RAISED or self.next_rung_at is None:
            return self
        return replace(self, quiet=True, next_rung_at=until)

    def stays_quiet(self) -> Alert:
        """The snooze is over and so is the condition: nobody need be told."""
        return replace(self, next_rung_at=None)

    def wakes(self, at: datetime) -> Alert:
        """The condition came back after :meth:`stays_quiet`."""
        if not self.quiet or self.next_rung_at is not None:
            return self
        return replace(self, next_rung_at=at)

    def told(self, ladder: Ladder, at: datetime) -> Alert:
        """The next rung was told, or nobody stood on it; the one after it waits its turn."""
        rung = ladder.rungs[self.next_rung]
        following = self.next_rung + 1
        climbs = self.state is State.RAISED or self.lapsed
        due = at + rung.wait if climbs else self.next_rung_at
        return replace(
            self,
            rung=rung.name,
            next_rung=following,
            next_rung_at=due if following < len(ladder.rungs) else None,
            quiet=False,
        )

    def passed(self, ladder: Ladder) -> Alert:
        """Nobody stands on the next rung: the one after it has its turn at once."""
        following = self.next_rung + 1
        due = self.next_rung_at if following < len(ladder.rungs) else None
        return replace(self, next_rung=following, next_rung_at=due, quiet=False)

    def neglected(self) -> Alert:
        """Who took it did nothing in time."""
        return replace(self, lapsed=True) if self.state is State.ACKNOWLEDGED else self

    def _held(self, by: str, display: str, at: datetime) -> Alert:
        return replace(
            self,
            acknowledged_by=by,
            acknowledged_by_display=display,
            acknowledged_at=at,
            lapsed=False,
            quiet=False,
        )

    def _due(self, ladder: Ladder, at: datetime, quiet: bool) -> datetime | None:
        if quiet:
            return self.next_rung_at
        if self.state is State.RAISED or self.lapsed:
            return at
        if self.state is State.ACKNOWLEDGED and ladder.unhandled_after is not None:
            return at + ladder.unhandled_after
        return None

    def _lapses(self, at: datetime, ladder: Ladder) -> Alert:
        patience: timedelta | None = ladder.unhandled_after
        if patience is None or self.next_rung >= len(ladder.rungs):
            return self._rested()
        return replace(self, next_rung_at=at + patience)

    def _rested(self) -> Alert:
        return replace(self, next_rung_at=None, quiet=False)

    def _must_be_open(self) -> None:
        if self.state is State.CLOSED:
            raise AlertRefused("ALERT_CLOSED")
        if self.state is State.RESOLVED:
            raise AlertRefused("ALERT_RESOLVED")
