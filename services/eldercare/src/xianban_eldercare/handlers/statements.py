"""Showing the ledger: an elder's entries, an organisation's month, the books as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection
from xianban_sdk.clock import midnight

from xianban_eldercare.domain.ledger import Account, EntryKind
from xianban_eldercare.domain.subsidies import months_after
from xianban_eldercare.repository import MACHINE, CareFiles, Organisations, Scope
from xianban_eldercare.repository.books import Books, Moved, Span
from xianban_eldercare.repository.catalogue import Catalogue
from xianban_eldercare.repository.order_rows import EntryRow, ItemRow, OrderRow, PostingRow
from xianban_eldercare.repository.orders import Orders

__all__ = ["Line", "Proof", "Statement", "lines", "proof", "span_of", "statement"]


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with what a reader wants to know of it."""

    row: EntryRow
    postings: Sequence[PostingRow]
    order: OrderRow | None
    item: ItemRow | None
    elder: str


@dataclass(frozen=True, slots=True)
class Statement:
    """An organisation's month."""

    organisation: str
    display: str
    accounts: dict[Account, Moved]
    orders: int
    refunds: int


@dataclass(frozen=True, slots=True)
class Proof:
    """That the books are right, or are not."""

    accounts: dict[str, int]
    entries: int
    unbalanced: int


# An organisation's own accounts.
_THEIRS = (Account.SUBSIDY_DUE, Account.SUBSIDY_PAID, Account.OWN_DUE, Account.OWN_PAID)


def span_of(month: date) -> Span:
    """The local month's first instant, and the next one's."""
    return midnight(month), midnight(months_after(month, 1))


def statement(organisation: str, span: Span, *, scope: Scope, conn: Connection) -> Statement:
    row = Organisations(conn, scope).own_one(organisation, field="parent")
    books = Books(conn, scope)
    found = books.moved(organisation, span)
    return Statement(
        organisation=row.id,
        display=row.display_name,
        accounts={one: found.get(one.value, Moved()) for one in _THEIRS},
        orders=books.counted(organisation, span, EntryKind.SETTLE),
        refunds=books.counted(organisation, span, EntryKind.REVERSE),
    )


def lines(rows: Sequence[EntryRow], *, names: bool, conn: Connection) -> list[Line]:
    """Of entries that the caller has found; `names`: with the elders', for an organisation."""
    postings = Books(conn, MACHINE).postings([row.id for row in rows])
    orders = Orders(conn, MACHINE).several({row.order_id for row in rows if row.order_id})
    items = Catalogue(conn, MACHINE).versions(
        {(one.organisation, one.item, one.item_version) for one in orders.values()}
    )
    people = {row.resident for row in rows if row.resident} if names else set[str]()
    files = CareFiles(conn, MACHINE).several(people)
    made: list[Line] = []
    for row in rows:
        order = orders.get(row.order_id or "")
        item = items.get((order.organisation, order.item, order.item_version)) if order else None
        file = files.get(row.resident or "")
        elder = file.display_name if file else ""
        made.append(Line(row, postings.get(row.id, []), order, item, elder))
    return made


def proof(*, conn: Connection) -> Proof:
    """Sums over everybody; nobody's are among them."""
    books = Books(conn, MACHINE)
    return Proof(books.totals(), books.entries(), books.unbalanced())
