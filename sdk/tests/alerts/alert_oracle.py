"""What an alert must become, worked out the long way: lists of names and one due time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alert_world import LADDERS
from xianban_sdk.alerts import Ladder, Severity

RAISED, TAKEN, SENT, DONE, CLOSED = 1, 2, 3, 4, 5
NONE = Ladder()


class Refused(Exception):
    """A person may not do this now."""


@dataclass
class Case:
    """One alert."""

    severity: Severity
    climbing: Severity
    facts: list[datetime]
    previous: int
    state: int = RAISED
    left: list[str] = field(default_factory=list[str])
    due: datetime | None = None
    quiet: bool = False
    lapsed: bool = False
    holder: str = ""
    told: list[str] = field(default_factory=list[str])


class Oracle:
    """One matter's alerts; `stand` is the roster that the world shares with it."""

    def __init__(self, stand: dict[str, Sequence[str]]) -> None:
        self.stand = stand
        self.cases: list[Case] = []
        self.facts: set[datetime] = set()
        self.clears: list[datetime] = []
        self.snoozed: datetime | None = None
        # What went out, in order.
        self.pages: list[str] = []
        self.taken: list[str] = []
        self.over_heard: list[str] = []
        self.worse: list[str] = []

    @property
    def open(self) -> Case | None:
        """The one that stands, if any."""
        case = self.cases[-1] if self.cases else None
        return case if case and case.state < DONE else None

    def over(self, case: Case) -> bool:
        """The newest fact says that the condition is over."""
        return max(self.clears, default=datetime.min.replace(tzinfo=max(case.facts).tzinfo)) > max(
            case.facts
        )

    # -- facts ------------------------------------------------------------------------------

    def raise_(self, at: datetime, severity: Severity, now: datetime, *, deaf: bool) -> None:
        new, case = at not in self.facts, self.open
        self.facts.add(at)
        if case is None and not new:
            return
        if case is None:
            case = self._case(at, severity, now)
        elif not self._join(case, at, severity, now, new=new):
            return
        if case.due is not None and case.due <= now and not deaf:
            self._turn(case, now)

    def _case(self, at: datetime, severity: Severity, now: datetime) -> Case:
        case = Case(severity, severity, [at], len(self.cases) - 1)
        until = self._hush(severity, now)
        case.left = _names(severity)
        case.due = (until or now) if case.left else None
        case.quiet = until is not None
        self.cases.append(case)
        return case

    def _join(
        self, case: Case, at: datetime, severity: Severity, now: datetime, *, new: bool
    ) -> bool:
        rises = severity > case.severity
        if new:
            case.facts.append(at)
        if rises:
            case.severity = severity
            self._worsen(case, severity, now)
            if case.holder and not case.lapsed:
                self.worse.append(case.holder)
        if new and not self.over(case) and case.quiet and case.due is None:
            case.due = self._hush(case.severity, now) or now
        return new or rises

    def _worsen(self, case: Case, severity: Severity, now: datetime) -> None:
        woken = case.quiet and severity is Severity.EXTREME
        if not woken and not _sooner(severity, case.climbing):
            return
        case.climbing, case.left = severity, _names(severity)
        patience = LADDERS.get(severity, NONE).unhandled_after
        if case.quiet and not woken:
            pass
        elif case.state == RAISED or case.lapsed:
            case.due = now
        else:
            case.due = now + patience if case.state == TAKEN and patience else None
        case.quiet = case.quiet and not woken

    def clear(self, at: datetime) -> None:
        self.clears.append(at)

    def _hush(self, severity: Severity, now: datetime) -> datetime | None:
        if severity is Severity.EXTREME or self.snoozed is None or self.snoozed <= now:
            return None
        return self.snoozed

    # -- the clock --------------------------------------------------------------------------

    def fire(self, now: datetime) -> None:
        case = self.open
        if case is not None and case.due is not None and case.due <= now:
            self._turn(case, now)

    def _turn(self, case: Case, now: datetime) -> None:
        if case.quiet and self.over(case):
            case.due = None
            return
        case.lapsed = case.lapsed or case.state == TAKEN
        self._tell(case, now)

    def _tell(self, case: Case, now: datetime) -> None:
        case.quiet = False
        while case.left:
            rung = case.left.pop(0)
            people = self.stand.get(rung, ())
            if people:
                self.pages += [f"{rung}:{person}" for person in people]
                case.told += people
                if case.state == RAISED or case.lapsed:
                    case.due = now + _wait(case.climbing, rung)
                break
        if not case.left:
            case.due = None

    # -- people -----------------------------------------------------------------------------

    def acknowledge(self, person: str, now: datetime) -> None:
        case = self._standing()
        if case.state == TAKEN and case.holder == person and not case.lapsed:
            return
        if case.state != RAISED and not case.lapsed:
            raise Refused
        case.state, case.lapsed, case.quiet = TAKEN, False, False
        patience = LADDERS.get(case.climbing, NONE).unhandled_after
        case.due = now + patience if patience and case.left else None
        self._hold(case, person)

    def dispatch(self, person: str) -> None:
        self._finish(person, SENT)

    def resolve(self, person: str) -> None:
        self._finish(person, DONE)

    def _finish(self, person: str, state: int) -> None:
        case = self._standing()
        case.state, case.due, case.quiet, case.lapsed = state, None, False, False
        if not case.holder:
            self._hold(case, person, over=state == DONE)

    def escalate(self, now: datetime) -> None:
        case = self._standing()
        if not case.left:
            raise Refused
        self._tell(case, now)

    def close(self) -> None:
        if not self.cases or self.cases[-1].state != DONE:
            raise Refused
        self.cases[-1].state = CLOSED

    def snooze(self, until: datetime) -> None:
        case = self.open
        if case is not None and case.severity is Severity.EXTREME:
            raise Refused
        self.snoozed = until
        if case is not None and case.state == RAISED and case.due is not None:
            case.quiet, case.due = True, until

    def _standing(self) -> Case:
        if self.open is None:
            raise Refused
        return self.open

    def _hold(self, case: Case, person: str, *, over: bool = False) -> None:
        """Everybody told hears that somebody has it, or that it ended before anybody had."""
        case.holder = person
        heard = sorted(set(case.told) - {person})
        if over:
            self.over_heard += heard
        else:
            self.taken += heard


def _names(severity: Severity) -> list[str]:
    return [rung.name for rung in LADDERS.get(severity, NONE).rungs]


def _wait(severity: Severity, name: str) -> timedelta:
    return next(rung.wait for rung in LADDERS[severity].rungs if rung.name == name)


def _sooner(new: Severity, old: Severity) -> bool:
    """Walks both ladders second by second of telling: does any rung hear earlier?"""
    return any(_start(new, name) < _start(old, name) for name in _names(new))


def _start(severity: Severity, name: str) -> timedelta:
    names = _names(severity)
    if name not in names:
        return timedelta.max
    before = names[: names.index(name)]
    return sum((_wait(severity, each) for each in before), timedelta())


def outcome(deed: Callable[[], object], refusal: type[Exception]) -> bool:
    """True when it was done, False when it was refused."""
    try:
        deed()
    except refusal:
        return False
    return True
