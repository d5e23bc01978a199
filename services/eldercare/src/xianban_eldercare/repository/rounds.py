"""Proposals to look after elders, and the elders who may be frail and on their own."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select, or_, select, union, update
from xianban_sdk.errors import NotFound
from xianban_sdk.repository import columns
from xianban_sdk.storage import insert_new

from xianban_eldercare.repository.narrowing import Page, Repository, page_of
from xianban_eldercare.repository.tables import care_file
from xianban_eldercare.repository.weather_rows import ProposalRow
from xianban_eldercare.repository.weather_tables import round_proposal

__all__ = ["Rounds"]

_ON_THEIR_OWN = ("alone", "with-spouse", "")
_OPEN = round_proposal.c.state == "proposed"


class Rounds(Repository):
    """Proposals about elders of the caller's areas."""

    def get(self, proposal: str, organisation: str) -> ProposalRow:
        """Locked; one of the organisation's list."""
        query = self._of(organisation).where(round_proposal.c.id == proposal)
        row = self.conn.execute(query.with_for_update(of=round_proposal)).mappings().first()
        if row is None:
            raise NotFound("ROUND_PROPOSAL_NOT_FOUND", field="name")
        return ProposalRow(**row)

    def listed(self, organisation: str, page: Page, *, over: bool) -> tuple[list[ProposalRow], str]:
        """Newest first; `over`: those that are settled, too."""
        query = self._of(organisation)
        if not over:
            query = query.where(_OPEN)
        if page.after is not None:
            query = query.where(round_proposal.c.id < page.after)
        ordered = query.order_by(round_proposal.c.id.desc())
        return page_of(self.conn, ordered, page, ProposalRow, "id")

    def of_residents(self, residents: Collection[str]) -> list[ProposalRow]:
        """Of each elder and hazard the newest is last."""
        query = select(round_proposal).where(
            round_proposal.c.resident.in_(residents), self.visible(round_proposal.c.resident)
        )
        rows = self.conn.execute(query.order_by(round_proposal.c.id).with_for_update()).mappings()
        return [ProposalRow(**row) for row in rows]

    def candidates(self, after: str, limit: int, *, every: bool) -> list[str]:
        """Whom to look at, by id: those with an open proposal and, if `every`, who may get one."""
        proposed = select(round_proposal.c.resident).where(_OPEN, round_proposal.c.resident > after)
        found = proposed
        if every:
            alone = (care_file.c.living.in_(_ON_THEIR_OWN), care_file.c.resident > after)
            found = union(proposed, select(care_file.c.resident).where(*alone))
        people = found.subquery()
        query = select(people.c.resident).distinct().order_by(people.c.resident).limit(limit)
        return list(self.conn.scalars(query))

    def add(self, row: ProposalRow) -> bool:
        """False when one is open for the same hazard."""
        return insert_new(self.conn, round_proposal, columns(row))

    def save(self, row: ProposalRow) -> None:
        """Whoever saves has locked it."""
        same = round_proposal.c.id == row.id
        self.conn.execute(update(round_proposal).where(same).values(**columns(row)))

    def _of(self, organisation: str) -> Select[tuple[ProposalRow]]:
        """Whose station it is; who has none is on the list of every one of their area."""
        stations = (f"organisations/{organisation}", "")
        query = select(round_proposal).join(
            care_file, care_file.c.resident == round_proposal.c.resident
        )
        return query.where(
            or_(*(care_file.c.station == one for one in stations)),
            self.in_areas(round_proposal.c.resident),
        )
