"""The ledger: entries and postings are added, summed and shown; nothing here changes one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Table, case, false, func, insert, literal, select, tuple_
from xianban_sdk.repository import columns, within
from xianban_sdk.storage import insert_new

from xianban_eldercare.domain.ledger import Account, Draw, EntryKind
from xianban_eldercare.repository.narrowing import Page, Repository, page_of
from xianban_eldercare.repository.order_rows import EntryRow, LotRow, PostingRow
from xianban_eldercare.repository.order_tables import (
    journal_entry,
    posting,
    subsidy_account,
    subsidy_lot,
)
from xianban_eldercare.repository.organisation_tables import organisation

__all__ = ["Books", "Moved", "Span"]

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Moved:
    """What came onto an account before a span and within it."""

    before: int = 0
    within: int = 0


class Books(Repository):
    """An elder's own, an organisation's of the caller's areas, or all of them."""

    # -- lots -----------------------------------------------------------------------------------

    def lock(self, resident: str, now: datetime) -> None:
        """Opens the account if need be; who moves an elder's subsidies is alone with them."""
        insert_new(self.conn, subsidy_account, {"resident": resident, "opened_at": now})
        query = select(subsidy_account).where(subsidy_account.c.resident == resident)
        self.conn.execute(query.with_for_update()).all()

    def add_lot(self, row: LotRow) -> bool:
        """False when the month has been granted."""
        return insert_new(self.conn, subsidy_lot, columns(row))

    def lot(self, lot_id: str) -> LotRow | None:
        query = select(subsidy_lot).where(subsidy_lot.c.id == lot_id, self._own(subsidy_lot))
        row = self.conn.execute(query).mappings().first()
        return LotRow(**row) if row else None

    def lots(self, resident: str, since: date) -> list[LotRow]:
        """Those that can still be used on the day or later, the one that ends first first."""
        query = select(subsidy_lot).where(
            subsidy_lot.c.resident == resident,
            subsidy_lot.c.last_on >= since,
            self._own(subsidy_lot),
        )
        rows = self.conn.execute(query.order_by(subsidy_lot.c.last_on, subsidy_lot.c.id))
        return [LotRow(**row) for row in rows.mappings()]

    # -- entries --------------------------------------------------------------------------------

    def add(self, row: EntryRow, postings: Sequence[PostingRow]) -> None:
        self.conn.execute(insert(journal_entry).values(**columns(row)))
        self.conn.execute(insert(posting), [columns(one) for one in postings])

    def of_order(self, order_id: str) -> list[EntryRow]:
        """Oldest first."""
        query = select(journal_entry).where(journal_entry.c.order_id == order_id)
        rows = self.conn.execute(query.order_by(journal_entry.c.id)).mappings()
        return [EntryRow(**row) for row in rows]

    def of_elder(self, resident: str, page: Page) -> tuple[list[EntryRow], str]:
        """Newest first."""
        query = select(journal_entry).where(
            journal_entry.c.resident == resident, self._own(journal_entry)
        )
        if page.after is not None:
            query = query.where(journal_entry.c.id < page.after)
        ordered = query.order_by(journal_entry.c.id.desc())
        return page_of(self.conn, ordered, page, EntryRow, "id")

    def of_organisation(
        self, organisation_id: str, span: Span, page: Page
    ) -> tuple[list[EntryRow], str]:
        """Oldest first."""
        order = (journal_entry.c.booked_at, journal_entry.c.id)
        query = select(journal_entry).where(self._theirs(organisation_id), _within(span))
        if page.after is not None:
            at, last = datetime.fromisoformat(page.after[0]), page.after[1]
            after = tuple_(literal(at, journal_entry.c.booked_at.type), literal(last))
            query = query.where(tuple_(*order) > after)
        return page_of(self.conn, query.order_by(*order), page, EntryRow, "booked_at", "id")

    def postings(self, entries: Collection[str]) -> Mapping[str, list[PostingRow]]:
        """Entry → its postings; of entries that the caller has found."""
        query = select(posting).where(posting.c.entry.in_(entries))
        found: dict[str, list[PostingRow]] = {}
        for row in self.conn.execute(query.order_by(posting.c.entry, posting.c.line)).mappings():
            found.setdefault(row["entry"], []).append(PostingRow(**row))
        return found

    # -- balances -------------------------------------------------------------------------------

    def reserved_for(self, order_id: str) -> tuple[Draw, ...]:
        """What is promised to an order, by lot."""
        total = func.sum(posting.c.amount_fen)
        query = (
            select(posting.c.lot, total.label("fen"))
            .join(journal_entry, journal_entry.c.id == posting.c.entry)
            .where(
                journal_entry.c.order_id == order_id,
                posting.c.account == Account.RESERVED.value,
            )
            .group_by(posting.c.lot)
            .having(total != 0)
            .order_by(posting.c.lot)
        )
        return tuple(Draw(row.lot, int(row.fen)) for row in self.conn.execute(query))

    def by_lot(self, resident: str) -> dict[tuple[str, str, str], int]:
        """(account, lot, kind of entry) → fen, of one elder."""
        keys = (posting.c.account, posting.c.lot, journal_entry.c.kind)
        query = (
            select(*keys, func.sum(posting.c.amount_fen).label("fen"))
            .join(journal_entry, journal_entry.c.id == posting.c.entry)
            .where(posting.c.resident == resident, self._own(posting))
            .group_by(*keys)
        )
        return {
            (row.account, row.lot or "", row.kind): int(row.fen) for row in self.conn.execute(query)
        }

    def own_due(self, resident: str) -> int:
        """Own shares asked of an elder and not yet paid."""
        mine = select(journal_entry.c.id).where(
            journal_entry.c.resident == resident, self._own(journal_entry)
        )
        query = select(func.sum(posting.c.amount_fen)).where(
            posting.c.entry.in_(mine), posting.c.account == Account.OWN_DUE.value
        )
        return int(self.conn.scalar(query) or 0)

    def moved(self, organisation_id: str, span: Span) -> dict[str, Moved]:
        """Account → what came onto it before the span and in it."""
        amount, earlier = posting.c.amount_fen, journal_entry.c.booked_at < span[0]
        query = (
            select(
                posting.c.account,
                func.sum(case((earlier, amount), else_=0)).label("before"),
                func.sum(case((earlier, 0), else_=amount)).label("within"),
            )
            .join(journal_entry, journal_entry.c.id == posting.c.entry)
            .where(
                posting.c.organisation == organisation_id,
                self._theirs(organisation_id),
                journal_entry.c.booked_at < span[1],
            )
            .group_by(posting.c.account)
        )
        return {
            row.account: Moved(int(row.before), int(row.within)) for row in self.conn.execute(query)
        }

    def lock_organisation(self, organisation_id: str) -> None:
        """Who pays an organisation is alone with it."""
        query = select(organisation.c.id).where(organisation.c.id == organisation_id)
        self.conn.execute(query.with_for_update()).all()

    def due_to(self, organisation_id: str) -> int:
        """What the district owes an organisation."""
        query = select(func.sum(posting.c.amount_fen)).where(
            posting.c.organisation == organisation_id,
            posting.c.account == Account.SUBSIDY_DUE.value,
        )
        return int(self.conn.scalar(query) or 0)

    def paid_out(self, organisation_id: str, reference: str) -> bool:
        """The transfer has been booked."""
        query = select(journal_entry.c.id).where(
            self._theirs(organisation_id),
            journal_entry.c.kind == EntryKind.PAYOUT.value,
            journal_entry.c.reference == reference,
        )
        return self.conn.scalar(query) is not None

    def counted(self, organisation_id: str, span: Span, kind: EntryKind) -> int:
        """Orders with an entry of the kind in the span."""
        query = select(func.count(func.distinct(journal_entry.c.order_id))).where(
            self._theirs(organisation_id), _within(span), journal_entry.c.kind == kind.value
        )
        return self.conn.scalar(query) or 0

    def totals(self) -> dict[str, int]:
        """Account → fen, over everybody: sums without a person."""
        query = select(posting.c.account, func.sum(posting.c.amount_fen).label("fen"))
        rows = self.conn.execute(query.group_by(posting.c.account))
        return {row.account: int(row.fen) for row in rows}

    def entries(self) -> int:
        return self.conn.scalar(select(func.count()).select_from(journal_entry)) or 0

    def unbalanced(self) -> int:
        """Entries whose postings do not sum to zero."""
        wrong = (
            select(posting.c.entry)
            .group_by(posting.c.entry)
            .having(func.sum(posting.c.amount_fen) != 0)
        )
        return self.conn.scalar(select(func.count()).select_from(wrong.subquery())) or 0

    # -- whose ----------------------------------------------------------------------------------

    def _own(self, table: Table) -> ColumnElement[bool]:
        """Rows of the elder the call is about."""
        return self.own(table.c.resident)

    def _theirs(self, organisation_id: str) -> ColumnElement[bool]:
        """Entries of an organisation in the caller's areas."""
        if self.unrestricted:
            return journal_entry.c.organisation == organisation_id
        if not self.scope.areas:
            return false()
        here = select(organisation.c.id).where(within(self.scope.areas, organisation.c.area))
        return (journal_entry.c.organisation == organisation_id) & (
            journal_entry.c.organisation.in_(here)
        )


def _within(span: Span) -> ColumnElement[bool]:
    first, end = span
    return (journal_entry.c.booked_at >= first) & (journal_entry.c.booked_at < end)
