"""Organisations: public facts that the staff of their area write."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, func, literal, select, true, tuple_, update
from xianban_sdk.errors import NotFound
from xianban_sdk.repository import columns, covers, within
from xianban_sdk.storage import insert_new

from xianban_eldercare.repository.narrowing import Page, Repository, page_of
from xianban_eldercare.repository.organisation_rows import OrganisationRow
from xianban_eldercare.repository.organisation_tables import bed, organisation

__all__ = ["Organisations"]


class Organisations(Repository):
    """Anybody finds an organisation; who answers for it, its area says."""

    def get(self, organisation_id: str) -> OrganisationRow:
        row = self.find(organisation_id)
        if row is None:
            raise NotFound("ORGANISATION_NOT_FOUND", field="name")
        return row

    def own_one(self, organisation_id: str, *, field: str = "name") -> OrganisationRow:
        """One of the caller's areas; any other answers as an absent one."""
        row = self.find(organisation_id)
        if row is None or not self.answers_for(row.area):
            raise NotFound("ORGANISATION_NOT_FOUND", field=field)
        return row

    def answers_for(self, area: str) -> bool:
        return self.unrestricted or covers(self.scope.areas, area)

    def find(self, organisation_id: str) -> OrganisationRow | None:
        query = select(organisation).where(organisation.c.id == organisation_id)
        row = self.conn.execute(query).mappings().first()
        return OrganisationRow(**row) if row else None

    def listed(self, page: Page, *, area: str, kind: str) -> tuple[list[OrganisationRow], str]:
        """By name."""
        order = (organisation.c.display_name, organisation.c.id)
        query = select(organisation).where(_in(area)).order_by(*order)
        if kind:
            query = query.where(organisation.c.kind == kind)
        if page.after is not None:
            query = query.where(tuple_(*order) > tuple_(*(literal(key) for key in page.after)))
        return page_of(self.conn, query, page, OrganisationRow, "display_name", "id")

    def free_beds(self, ids: Collection[str]) -> Mapping[str, dict[str, int]]:
        """Organisation → kind of bed → how many are free; nobody's name is in it."""
        query = (
            select(bed.c.organisation, bed.c.kind, func.count().label("free"))
            .where(bed.c.organisation.in_(ids), bed.c.state == "free")
            .group_by(bed.c.organisation, bed.c.kind)
        )
        found: dict[str, dict[str, int]] = {}
        for row in self.conn.execute(query):
            found.setdefault(row.organisation, {})[row.kind] = row.free
        return found

    def names(self, ids: Collection[str]) -> dict[str, str]:
        query = select(organisation.c.id, organisation.c.display_name)
        rows = self.conn.execute(query.where(organisation.c.id.in_(ids)))
        return {row.id: row.display_name for row in rows}

    def add(self, row: OrganisationRow) -> bool:
        """False when there is one of that id."""
        return insert_new(self.conn, organisation, columns(row))

    def save(self, row: OrganisationRow, *, seen: int) -> bool:
        """False when somebody changed it since version `seen`."""
        same = (organisation.c.id == row.id, organisation.c.version == seen)
        statement = update(organisation).where(*same).values(**columns(row))
        return self.conn.execute(statement).rowcount > 0


def _in(area: str) -> ColumnElement[bool]:
    return within((area,), organisation.c.area) if area else true()
