"""Organisations and the people who work for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection
from xianban_sdk.clock import Clock, local_day
from xianban_sdk.errors import FailedPrecondition, InvalidArgument, NotFound
from xianban_sdk.repository import Page
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.domain.staff import Licence, LicenceKind
from xianban_eldercare.handlers.versions import put
from xianban_eldercare.repository import Scope
from xianban_eldercare.repository.organisation_rows import LicenceRow, OrganisationRow, StaffRow
from xianban_eldercare.repository.organisations import Organisations
from xianban_eldercare.repository.responders import has_role
from xianban_eldercare.repository.staff import StaffBook

__all__ = [
    "CARER",
    "Employed",
    "licence",
    "must_be_licensed",
    "one_of_staff",
    "staff_of",
    "today",
    "write_organisation",
    "write_staff",
]

# Whom identity knows with this role may be sent to elders of its areas.
CARER = "carer"


@dataclass(frozen=True, slots=True)
class Employed:
    """Somebody who works for an organisation, with their licences."""

    row: StaffRow
    licences: Sequence[LicenceRow]


def today(clock: Clock) -> date:
    """The local date."""
    return local_day(clock.now())


def must_be_licensed(row: OrganisationRow, on: date, *, field: str) -> None:
    """Raises when its licence 备案 is over; of some the day is not known."""
    if row.licence_expires_on is not None and row.licence_expires_on < on:
        raise FailedPrecondition(
            "ORGANISATION_LICENCE_OVER", field=field, organisation=row.display_name
        )


def licence(row: LicenceRow) -> Licence:
    return Licence(LicenceKind(row.kind), row.number, row.issued_on, row.expires_on)


def write_organisation(
    wanted: OrganisationRow, seen: int, *, scope: Scope, uow: UnitOfWork
) -> OrganisationRow:
    """Enters it, or replaces what is said of it; both the old and the new area are the caller's."""
    book = Organisations(uow.conn, scope)
    if not book.answers_for(wanted.area):
        raise InvalidArgument("AREA_NOT_YOURS", field="organisation.area", area=wanted.area)
    before = book.find(wanted.id)
    if before is not None:
        before = book.own_one(wanted.id, field="organisation.name")
    return put(book, wanted, before, seen, "organisation")


def one_of_staff(organisation: str, person: str, *, scope: Scope, conn: Connection) -> Employed:
    """With licences."""
    Organisations(conn, scope).own_one(organisation)
    book = StaffBook(conn, scope)
    row = book.find(organisation, person)
    if row is None:
        raise NotFound("STAFF_NOT_FOUND", field="name")
    return Employed(row, book.licences(organisation, [person]).get(person, []))


def staff_of(
    organisation: str, page: Page, *, expiring: bool, scope: Scope, conn: Connection, clock: Clock
) -> tuple[list[Employed], str]:
    """By name, with licences."""
    Organisations(conn, scope).own_one(organisation, field="parent")
    book = StaffBook(conn, scope)
    rows, token = book.listed(organisation, page, today=today(clock), expiring=expiring)
    held = book.licences(organisation, [row.person for row in rows])
    return [Employed(row, held.get(row.person, [])) for row in rows], token


def write_staff(wanted: Employed, seen: int, *, scope: Scope, uow: UnitOfWork) -> Employed:
    """Takes somebody on, or replaces what is said of them and their licences."""
    row = wanted.row
    _check(wanted)
    there = Organisations(uow.conn, scope).own_one(row.organisation, field="staff.name")
    if not has_role(uow.conn, row.person, CARER, there.area):
        # Who has which role is identity's to say.
        raise FailedPrecondition("STAFF_NOT_A_CARER", field="staff.name")
    book = StaffBook(uow.conn, scope)
    after = put(book, row, book.find(row.organisation, row.person), seen, "staff")
    book.put_licences(after, wanted.licences)
    uow.audit("UpdateStaff", after.person, basis=f"organisations/{after.organisation}")
    return Employed(after, wanted.licences)


def _check(wanted: Employed) -> None:
    row = wanted.row
    if row.leaves_on is not None and row.leaves_on < row.employed_on:
        raise InvalidArgument("DAYS_REVERSED", field="staff.leave_date")
    kinds: set[str] = set()
    for place, one in enumerate(wanted.licences):
        field = f"staff.licences[{place}]"
        if one.kind in kinds:
            raise InvalidArgument("LICENCE_TWICE", field=f"{field}.kind")
        if one.expires_on < one.issued_on:
            raise InvalidArgument("DAYS_REVERSED", field=f"{field}.expire_date")
        kinds.add(one.kind)
