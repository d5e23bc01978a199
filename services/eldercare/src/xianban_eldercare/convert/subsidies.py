"""Subsidies and the ledger: protobuf ⇄ rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from xianban.eldercare.v1 import subsidies_pb2 as pb
from xianban_sdk.i18n import text
from xianban_sdk.wire import day, stamp

from xianban_eldercare.domain.ledger import Account, EntryKind
from xianban_eldercare.domain.subsidies import Lot, SubsidyRules
from xianban_eldercare.events import yuan
from xianban_eldercare.handlers.statements import Line, Proof, Statement
from xianban_eldercare.handlers.subsidies import Purse, purse_of
from xianban_eldercare.repository.order_rows import LotRow
from xianban_eldercare.rules import SUBSIDIES

__all__ = ["Seen", "account", "entry", "ledger_balance", "month_of", "statement"]

_PACKAGE: Final = "xianban_eldercare"
_ACCOUNTS: Final = {
    Account.DISTRICT: pb.LEDGER_ACCOUNT_DISTRICT,
    Account.AVAILABLE: pb.LEDGER_ACCOUNT_AVAILABLE,
    Account.RESERVED: pb.LEDGER_ACCOUNT_RESERVED,
    Account.SUBSIDY_DUE: pb.LEDGER_ACCOUNT_SUBSIDY_DUE,
    Account.OWN_SHARE: pb.LEDGER_ACCOUNT_OWN_SHARE,
    Account.OWN_DUE: pb.LEDGER_ACCOUNT_OWN_DUE,
    Account.OWN_PAID: pb.LEDGER_ACCOUNT_OWN_PAID,
    Account.SUBSIDY_PAID: pb.LEDGER_ACCOUNT_SUBSIDY_PAID,
}
_KINDS: Final = {
    EntryKind.GRANT: pb.ENTRY_KIND_GRANT,
    EntryKind.RESERVE: pb.ENTRY_KIND_RESERVE,
    EntryKind.RELEASE: pb.ENTRY_KIND_RELEASE,
    EntryKind.SETTLE: pb.ENTRY_KIND_SETTLE,
    EntryKind.PAY: pb.ENTRY_KIND_PAY,
    EntryKind.EXPIRE: pb.ENTRY_KIND_EXPIRE,
    EntryKind.CHARGE: pb.ENTRY_KIND_CHARGE,
    EntryKind.REVERSE: pb.ENTRY_KIND_REVERSE,
    EntryKind.PAYOUT: pb.ENTRY_KIND_PAYOUT,
}
Sums = Mapping[tuple[str, str, str], int]


def month_of(written: str) -> date:
    """ "2026-11" → its first day."""
    return day(f"{written}-01", "month")


# -- an elder's -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """What an elder's account is made of."""

    resident: str
    lots: list[LotRow]
    # What this month would grant with the first order.
    foreseen: list[Lot]
    sums: Sums
    own_due: int


def account(seen: Seen, today: date, locale: str) -> pb.SubsidyAccount:
    lots, sums = seen.lots, seen.sums
    whole = purse_of(sums, "")
    usable = [lot for lot in lots if lot.first_on <= today]
    now = sum((purse_of(sums, lot.id) for lot in usable), Purse())
    rules = [one for one in SUBSIDIES if one.effective_from <= today]
    return pb.SubsidyAccount(
        name=f"residents/{seen.resident}/subsidyAccount",
        sentence=_sentence(usable, seen.foreseen, now, whole, locale),
        available_fen=now.available,
        reserved_fen=whole.reserved,
        granted_fen=whole.granted,
        spent_fen=whole.spent,
        expired_fen=whole.expired,
        own_due_fen=seen.own_due,
        lots=[_lot(lot, purse_of(sums, lot.id), locale) for lot in lots],
        source=rules[-1].sources[locale] if rules else "",
    )


def _sentence(
    usable: list[LotRow], foreseen: list[Lot], now: Purse, whole: Purse, locale: str
) -> str:
    if not usable and foreseen:
        fen = sum(lot.left for lot in foreseen)
        return text("subsidy-foreseen", locale, _PACKAGE, sum=yuan(fen))
    if not usable:
        return text("subsidy-none", locale, _PACKAGE)
    said = {
        "available": yuan(now.available),
        "reserved": yuan(whole.reserved),
        "last": min(lot.last_on for lot in usable).isoformat(),
    }
    return text("subsidy-sentence", locale, _PACKAGE, **said)


def _lot(lot: LotRow, purse: Purse, locale: str) -> pb.SubsidyLot:
    return pb.SubsidyLot(
        subsidy=lot.key,
        title=_title(lot, locale),
        first_date=lot.first_on.isoformat(),
        last_date=lot.last_on.isoformat(),
        granted_fen=purse.granted,
        available_fen=purse.available,
        reserved_fen=purse.reserved,
        spent_fen=purse.spent,
        expired_fen=purse.expired,
        rules=lot.rules,
    )


def _title(lot: LotRow, locale: str) -> str:
    """By the rules under which it was granted; those are never taken away."""
    rules: SubsidyRules = next(one for one in SUBSIDIES if one.version == lot.rules)
    return next(one.texts[locale] for one in rules.grants if one.key == lot.key)


# -- entries --------------------------------------------------------------------------------


def entry(line: Line) -> pb.LedgerEntry:
    row, order, item = line.row, line.order, line.item
    return pb.LedgerEntry(
        entry=row.id,
        kind=_KINDS[EntryKind(row.kind)],
        book_time=stamp(row.booked_at),
        order=order.name if order else "",
        display_name=item.display_name if item else "",
        display_name_en=item.display_name_en if item else "",
        postings=[
            pb.Posting(account=_ACCOUNTS[Account(one.account)], amount_fen=one.amount_fen)
            for one in line.postings
        ],
        reverses=row.reverses or "",
        elder_display=line.elder,
        reference=row.reference,
    )


def statement(found: Statement, month: str) -> pb.Statement:
    return pb.Statement(
        organisation=f"organisations/{found.organisation}",
        organisation_display=found.display,
        month=month,
        balances=[
            pb.StatementBalance(
                account=_ACCOUNTS[one],
                opening_fen=moved.before,
                change_fen=moved.within,
                closing_fen=moved.before + moved.within,
            )
            for one, moved in found.accounts.items()
        ],
        orders=found.orders,
        refunds=found.refunds,
    )


def ledger_balance(found: Proof) -> pb.LedgerBalance:
    return pb.LedgerBalance(
        accounts=[
            pb.AccountBalance(account=shown, balance_fen=found.accounts.get(one.value, 0))
            for one, shown in _ACCOUNTS.items()
        ],
        sum_fen=sum(found.accounts.values()),
        entries=found.entries,
        unbalanced_entries=found.unbalanced,
    )
