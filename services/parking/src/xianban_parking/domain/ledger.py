"""Double-entry ledger in integer fen: a posting that does not balance can't be built.

Debits are positive, credits negative. Receivable > 0 means a session's owner still owes (arrears),
< 0 means money is due back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from xianban_parking.domain.calendar import as_utc
from xianban_parking.domain.errors import PaymentError

__all__ = [
    "Account",
    "Entry",
    "Ledger",
    "Posting",
    "adjustment_posting",
    "capture_posting",
    "charge_posting",
    "refund_posting",
]


class Account(StrEnum):
    """The accounts of a lot; REFUNDS and CONCESSIONS are kept apart from revenue on purpose."""

    RECEIVABLE = "resident_receivable"
    REVENUE = "operator_revenue"
    CLEARING = "provider_clearing"
    REFUNDS = "refunds"
    CONCESSIONS = "concessions"


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a posting; `owner` is the session the money belongs to."""

    account: Account
    owner: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Posting:
    """A dated set of entries that sum to zero; the id makes repeating it harmless."""

    id: str
    at: datetime
    entries: tuple[Entry, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", as_utc(self.at, "at"))
        total = sum(entry.amount_fen for entry in self.entries)
        if total or not self.entries:
            raise PaymentError("POSTING_UNBALANCED", "entries", {"sum_fen": total})


@dataclass(frozen=True, slots=True)
class Ledger:
    """Postings by id, in the order they were made; never changed, only added to."""

    postings: Mapping[str, Posting] = field(default_factory=dict[str, Posting])

    def post(self, postings: Iterable[Posting]) -> Ledger:
        """The ledger with these postings; one already there is left, a different one refused."""
        after = dict(self.postings)
        for posting in postings:
            before = after.setdefault(posting.id, posting)
            if before.entries != posting.entries:
                raise PaymentError("POSTING_CONFLICT", "id", {"posting": posting.id})
        return Ledger(after)

    def balance(self, account: Account, owner: str | None = None) -> int:
        """Fen on an account, of one session or of all."""
        return sum(
            entry.amount_fen
            for posting in self.postings.values()
            for entry in posting.entries
            if entry.account is account and owner in (None, entry.owner)
        )

    def arrears(self, owner: str) -> int:
        """What is still owed for a session."""
        return max(0, self.balance(Account.RECEIVABLE, owner))

    def credit(self, owner: str) -> int:
        """What is due back for a session, for example after paying twice."""
        return max(0, -self.balance(Account.RECEIVABLE, owner))


def charge_posting(
    posting_id: str, owner: str, total_fen: int, concessions_fen: int, at: datetime
) -> Posting:
    """A session is charged; what concessions took off is shown, not silently missing revenue."""
    _not_negative(total_fen, "total_fen")
    _not_negative(concessions_fen, "concessions_fen")
    entries = (
        Entry(Account.RECEIVABLE, owner, total_fen),
        Entry(Account.CONCESSIONS, owner, concessions_fen),
        Entry(Account.REVENUE, owner, -total_fen - concessions_fen),
    )
    return Posting(posting_id, at, entries)


def adjustment_posting(posting_id: str, owner: str, amount_fen: int, at: datetime) -> Posting:
    """A correction of a charge: above zero is more owed, below zero is given back."""
    against = Account.REVENUE if amount_fen > 0 else Account.REFUNDS
    entries = (
        Entry(Account.RECEIVABLE, owner, amount_fen),
        Entry(against, owner, -amount_fen),
    )
    return Posting(posting_id, at, entries)


def capture_posting(posting_id: str, owner: str, amount_fen: int, at: datetime) -> Posting:
    """The provider took the money from the resident."""
    entries = (
        Entry(Account.CLEARING, owner, amount_fen),
        Entry(Account.RECEIVABLE, owner, -amount_fen),
    )
    return Posting(posting_id, at, entries)


def refund_posting(posting_id: str, owner: str, amount_fen: int, at: datetime) -> Posting:
    """The provider gave money back; the credit for it was booked by an adjustment."""
    entries = (
        Entry(Account.RECEIVABLE, owner, amount_fen),
        Entry(Account.CLEARING, owner, -amount_fen),
    )
    return Posting(posting_id, at, entries)


def _not_negative(value: int, name: str) -> None:
    if value < 0:
        raise PaymentError("OUT_OF_RANGE", name, {"value": value})
