"""Who is sent to whom: a carer who is employed, licensed, known to identity, and free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from xianban_sdk.clock import local_day
from xianban_sdk.errors import FailedPrecondition
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.timers import Timer, schedule

from xianban_eldercare.domain.errors import Refused
from xianban_eldercare.domain.staff import Staff, rosterable
from xianban_eldercare.domain.visits import LATE_AFTER, MISSED_AFTER, Visit, VisitKind, collides
from xianban_eldercare.errors import refusals
from xianban_eldercare.events import day_and_time
from xianban_eldercare.handlers.organisations import CARER, licence
from xianban_eldercare.handlers.visits import LATE, MISSED, told, visit_of
from xianban_eldercare.repository import MACHINE, CareFiles, Scope
from xianban_eldercare.repository.organisation_rows import StaffRow, VisitRow
from xianban_eldercare.repository.organisations import Organisations
from xianban_eldercare.repository.responders import has_role
from xianban_eldercare.repository.staff import StaffBook
from xianban_eldercare.repository.visits import Span, Visits

__all__ = ["Carer", "Sending", "carer_of", "plan_visit", "rostered"]


@dataclass(frozen=True, slots=True)
class Sending:
    """Whom an organisation sends to an elder; `what` begins the fields' names."""

    resident: str
    organisation: str
    carer: str
    what: str


@dataclass(frozen=True, slots=True)
class Carer:
    """Everything that rostering asks of them, read once; locked, so that it stays true."""

    row: StaffRow
    staff: Staff
    # Whatever organisation sends them; grows with what is rostered.
    visits: list[Visit]


def carer_of(sending: Sending, span: Span, *, scope: Scope, uow: UnitOfWork) -> Carer:
    """With their visits within the span; raises unless they work there and for the elder's area."""
    file = CareFiles(uow.conn, scope).get(sending.resident)
    Organisations(uow.conn, scope).own_one(
        sending.organisation, field=f"{sending.what}.organisation"
    )
    book, field = StaffBook(uow.conn, scope), f"{sending.what}.carer"
    row = book.locked(sending.organisation, sending.carer, field=field)
    if not has_role(uow.conn, row.person, CARER, file.area):
        raise FailedPrecondition("CARER_NOT_HERE", field=field)
    rows = Visits(uow.conn, MACHINE).of_carer(row.person, *span)
    return Carer(row, _staff(book, row), [visit_of(one) for one in rows])


def _staff(book: StaffBook, row: StaffRow) -> Staff:
    held = book.licences(row.organisation, [row.person]).get(row.person, [])
    return Staff(row.employed_on, row.leaves_on, row.active, tuple(licence(one) for one in held))


def plan_visit(wanted: VisitRow, *, scope: Scope, uow: UnitOfWork) -> VisitRow:
    visit = visit_of(wanted)
    with refusals():
        visit.planned(uow.clock.now())
    sending = Sending(wanted.resident, wanted.organisation, wanted.carer, "visit")
    carer = carer_of(sending, (visit.leaves_at, visit.end_at), scope=scope, uow=uow)
    return rostered(wanted, carer, uow=uow)


def rostered(wanted: VisitRow, carer: Carer, *, uow: UnitOfWork) -> VisitRow:
    """A refusal comes before anything is written."""
    visit = visit_of(wanted)
    with refusals():
        visit.planned(uow.clock.now())
        rosterable(carer.staff, VisitKind(wanted.kind), _days(visit))
        _free(visit, carer.visits)
    carer.visits.append(visit)
    row = replace(wanted, id=uow.ids.new(), carer_display=carer.row.display_name, version=1)
    Visits(uow.conn, MACHINE).add(row)
    schedule(uow.conn, Timer(LATE, row.id, row.end_at + LATE_AFTER))
    schedule(uow.conn, Timer(MISSED, row.id, row.end_at + MISSED_AFTER))
    return told(row, uow)


def _free(visit: Visit, others: Sequence[Visit]) -> None:
    other = collides(visit, others)
    if other is not None:
        # When, not to whom: another organisation's elder is not this one's to know.
        times = f"{day_and_time(other.start_at)} – {day_and_time(other.end_at)}"
        raise Refused("CARER_BUSY", "visit.start_time", times=times)


def _days(visit: Visit) -> list[date]:
    first, last = (
        local_day(at) for at in (visit.start_at, visit.end_at - timedelta(microseconds=1))
    )
    return [first] if first == last else [first, last]
