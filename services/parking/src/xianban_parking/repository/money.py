"""Payments, refunds, receipts and the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from xianban_sdk.errors import NotFound
from xianban_sdk.storage import insert_new

from xianban_parking.repository.money_tables import (
    ledger_entry,
    payment,
    payment_callback,
    receipt,
    receipt_counter,
    refund,
)
from xianban_parking.repository.narrowing import Page, Repository, page_of
from xianban_parking.repository.rows import PaymentRow, ReceiptRow, RefundRow

__all__ = ["Ledger", "Payments", "Receipts", "Refunds"]

OPEN = ("quoted", "authorised")
GIVEN = ("captured", "partially_refunded", "refunded")


class Payments(Repository):
    """Payments: the subject's own; those of their lots for staff; all for the service itself."""

    def listed(self, page: Page) -> tuple[list[PaymentRow], str]:
        query = select(payment).where(self.own(payment.c.resident)).order_by(payment.c.id.desc())
        if page.after is not None:
            query = query.where(payment.c.id < page.after)
        return page_of(self.conn, query, page, PaymentRow, "id")

    def of_lot(self, lot_id: str, page: Page) -> tuple[list[PaymentRow], str]:
        query = select(payment).where(payment.c.lot == lot_id, self.in_areas(payment.c.lot))
        query = query.order_by(payment.c.id.desc())
        if page.after is not None:
            query = query.where(payment.c.id < page.after)
        return page_of(self.conn, query, page, PaymentRow, "id")

    def get(self, payment_id: str, *, field: str = "name", locked: bool = False) -> PaymentRow:
        query = select(payment).where(
            payment.c.id == payment_id, self.visible(payment.c.resident, payment.c.lot)
        )
        if locked:
            query = query.with_for_update()
        row = self.conn.execute(query).mappings().first()
        if row is None:
            raise NotFound("PAYMENT_NOT_FOUND", field=field)
        return PaymentRow(**row)

    def open_of(self, payable: str) -> PaymentRow | None:
        query = select(payment).where(payment.c.payable == payable, payment.c.state.in_(OPEN))
        row = self.conn.execute(query).mappings().first()
        return PaymentRow(**row) if row else None

    def given_for(self, payable: str) -> list[PaymentRow]:
        """Payments whose money came, newest first: what a refund can be taken from."""
        query = select(payment).where(payment.c.payable == payable, payment.c.state.in_(GIVEN))
        query = query.order_by(payment.c.id.desc())
        return [PaymentRow(**row) for row in self.conn.execute(query).mappings()]

    def add(self, row: Mapping[str, Any]) -> bool:
        """False when the payable has an open payment already."""
        return insert_new(self.conn, payment, row)

    def change(self, payment_id: str, **values: Any) -> None:
        self.conn.execute(update(payment).where(payment.c.id == payment_id).values(**values))

    def keep_callback(self, row: Mapping[str, Any]) -> bool:
        """False when the provider told this before."""
        return insert_new(self.conn, payment_callback, row)


class Refunds(Repository):
    """Money to give back: a durable to-do list, worked off outside transactions."""

    def add(self, row: Mapping[str, Any]) -> None:
        self.conn.execute(insert(refund).values(**row))

    def requested(self, payment_id: str) -> int:
        """What was promised back in all, done or not."""
        total = select(func.coalesce(func.sum(refund.c.amount_fen), 0))
        return int(self.conn.scalar(total.where(refund.c.payment == payment_id)) or 0)

    def pending(self, payable: str) -> int:
        """Promised back for a stay or permit and not given yet."""
        total = select(func.coalesce(func.sum(refund.c.amount_fen), 0))
        total = total.join_from(refund, payment, payment.c.id == refund.c.payment)
        waiting = (payment.c.payable == payable, refund.c.state == "requested")
        return int(self.conn.scalar(total.where(*waiting)) or 0)

    def get(self, refund_id: str) -> RefundRow | None:
        row = self.conn.execute(select(refund).where(refund.c.id == refund_id)).mappings().first()
        return RefundRow(**row) if row else None

    def due(self, now: datetime, limit: int = 20) -> list[RefundRow]:
        query = select(refund).where(refund.c.state == "requested", refund.c.not_before <= now)
        query = query.order_by(refund.c.id).limit(limit)
        return [RefundRow(**row) for row in self.conn.execute(query).mappings()]

    def settle(self, refund_id: str, now: datetime) -> bool:
        """True for the one who settles it; a second worker finds it done."""
        todo = (refund.c.id == refund_id, refund.c.state == "requested")
        done = update(refund).where(*todo).values(state="done", done_at=now)
        return self.conn.execute(done).rowcount > 0

    def postpone(self, refund_id: str, error: str, until: datetime) -> None:
        values = {"last_error": error[:500], "not_before": until, "attempts": refund.c.attempts + 1}
        self.conn.execute(update(refund).where(refund.c.id == refund_id).values(**values))


