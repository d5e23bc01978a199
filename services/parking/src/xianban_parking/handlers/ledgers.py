"""Postings of the domain as ledger rows, in the transaction of what they book."""

from __future__ import annotations

from xianban_sdk.storage import UnitOfWork

from xianban_parking.domain.ledger import Posting
from xianban_parking.repository import MACHINE, Ledger

__all__ = ["post"]


def post(uow: UnitOfWork, posting: Posting, *, lot: str, kind: str, reference: str) -> None:
    """Books a posting; one that was booked before is left as it is."""
    ledger = Ledger(uow.conn, MACHINE)
    if ledger.has(posting.id):
        return
    ledger.post(
        {
            "posting": posting.id,
            "kind": kind,
            "reference": reference,
            "account": str(entry.account),
            "lot": lot,
            "amount_fen": entry.amount_fen,
            "posted_at": posting.at,
        }
        for entry in posting.entries
    )
