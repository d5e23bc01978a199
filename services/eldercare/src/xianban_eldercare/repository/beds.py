"""Beds; who lies where is for the staff of the organisation's area."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, func, literal, select, tuple_, update
from xianban_sdk.errors import NotFound
from xianban_sdk.repository import columns
from xianban_sdk.storage import insert_new

from xianban_eldercare.repository.narrowing import Page, Repository, page_of
from xianban_eldercare.repository.organisation_rows import BedRow
from xianban_eldercare.repository.organisation_tables import bed
from xianban_eldercare.repository.tables import care_file

__all__ = ["Beds"]


class Beds(Repository):
    """Beds of organisations in the caller's areas."""

    def get(self, organisation_id: str, bed_id: str, *, locked: bool = False) -> BedRow:
        row = self.find(organisation_id, bed_id, locked=locked)
        if row is None:
            raise NotFound("BED_NOT_FOUND", field="name")
        return row

    def find(self, organisation_id: str, bed_id: str, *, locked: bool = False) -> BedRow | None:
        query = select(bed).where(*self._of(organisation_id), bed.c.id == bed_id)
        found = self.conn.execute(query.with_for_update() if locked else query).mappings().first()
        return BedRow(**found) if found else None

    def listed(self, organisation_id: str, page: Page) -> tuple[list[BedRow], str]:
        """By room."""
        order = (bed.c.room, bed.c.id)
        query = select(bed).where(*self._of(organisation_id))
        if page.after is not None:
            query = query.where(tuple_(*order) > tuple_(*(literal(key) for key in page.after)))
        return page_of(self.conn, query.order_by(*order), page, BedRow, "room", "id")

    def _of(self, organisation_id: str) -> tuple[ColumnElement[bool], ...]:
        own = self.in_own_organisations(bed.c.organisation)
        return bed.c.organisation == organisation_id, own

    def free(self, organisation_id: str) -> int:
        query = select(func.count()).select_from(bed)
        theirs = (bed.c.organisation == organisation_id, bed.c.state == "free")
        return self.conn.scalar(query.where(*theirs)) or 0

    def lies_elsewhere(self, resident: str, organisation_id: str, bed_id: str) -> bool:
        """The elder has a bed already; the index holds it against a race."""
        query = select(bed.c.id).where(
            bed.c.resident == resident,
            bed.c.state == "occupied",
            tuple_(bed.c.organisation, bed.c.id)
            != tuple_(literal(organisation_id), literal(bed_id)),
        )
        return self.conn.scalar(query.limit(1)) is not None

    def lain_in(self, resident: str) -> BedRow | None:
        """The elder's bed, locked; nobody lies in two."""
        query = select(bed).where(bed.c.resident == resident, bed.c.state == "occupied")
        mine = query.where(self.in_own_organisations(bed.c.organisation)).with_for_update()
        found = self.conn.execute(mine).mappings().first()
        return BedRow(**found) if found else None

    def names(self, residents: Collection[str]) -> dict[str, str]:
        """As the elders' files call them."""
        query = select(care_file.c.resident, care_file.c.display_name)
        rows = self.conn.execute(query.where(care_file.c.resident.in_(residents)))
        return {row.resident: row.display_name for row in rows}

    def add(self, row: BedRow) -> bool:
        """False when there is one of that id."""
        return insert_new(self.conn, bed, columns(row))

    def save(self, row: BedRow, *, seen: int) -> bool:
        """False when somebody changed it since version `seen`."""
        same = (
            bed.c.organisation == row.organisation,
            bed.c.id == row.id,
            bed.c.version == seen,
        )
        return self.conn.execute(update(bed).where(*same).values(**columns(row))).rowcount > 0