class Ledger(Repository):
    """Append-only double entry."""

    def post(self, entries: Iterable[Mapping[str, Any]]) -> None:
        self.conn.execute(insert(ledger_entry), list(entries))

    def has(self, posting: str) -> bool:
        query = select(ledger_entry.c.seq).where(ledger_entry.c.posting == posting).limit(1)
        return self.conn.execute(query).first() is not None

    def of_lot(self, lot_id: str, start: datetime, end: datetime) -> list[tuple[Any, ...]]:
        """(posted_at, kind, account, amount) of the caller's areas."""
        query = select(
            ledger_entry.c.posted_at,
            ledger_entry.c.kind,
            ledger_entry.c.account,
            ledger_entry.c.amount_fen,
        ).where(
            ledger_entry.c.lot == lot_id,
            self.in_areas(ledger_entry.c.lot),
            ledger_entry.c.posted_at >= start,
            ledger_entry.c.posted_at < end,
        )
        return [tuple(row) for row in self.conn.execute(query.order_by(ledger_entry.c.seq))]

    def balance(self, account: str | None = None) -> int:
        total = select(func.coalesce(func.sum(ledger_entry.c.amount_fen), 0))
        if account is not None:
            total = total.where(ledger_entry.c.account == account)
        return int(self.conn.scalar(total) or 0)

    def unbalanced(self) -> list[str]:
        """Postings whose lines do not sum to zero; there must be none."""
        total = func.sum(ledger_entry.c.amount_fen)
        query = select(ledger_entry.c.posting).group_by(ledger_entry.c.posting).having(total != 0)
        return list(self.conn.scalars(query))


class Receipts(Repository):
    """Receipts; numbers count up without gaps, because the counter moves with the receipt."""

    def listed(self, page: Page) -> tuple[list[ReceiptRow], str]:
        query = select(receipt).where(self.own(receipt.c.resident)).order_by(receipt.c.id.desc())
        if page.after is not None:
            query = query.where(receipt.c.id < page.after)
        return page_of(self.conn, query, page, ReceiptRow, "id")

    def get(self, receipt_id: str) -> ReceiptRow:
        mine = (receipt.c.id == receipt_id, self.own(receipt.c.resident))
        row = self.conn.execute(select(receipt).where(*mine)).mappings().first()
        if row is None:
            raise NotFound("RECEIPT_NOT_FOUND", field="name")
        return ReceiptRow(**row)

    def numbers_of(self, payments: Iterable[str]) -> dict[str, str]:
        query = select(receipt.c.payment, receipt.c.number)
        query = query.where(receipt.c.payment.in_(list(payments)))
        return {row.payment: row.number for row in self.conn.execute(query)}

    def next_number(self, operator: str, year: int) -> int:
        """The row lock orders two who ask at once; a rolled back receipt gives its number back."""
        key = {"operator": operator, "year": year}
        insert_new(self.conn, receipt_counter, {**key, "last": 0})
        of_year = (receipt_counter.c.operator == operator, receipt_counter.c.year == year)
        step = update(receipt_counter).where(*of_year).values(last=receipt_counter.c.last + 1)
        return int(self.conn.execute(step.returning(receipt_counter.c.last)).scalar_one())

    def add(self, row: Mapping[str, Any]) -> None:
        self.conn.execute(insert(receipt).values(**row))
