"""Ability assessments, the elders whom somebody is to assess, and officially decided levels."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    delete,
    literal,
    or_,
    select,
    true,
    tuple_,
    update,
)
from xianban_sdk.errors import NotFound
from xianban_sdk.storage import insert_new, upsert

from xianban_eldercare.repository.narrowing import Page, Repository, page_of
from xianban_eldercare.repository.rows import AssessmentRow, ElderRow, OfficialLevelRow, columns
from xianban_eldercare.repository.tables import assessment, care_file, official_level

__all__ = ["Assessments", "EldersToAssess", "OfficialLevels"]

_ASSESSOR = "care-assessor"


class Assessments(Repository):
    """Assessments that the caller may see; drafts are for assessors of the elder's area."""

    def get(self, resident: str, id_: str) -> AssessmentRow:
        mine = (assessment.c.resident == resident, assessment.c.id == id_, self._shown())
        row = self.conn.execute(select(assessment).where(*mine)).mappings().first()
        if row is None:
            raise NotFound("ASSESSMENT_NOT_FOUND", field="name")
        return AssessmentRow(**row)

    def listed(self, page: Page, resident: str) -> tuple[list[AssessmentRow], str]:
        """Newest first: an id grows with the time of its making."""
        query = select(assessment).where(assessment.c.resident == resident, self._shown())
        if page.after is not None:
            query = query.where(assessment.c.id < page.after)
        query = query.order_by(assessment.c.id.desc())
        return page_of(self.conn, query, page, AssessmentRow, "id")

    def standing(self, resident: str) -> AssessmentRow | None:
        """The completed one whose level counts: the last completed."""
        done = (assessment.c.resident == resident, assessment.c.completed_at.is_not(None))
        query = select(assessment).where(*done, self._shown())
        order = (assessment.c.completed_at.desc(), assessment.c.id.desc())
        row = self.conn.execute(query.order_by(*order).limit(1)).mappings().first()
        return AssessmentRow(**row) if row else None

    def replacing(self, resident: str) -> dict[str, str]:
        """Id → the id of the completed one that corrects it."""
        done = (assessment.c.completed_at.is_not(None), assessment.c.replaces.is_not(None))
        query = select(assessment.c.replaces, assessment.c.id).where(
            assessment.c.resident == resident, *done, self._shown()
        )
        return {row.replaces: row.id for row in self.conn.execute(query)}

    def add(self, row: AssessmentRow) -> bool:
        """False when the elder has a draft already."""
        return insert_new(self.conn, assessment, columns(row))

    def save(self, row: AssessmentRow, *, seen: int) -> bool:
        """False when somebody changed it since version `seen`, or completed it."""
        changed = update(assessment).where(*self._draft(row, seen)).values(**columns(row))
        return self.conn.execute(changed).rowcount > 0

    def discard(self, row: AssessmentRow) -> bool:
        """False when it has been changed or completed meanwhile."""
        gone = delete(assessment).where(*self._draft(row, row.version))
        return self.conn.execute(gone).rowcount > 0

    def _draft(self, row: AssessmentRow, seen: int) -> tuple[ColumnElement[bool], ...]:
        return (
            assessment.c.resident == row.resident,
            assessment.c.id == row.id,
            assessment.c.version == seen,
            assessment.c.completed_at.is_(None),
            self._shown(),
        )

    def _shown(self) -> ColumnElement[bool]:
        assesses = self.scope.areas and _ASSESSOR in self.scope.roles
        finished = assessment.c.completed_at.is_not(None)
        drafts = true() if self.unrestricted or assesses else finished
        return and_(self.visible(assessment.c.resident), drafts)


class EldersToAssess(Repository):
    """Elders of the caller's areas, with their level's age and the draft under way."""

    def listed(
        self, page: Page, *, search: str, due: bool, now: datetime
    ) -> tuple[list[ElderRow], str]:
        elder = care_file.c
        shown: list[Any] = [
            elder.resident,
            elder.display_name,
            elder.area,
            elder.care_level,
            elder.level_assessed_at,
            elder.level_due_at,
            assessment.c.id.label("draft"),
        ]
        joined = care_file.outerjoin(assessment, assessment.c.draft_of == elder.resident)
        query: Any = select(*shown).select_from(joined)
        query = query.where(self.visible(elder.resident))
        if search:
            query = query.where(elder.display_name.contains(search, autoescape=True))
        if due:
            old = or_(elder.level_due_at.is_(None), elder.level_due_at <= now)
            query = query.where(or_(old, assessment.c.id.is_not(None)))
        order = (elder.display_name, elder.resident)
        if page.after is not None:
            query = query.where(tuple_(*order) > tuple_(*(literal(key) for key in page.after)))
        query = query.order_by(*order)
        return page_of(self.conn, query, page, ElderRow, "display_name", "resident")


class OfficialLevels(Repository):
    """Results of official assessments that somebody entered."""

    def find(self, resident: str) -> OfficialLevelRow | None:
        mine = (official_level.c.resident == resident, self.visible(official_level.c.resident))
        row = self.conn.execute(select(official_level).where(*mine)).mappings().first()
        return OfficialLevelRow(**row) if row else None

    def put(self, row: OfficialLevelRow) -> None:
        """The caller may see the elder; the handler has asked."""
        upsert(self.conn, official_level, columns(row))
