"""The ledger of subsidies and own shares: entries whose postings sum to zero, in integer fen.

An amount is what comes into an account; below zero it goes out. An entry is never changed: what
was wrong is taken back by another one. DISTRICT and OWN_SHARE are where money comes from and lie
below zero; no other account ever does, but SUBSIDY_DUE after a refund of what was paid out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

__all__ = [
    "SOURCES",
    "Account",
    "Draw",
    "Entry",
    "EntryKind",
    "Posting",
    "charged",
    "expired",
    "granted",
    "paid",
    "paid_out",
    "released",
    "reserved",
    "reversal",
    "settled",
]


class Account(StrEnum):
    """Where money lies, and whose it is."""

    # The district's fund.
    DISTRICT = "district"
    # An elder's subsidies, by lot: free, and promised to orders.
    AVAILABLE = "available"
    RESERVED = "reserved"
    # What the district owes an organisation for services done.
    SUBSIDY_DUE = "subsidy-due"
    # And has paid.
    SUBSIDY_PAID = "subsidy-paid"
    # An elder's own purse, and an organisation's claim on it and receipts from it.
    OWN_SHARE = "own-share"
    OWN_DUE = "own-due"
    OWN_PAID = "own-paid"


SOURCES: Final = frozenset({Account.DISTRICT, Account.OWN_SHARE})


class EntryKind(StrEnum):
    """What an entry books."""

    GRANT = "grant"
    RESERVE = "reserve"
    RELEASE = "release"
    SETTLE = "settle"
    PAY = "pay"
    EXPIRE = "expire"
    CHARGE = "charge"
    REVERSE = "reverse"
    PAYOUT = "payout"


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of an entry."""

    account: Account
    amount_fen: int
    resident: str = ""
    organisation: str = ""
    lot: str = ""


@dataclass(frozen=True, slots=True)
class Draw:
    """Fen of one lot."""

    lot: str
    fen: int


@dataclass(frozen=True, slots=True)
class Entry:
    """Postings that belong together; one that does not balance can't be built."""

    kind: EntryKind
    postings: tuple[Posting, ...]
    reverses: str = ""

    def __post_init__(self) -> None:
        total = sum(one.amount_fen for one in self.postings)
        if total:
            raise ValueError(f"a {self.kind} entry that is {total} fen out of balance")


def _entry(kind: EntryKind, postings: Iterable[Posting]) -> Entry:
    """Nothing is booked where nothing moves."""
    return Entry(kind, tuple(one for one in postings if one.amount_fen))


def granted(resident: str, lot: str, fen: int) -> Entry:
    return _entry(
        EntryKind.GRANT,
        [Posting(Account.DISTRICT, -fen), Posting(Account.AVAILABLE, fen, resident, lot=lot)],
    )


def expired(resident: str, lot: str, fen: int) -> Entry:
    """What nobody used goes back."""
    return _entry(
        EntryKind.EXPIRE,
        [Posting(Account.AVAILABLE, -fen, resident, lot=lot), Posting(Account.DISTRICT, fen)],
    )


def reserved(resident: str, draws: Iterable[Draw]) -> Entry:
    return _entry(EntryKind.RESERVE, _moved(resident, draws, Account.AVAILABLE, Account.RESERVED))


def released(resident: str, draws: Iterable[Draw]) -> Entry:
    return _entry(EntryKind.RELEASE, _moved(resident, draws, Account.RESERVED, Account.AVAILABLE))


def _moved(resident: str, draws: Iterable[Draw], out: Account, into: Account) -> list[Posting]:
    return [
        Posting(account, fen, resident, lot=draw.lot)
        for draw in draws
        for account, fen in ((out, -draw.fen), (into, draw.fen))
    ]


def settled(resident: str, organisation: str, draws: Iterable[Draw], own_fen: int) -> Entry:
    """The service was done: the reserved subsidy is earned, the own share is asked for."""
    spent = list(draws)
    return _entry(
        EntryKind.SETTLE,
        [
            *(Posting(Account.RESERVED, -one.fen, resident, lot=one.lot) for one in spent),
            Posting(Account.SUBSIDY_DUE, sum(one.fen for one in spent), organisation=organisation),
            *_asked(resident, organisation, own_fen),
        ],
    )


def charged(resident: str, organisation: str, fen: int) -> Entry:
    """Nobody was there: asked of the elder alone, a subsidy pays for services only."""
    return _entry(EntryKind.CHARGE, _asked(resident, organisation, fen))


def _asked(resident: str, organisation: str, fen: int) -> list[Posting]:
    return [
        Posting(Account.OWN_SHARE, -fen, resident),
        Posting(Account.OWN_DUE, fen, organisation=organisation),
    ]


def paid(organisation: str, fen: int) -> Entry:
    """The own share was paid on the spot, against a receipt."""
    return _entry(
        EntryKind.PAY,
        [
            Posting(Account.OWN_DUE, -fen, organisation=organisation),
            Posting(Account.OWN_PAID, fen, organisation=organisation),
        ],
    )


def paid_out(organisation: str, fen: int) -> Entry:
    """The district's finance system has paid what was due."""
    return _entry(
        EntryKind.PAYOUT,
        [
            Posting(Account.SUBSIDY_DUE, -fen, organisation=organisation),
            Posting(Account.SUBSIDY_PAID, fen, organisation=organisation),
        ],
    )


def reversal(entry: Entry, entry_id: str) -> Entry:
    """Takes an entry back, posting by posting."""
    back = tuple(replace(one, amount_fen=-one.amount_fen) for one in entry.postings)
    return Entry(EntryKind.REVERSE, back, entry_id)
