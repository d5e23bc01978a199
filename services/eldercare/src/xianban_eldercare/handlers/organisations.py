"""Organisations and the people who work for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection
from xianban_sdk.clock import SHANGHAI, Clock
from xianban_sdk.errors import Aborted, FailedPrecondition, InvalidArgument
from xianban_sdk.repository import Page
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.domain.staff import Licence, LicenceKind
from xianban_eldercare.repository import Scope
from xianban_eldercare.repository.organisation_rows import LicenceRow, OrganisationRow, StaffRow
from xianban_eldercare.repository.organisations import Organisations
from xianban_eldercare.repository.responders import responders
from xianban_eldercare.repository.staff import StaffBook

__all__ = ["CARER", "Employed", "licence", "staff_of", "today", "write_organisation", "write_staff"]

# Whom identity knows with this role may be sent to elders of its areas.
CARER = "carer"


@dataclass(frozen=True, slots=True)
class Employed:
    """Somebody who works for an organisation, with their licences."""

    row: StaffRow
    licences: Sequence[LicenceRow]


def today(clock: Clock) -> date:
    """The local date."""
    return clock.now().astimezone(SHANGHAI).date()


def licence(row: LicenceRow) -> Licence:
    return Licence(LicenceKind(row.kind), row.number, row.issued_on, row.expires_on)


def write_organisation(
    wanted: OrganisationRow, seen: int, *, scope: Scope, uow: UnitOfWork
) -> OrganisationRow:
    """Enters it, or replaces what is said of it; both the old and the new area are the caller's."""
    book = Organisations(uow.conn, scope)
    if not book.answers_for(wanted.area):
        raise InvalidArgument("AREA_NOT_YOURS", field="organisation.area", area=wanted.area)
    if book.find(wanted.id) is None:
        made = replace(wanted, version=1)
        if not book.add(made):
            raise Aborted("ORGANISATION_CHANGED", field="organisation.version")
        return made
    before = book.own_one(wanted.id, field="organisation.name")
    after = replace(wanted, version=before.version + 1)
    if seen not in (0, before.version) or not book.save(after, seen=before.version):
        raise Aborted("ORGANISATION_CHANGED", field="organisation.version")
    return after


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
    if row.person not in responders(uow.conn, {CARER}, there.area):
        # Who has which role is identity's to say.
        raise FailedPrecondition("STAFF_NOT_A_CARER", field="staff.name")
    book = StaffBook(uow.conn, scope)
    before = book.find(row.organisation, row.person)
    after = replace(row, version=before.version + 1 if before else 1)
    saved = book.save(after, seen=before.version) if before else book.add(after)
    if not saved or (before and seen not in (0, before.version)):
        raise Aborted("STAFF_CHANGED", field="staff.version")
    book.put_licences(after, wanted.licences)
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
