"""Who works where, and with which licences."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from sqlalchemy import ColumnElement, and_, delete, exists, insert, literal, select, tuple_, update
from xianban_sdk.errors import NotFound
from xianban_sdk.repository import columns
from xianban_sdk.storage import insert_new

from xianban_eldercare.domain.staff import WARNING
from xianban_eldercare.repository.narrowing import Page, Repository, page_of
from xianban_eldercare.repository.organisation_rows import LicenceRow, StaffRow
from xianban_eldercare.repository.organisation_tables import staff, staff_licence

__all__ = ["StaffBook"]


class StaffBook(Repository):
    """Staff of organisations in the caller's areas."""

    def find(self, organisation_id: str, person: str) -> StaffRow | None:
        query = select(staff).where(*self._of(organisation_id), staff.c.person == person)
        row = self.conn.execute(query).mappings().first()
        return StaffRow(**row) if row else None

    def locked(self, organisation_id: str, person: str, *, field: str) -> StaffRow:
        """All of a person's employments are locked: their days are planned by one at a time."""
        every = select(staff.c.organisation).where(staff.c.person == person)
        self.conn.execute(every.order_by(staff.c.organisation).with_for_update()).all()
        row = self.find(organisation_id, person)
        if row is None:
            raise NotFound("CARER_NOT_FOUND", field=field)
        return row

    def listed(
        self, organisation_id: str, page: Page, *, today: date, expiring: bool
    ) -> tuple[list[StaffRow], str]:
        """By name; `expiring`: only those with a licence that is over or soon will be."""
        order = (staff.c.display_name, staff.c.person)
        query = select(staff).where(*self._of(organisation_id))
        if expiring:
            query = query.where(staff.c.active, _expiring(today))
        if page.after is not None:
            query = query.where(tuple_(*order) > tuple_(*(literal(key) for key in page.after)))
        return page_of(self.conn, query.order_by(*order), page, StaffRow, "display_name", "person")

    def _of(self, organisation_id: str) -> tuple[ColumnElement[bool], ...]:
        own = self.in_own_organisations(staff.c.organisation)
        return staff.c.organisation == organisation_id, own

    def licences(
        self, organisation_id: str, people: Collection[str]
    ) -> Mapping[str, list[LicenceRow]]:
        """Person → licences; of staff that the caller has found."""
        query = select(staff_licence).where(
            staff_licence.c.organisation == organisation_id, staff_licence.c.person.in_(people)
        )
        found: dict[str, list[LicenceRow]] = {}
        for row in self.conn.execute(query.order_by(staff_licence.c.kind)).mappings():
            found.setdefault(row["person"], []).append(LicenceRow(**row))
        return found

    def add(self, row: StaffRow) -> bool:
        """False when the person is known there."""
        return insert_new(self.conn, staff, columns(row))

    def save(self, row: StaffRow, *, seen: int) -> bool:
        """False when somebody changed it since version `seen`."""
        same = (
            staff.c.organisation == row.organisation,
            staff.c.person == row.person,
            staff.c.version == seen,
        )
        return self.conn.execute(update(staff).where(*same).values(**columns(row))).rowcount > 0

    def put_licences(self, row: StaffRow, licences: Iterable[LicenceRow]) -> None:
        """In place of those before."""
        theirs = (
            staff_licence.c.organisation == row.organisation,
            staff_licence.c.person == row.person,
        )
        self.conn.execute(delete(staff_licence).where(*theirs))
        new = [columns(one) for one in licences]
        if new:
            self.conn.execute(insert(staff_licence), new)


def _expiring(today: date) -> ColumnElement[bool]:
    theirs = and_(
        staff_licence.c.organisation == staff.c.organisation,
        staff_licence.c.person == staff.c.person,
    )
    return exists().where(theirs, staff_licence.c.expires_on <= today + WARNING)
