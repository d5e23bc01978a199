"""What the district has paid organisations, booked after its finance system paid it."""

from __future__ import annotations

from xianban_sdk.errors import AlreadyExists, FailedPrecondition
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.domain.ledger import paid_out
from xianban_eldercare.events import yuan
from xianban_eldercare.handlers.booking import About, book
from xianban_eldercare.repository import Organisations, Scope
from xianban_eldercare.repository.books import Books
from xianban_eldercare.repository.order_rows import EntryRow

__all__ = ["record_payout"]


def record_payout(
    organisation: str, fen: int, reference: str, *, scope: Scope, uow: UnitOfWork
) -> EntryRow:
    """Each transfer once, and never more than is due."""
    Organisations(uow.conn, scope).own_one(organisation, field="parent")
    books = Books(uow.conn, scope)
    books.lock_organisation(organisation)
    if books.paid_out(organisation, reference):
        raise AlreadyExists("PAYOUT_BOOKED", field="reference")
    due = books.due_to(organisation)
    if fen > due:
        raise FailedPrecondition("PAYOUT_TOO_MUCH", field="amount_fen", due=yuan(max(due, 0)))
    row = book(paid_out(organisation, fen), About(None, organisation, reference=reference), uow=uow)
    assert row is not None, "at least a fen moves"
    return row
