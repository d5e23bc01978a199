"""Writing entries into the ledger: the one way in, and none out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xianban_sdk.clock import local_day
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.domain.ledger import (
    Account,
    Draw,
    Entry,
    EntryKind,
    Posting,
    expired,
    released,
    reversal,
)
from xianban_eldercare.repository import MACHINE
from xianban_eldercare.repository.books import Books
from xianban_eldercare.repository.order_rows import EntryRow, OrderRow, PostingRow

__all__ = ["About", "about", "book", "release", "take_back"]


@dataclass(frozen=True, slots=True)
class About:
    """Whose entry it is."""

    resident: str | None
    organisation: str | None = None
    order: str | None = None
    reference: str = ""


def about(row: OrderRow) -> About:
    return About(row.resident, row.organisation, row.id)


def book(entry: Entry, whose: About, *, uow: UnitOfWork) -> EntryRow | None:
    """Where nothing moves, nothing is written."""
    if not entry.postings:
        return None
    row = EntryRow(
        id=uow.ids.new(),
        kind=entry.kind.value,
        booked_at=uow.clock.now(),
        resident=whose.resident,
        organisation=whose.organisation,
        order_id=whose.order,
        reverses=entry.reverses or None,
        reference=whose.reference,
    )
    numbered = enumerate(entry.postings)
    Books(uow.conn, MACHINE).add(row, [_written(row.id, line, one) for line, one in numbered])
    return row


def _written(entry: str, line: int, one: Posting) -> PostingRow:
    return PostingRow(
        entry=entry,
        line=line,
        account=one.account.value,
        resident=one.resident or None,
        organisation=one.organisation or None,
        lot=one.lot or None,
        amount_fen=one.amount_fen,
    )


def release(row: OrderRow, *, uow: UnitOfWork) -> None:
    """What was promised to the order is free again; of a lot that is over it goes back.

    The caller has locked the elder's account.
    """
    draws = Books(uow.conn, MACHINE).reserved_for(row.id)
    book(released(row.resident, draws), about(row), uow=uow)
    for draw in _over(draws, uow):
        book(expired(row.resident, draw.lot, draw.fen), About(row.resident), uow=uow)


def _over(draws: Iterable[Draw], uow: UnitOfWork) -> list[Draw]:
    books, today = Books(uow.conn, MACHINE), local_day(uow.clock.now())
    lots = [(draw, books.lot(draw.lot)) for draw in draws]
    return [draw for draw, lot in lots if lot is not None and lot.last_on < today]


def take_back(row: OrderRow, *, uow: UnitOfWork) -> None:
    """Reverses what the service booked, the last first; then the promise is released."""
    books = Books(uow.conn, MACHINE)
    booked = [one for one in books.of_order(row.id) if one.kind in _SERVICE]
    postings = books.postings([one.id for one in booked])
    for one in reversed(booked):
        entry = _read(one, postings[one.id])
        book(reversal(entry, one.id), about(row), uow=uow)
    release(row, uow=uow)


_SERVICE = {EntryKind.SETTLE.value, EntryKind.PAY.value}


def _read(row: EntryRow, postings: Sequence[PostingRow]) -> Entry:
    return Entry(
        EntryKind(row.kind),
        tuple(
            Posting(
                Account(one.account),
                one.amount_fen,
                one.resident or "",
                one.organisation or "",
                one.lot or "",
            )
            for one in postings
        ),
    )
