"""Elders' files."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import literal, select, tuple_, update
from xianban_sdk.errors import NotFound
from xianban_sdk.storage import insert_new

from xianban_eldercare.repository.narrowing import Page, Repository, page_of
from xianban_eldercare.repository.rows import CareFileRow, columns
from xianban_eldercare.repository.tables import care_file

__all__ = ["CareFiles"]


class CareFiles(Repository):
    """Files that the caller may see."""

    def get(self, resident: str, *, lock: bool = False) -> CareFileRow:
        row = self.find(resident, lock=lock)
        if row is None:
            raise NotFound("CARE_FILE_NOT_FOUND", field="name")
        return row

    def find(self, resident: str, *, lock: bool = False) -> CareFileRow | None:
        mine = (care_file.c.resident == resident, self.visible(care_file.c.resident))
        query = select(care_file).where(*mine)
        row = self.conn.execute(query.with_for_update() if lock else query).mappings().first()
        return CareFileRow(**row) if row else None

    def several(self, residents: Collection[str]) -> dict[str, CareFileRow]:
        """Resident → file."""
        query = select(care_file).where(
            care_file.c.resident.in_(residents), self.visible(care_file.c.resident)
        )
        return {row["resident"]: CareFileRow(**row) for row in self.conn.execute(query).mappings()}

    def listed(self, page: Page, *, search: str, least: int) -> tuple[list[CareFileRow], str]:
        """Files in the caller's areas, by name."""
        query = select(care_file).where(self.visible(care_file.c.resident))
        if search:
            query = query.where(care_file.c.display_name.contains(search, autoescape=True))
        if least:
            query = query.where(care_file.c.care_level >= least)
        order = (care_file.c.display_name, care_file.c.resident)
        if page.after is not None:
            query = query.where(tuple_(*order) > tuple_(*(literal(key) for key in page.after)))
        query = query.order_by(*order)
        return page_of(self.conn, query, page, CareFileRow, "display_name", "resident")

    def after(self, resident: str, limit: int) -> list[str]:
        """Elders whom the caller sees, by id."""
        query = select(care_file.c.resident).where(
            care_file.c.resident > resident, self.visible(care_file.c.resident)
        )
        return list(self.conn.scalars(query.order_by(care_file.c.resident).limit(limit)))

    def add(self, row: CareFileRow) -> bool:
        """False when the elder has a file already."""
        return insert_new(self.conn, care_file, columns(row))

    def save(self, row: CareFileRow, *, seen: int) -> bool:
        """False when somebody changed the file since version `seen`."""
        same = (care_file.c.resident == row.resident, care_file.c.version == seen)
        return self.conn.execute(update(care_file).where(*same).values(**columns(row))).rowcount > 0

    def set_level(self, resident: str, level: int, assessed: datetime, due: datetime) -> None:
        """What an assessment found; whoever has the file open must look again."""
        mine = (care_file.c.resident == resident, self.visible(care_file.c.resident))
        found = {
            "care_level": level,
            "level_assessed_at": assessed,
            "level_due_at": due,
            "version": care_file.c.version + 1,
        }
        self.conn.execute(update(care_file).where(*mine).values(**found))
