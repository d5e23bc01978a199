"""The tables of parking's money: payments, refunds, the ledger, receipts, permits."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from xianban_sdk.storage import Encrypted, Instant

from xianban_parking.repository.tables import Sequence, metadata

__all__ = [
    "ledger_entry",
    "payment",
    "payment_callback",
    "permit",
    "permit_plate",
    "receipt",
    "receipt_counter",
    "refund",
]

payment = Table(
    "payment",
    metadata,
    Column("id", Text, primary_key=True),
    Column("resident", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("payable_kind", Text, nullable=False),  # session, permit
    Column("payable", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("refunded_fen", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("provider_reference", Text, nullable=False),
    Column("pay_url", Encrypted(Text, "payment.pay_url")),
    Column("title", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expire_at", Instant, nullable=False),
    Column("captured_at", Instant),
    Column("failure", Text, nullable=False),
    Column("quote", JSON),
    Column("receipt", Text, nullable=False),
    Index("payment_resident", "resident", "id"),
    Index("payment_lot", "lot", "id"),
    Index("payment_payable", "payable", "id"),
)
# One open payment per payable: nobody pays twice from two windows.
OPEN_PAYMENT = payment.c.state.in_(("quoted", "authorised"))
Index(
    "payment_open",
    payment.c.payable,
    unique=True,
    postgresql_where=OPEN_PAYMENT,
    sqlite_where=OPEN_PAYMENT,
)

payment_callback = Table(
    "payment_callback",
    metadata,
    Column("provider", Text, nullable=False),
    Column("callback_id", Text, nullable=False),
    Column("payment", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("outcome", Text, nullable=False),
    PrimaryKeyConstraint("provider", "callback_id"),
)

refund = Table(
    "refund",
    metadata,
    Column("id", Text, primary_key=True),  # the provider's idempotency key
    Column("payment", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),  # requested, done
    Column("requested_by", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("done_at", Instant),
    Index("refund_payment", "payment"),
    Index("refund_todo", "state", "not_before"),
)

# Double entry: the lines of one posting sum to zero. Never updated, never deleted.
ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("posting", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),  # debit > 0, credit < 0
    Column("posted_at", Instant, nullable=False),
    UniqueConstraint("posting", "account"),
    Index("ledger_lot", "lot", "posted_at"),
    Index("ledger_account", "account"),
)

receipt_counter = Table(
    "receipt_counter",
    metadata,
    Column("operator", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    PrimaryKeyConstraint("operator", "year"),
)

receipt = Table(
    "receipt",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("payment", Text, nullable=False, unique=True),
    Column("resident", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("plate", Encrypted(Text, "receipt.plate")),
    Column("quote", JSON, nullable=False),
    Column("total_fen", BigInteger, nullable=False),
    Column("issued_at", Instant, nullable=False),
    Index("receipt_resident", "resident", "id"),
)

permit = Table(
    "permit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("resident", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("plates", Encrypted(Text, "permit.plates")),
    Column("start_at", Instant, nullable=False),
    Column("end_at", Instant, nullable=False),
    Column("months", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("quote", JSON, nullable=False),
    Column("price_fen", BigInteger, nullable=False),
    Column("paid_fen", BigInteger, nullable=False),
    Column("refunded_fen", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("permit_resident", "resident", "id"),
)

permit_plate = Table(
    "permit_plate",
    metadata,
    Column("permit", Text, nullable=False),
    Column("plate_hash", Text, nullable=False),
    PrimaryKeyConstraint("permit", "plate_hash"),
    Index("permit_plate_hash", "plate_hash"),
)
