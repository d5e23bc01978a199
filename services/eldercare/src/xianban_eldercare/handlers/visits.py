"""Visits: begun, ended, called off, or missed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import orjson
from sqlalchemy import Connection
from xianban_sdk.alerts import Alerts, Place, Reason, Severity
from xianban_sdk.errors import InvalidArgument, NotFound
from xianban_sdk.names import named
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.timers import Timer, cancel

from xianban_eldercare.alarms import BOOK, finding_about
from xianban_eldercare.domain.distances import metres_between
from xianban_eldercare.domain.subjects import subject_of
from xianban_eldercare.domain.visits import (
    CheckIn,
    Task,
    Visit,
    VisitState,
)
from xianban_eldercare.errors import refusals
from xianban_eldercare.events import day_and_time, visit_changed
from xianban_eldercare.repository import MACHINE, CareFiles, Scope
from xianban_eldercare.repository.alarms import NOT_OF_HEALTH
from xianban_eldercare.repository.organisation_rows import VisitRow
from xianban_eldercare.repository.rows import CareFileRow
from xianban_eldercare.repository.visits import Span, Visits

__all__ = [
    "LATE",
    "LATE_RULE",
    "MISSED",
    "Seen",
    "call_off",
    "cancel_visit",
    "check_in",
    "check_out",
    "check_span",
    "on_late",
    "on_missed",
    "seen",
    "tasks_of",
    "told",
    "visit_of",
]

# The rule of the alert, and the kinds of the timers; their keys are visits' ids.
(LATE_RULE,) = NOT_OF_HEALTH
LATE: Final = "visit-late"
MISSED: Final = "visit-missed"


@dataclass(frozen=True, slots=True)
class Seen:
    """A visit with what its elder's file says, for whoever may see both."""

    row: VisitRow
    file: CareFileRow | None


def seen(rows: Sequence[VisitRow], *, conn: Connection) -> list[Seen]:
    """The caller has found the visits: of their elders' files, name, home and contacts go along."""
    files = CareFiles(conn, MACHINE).several({row.resident for row in rows})
    return [Seen(row, files.get(row.resident)) for row in rows]


def check_span(span: Span, days: int) -> None:
    """Raises of a reversed or too long one."""
    start, end = span
    if end <= start:
        raise InvalidArgument("SPAN_REVERSED", field="end_time")
    if end - start > timedelta(days=days):
        raise InvalidArgument("SPAN_TOO_LONG", field="end_time", days=days)


# -- calling off ----------------------------------------------------------------------------


def cancel_visit(visit_id: str, reason: str, *, scope: Scope, uow: UnitOfWork) -> VisitRow:
    return call_off(Visits(uow.conn, scope).get(visit_id, locked=True), reason, uow=uow)


def call_off(row: VisitRow, reason: str, *, uow: UnitOfWork) -> VisitRow:
    """Whoever read the row has locked it."""
    return _moved(row, lambda visit: visit.cancelled(reason), uow)


# -- being there ----------------------------------------------------------------------------


def check_in(
    visit_id: str, place: Place | None, away_reason: str, *, scope: Scope, uow: UnitOfWork
) -> VisitRow:
    """The visit's own carer has come."""
    now = uow.clock.now()
    row = Visits(uow.conn, scope).assigned(visit_id, now, locked=True)
    found = _where(place, CareFiles(uow.conn, MACHINE).find(row.resident), away_reason.strip())
    kept = _kept(place)
    return _moved(
        replace(row, checked_in_place=kept), lambda visit: visit.checked_in(now, found), uow
    )


def _where(place: Place | None, file: CareFileRow | None, away_reason: str) -> CheckIn:
    home = orjson.loads(file.home) if file and file.home else None
    if place is None or home is None:
        return CheckIn(located=place is not None, away_reason=away_reason)
    here, there = (place.latitude, place.longitude), (home["latitude"], home["longitude"])
    metres = round(metres_between(here, there))
    return CheckIn(True, metres, place.accuracy_m, away_reason)


def _kept(place: Place | None) -> str:
    if place is None:
        return ""
    said = {
        "latitude": place.latitude,
        "longitude": place.longitude,
        "accuracy_m": place.accuracy_m,
    }
    return orjson.dumps(said).decode()


def check_out(
    visit_id: str, done: Sequence[int], note: str, *, scope: Scope, uow: UnitOfWork
) -> VisitRow:
    """The visit's own carer leaves."""
    now = uow.clock.now()
    row = Visits(uow.conn, scope).assigned(visit_id, now, locked=True)
    return _moved(row, lambda visit: visit.checked_out(now, done, note), uow)


# -- the clock ------------------------------------------------------------------------------


def on_late(timer: Timer, *, uow: UnitOfWork) -> None:
    """Half an hour after its window nobody has come: somebody must hear of it."""
    row = _locked(timer.key, uow)
    if row is None or not visit_of(row).late(uow.clock.now()):
        return
    who = named("carer", row.carer, row.carer_display)
    said = {**who, "planned": day_and_time(row.start_at)}
    reason = Reason("reason-visit-late", said, uow.clock.now())
    subject = subject_of(row.resident)
    Alerts(uow, BOOK).raise_(
        finding_about(subject, LATE_RULE, Severity.MODERATE, [reason], uow=uow)
    )


def on_missed(timer: Timer, *, uow: UnitOfWork) -> None:
    """Nobody will come any more. The alert stays: people close it."""
    row = _locked(timer.key, uow)
    if row is not None and row.state == VisitState.PLANNED:
        _moved(row, lambda visit: visit.missed(uow.clock.now()), uow, over=False)


def _locked(visit_id: str, uow: UnitOfWork) -> VisitRow | None:
    try:
        return Visits(uow.conn, MACHINE).get(visit_id, locked=True)
    except NotFound:
        return None  # erased with its elder


# -- parts ----------------------------------------------------------------------------------


def _moved(
    row: VisitRow, step: Callable[[Visit], Visit], uow: UnitOfWork, *, over: bool = True
) -> VisitRow:
    with refusals():
        visit = step(visit_of(row))
    after = replace(
        row,
        state=visit.state.value,
        tasks=_written(visit.tasks),
        cancel_reason=visit.cancel_reason,
        checked_in_at=visit.checked_in_at,
        distance_metres=visit.distance,
        away_reason=visit.away_reason,
        checked_out_at=visit.checked_out_at,
        note=visit.note,
        version=row.version + 1,
    )
    Visits(uow.conn, MACHINE).save(after)
    if row.state == VisitState.PLANNED:
        _begun(after, uow, over=over)
    return told(after, uow)


def _begun(row: VisitRow, uow: UnitOfWork, *, over: bool) -> None:
    """Nobody waits for it any more; the alarm is over unless another visit is late, too."""
    for kind in (LATE, MISSED):
        cancel(uow.conn, kind, row.id)
    if over and not Visits(uow.conn, MACHINE).late(row.resident, uow.clock.now()):
        Alerts(uow, BOOK).cleared(LATE_RULE, subject_of(row.resident))


def told(row: VisitRow, uow: UnitOfWork) -> VisitRow:
    """Everybody hears how it stands."""
    uow.emit(visit_changed(row), aggregate=f"residents/{row.resident}/visits/{row.id}")
    return row


def visit_of(row: VisitRow) -> Visit:
    """What the rules are about."""
    return Visit(
        start_at=row.start_at,
        end_at=row.end_at,
        travel=timedelta(minutes=row.travel_minutes),
        tasks=tasks_of(row),
        state=VisitState(row.state),
        cancel_reason=row.cancel_reason,
        checked_in_at=row.checked_in_at,
        distance=row.distance_metres,
        away_reason=row.away_reason,
        checked_out_at=row.checked_out_at,
        note=row.note,
    )


def tasks_of(row: VisitRow) -> tuple[Task, ...]:
    return tuple(Task(**one) for one in orjson.loads(row.tasks))


def _written(tasks: Sequence[Task]) -> str:
    return orjson.dumps([{"text": one.text, "done": one.done} for one in tasks]).decode()
