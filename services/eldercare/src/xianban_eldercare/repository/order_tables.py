"""The tables of catalogues, orders, subsidies and the ledger."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from xianban_sdk.storage import Encrypted, Instant

from xianban_eldercare.repository.tables import metadata

__all__ = [
    "care_order",
    "journal_entry",
    "posting",
    "service_day",
    "service_item",
    "subsidy_account",
    "subsidy_lot",
]

# Every version of every line; an order keeps the one at which it was made.
service_item = Table(
    "service_item",
    metadata,
    Column("organisation", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("kind", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("display_name_en", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("price_fen", BigInteger, nullable=False),
    Column("daily_capacity", Integer, nullable=False),
    Column("area", Text, nullable=False),
    Column("at_home", Boolean, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("organisation", "id", "version"),
)
Index(
    "service_item_current",
    service_item.c.organisation,
    service_item.c.id,
    unique=True,
    sqlite_where=service_item.c.current.is_(True),
    postgresql_where=service_item.c.current.is_(True),
)

# How many units of a line are taken on a local day; an update that goes too far finds no row.
service_day = Table(
    "service_day",
    metadata,
    Column("organisation", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("taken", Integer, nullable=False),
    PrimaryKeyConstraint("organisation", "item", "day"),
    CheckConstraint("taken >= 0", name="service_day_taken"),
)

care_order = Table(
    "care_order",
    metadata,
    Column("id", Text, primary_key=True),
    Column("resident", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("item_version", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("start_at", Instant, nullable=False),
    # The local day of the start: whose places it takes, and whose subsidies it uses.
    Column("day", Date, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("price_fen", BigInteger, nullable=False),
    Column("subsidy_fen", BigInteger, nullable=False),
    Column("own_fen", BigInteger, nullable=False),
    # The version of the rules.
    Column("rules", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("note", Encrypted(Text, "care_order.note"), nullable=False),
    Column("reason", Encrypted(Text, "care_order.reason"), nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("placed_at", Instant, nullable=False),
    Column("checked_in_at", Instant, nullable=True),
    Column("checked_in_by", Text, nullable=False),
    Column("checked_in_by_display", Text, nullable=False),
    # JSON: latitude, longitude, accuracy_m; empty when not known.
    Column("checked_in_place", Encrypted(Text, "care_order.checked_in_place"), nullable=False),
    Column("distance_metres", Integer, nullable=True),
    Column("fulfilled_at", Instant, nullable=True),
    Column("receipt", Text, nullable=False),
    Column("paid_at", Instant, nullable=True),
    Column("stars", Integer, nullable=False),
    Column("comment", Encrypted(Text, "care_order.comment"), nullable=False),
    Column("version", BigInteger, nullable=False),
    Index("care_order_by_resident", "resident", "id"),
    Index("care_order_by_organisation", "organisation", "day", "start_at", "id"),
)

# One row a person: whoever moves their subsidies locks it.
subsidy_account = Table(
    "subsidy_account",
    metadata,
    Column("resident", Text, primary_key=True),
    Column("opened_at", Instant, nullable=False),
)

subsidy_lot = Table(
    "subsidy_lot",
    metadata,
    Column("id", Text, primary_key=True),
    Column("resident", Text, nullable=False),
    # Which grant of which version of the rules.
    Column("key", Text, nullable=False),
    Column("rules", Text, nullable=False),
    Column("first_on", Date, nullable=False),
    Column("last_on", Date, nullable=False),
    UniqueConstraint("resident", "key", "first_on", name="subsidy_lot_once_a_month"),
)

# Entries and postings are only ever added.
journal_entry = Table(
    "journal_entry",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("booked_at", Instant, nullable=False),
    Column("resident", Text, nullable=True),
    Column("organisation", Text, nullable=True),
    Column("order_id", Text, nullable=True),
    Column("reverses", Text, nullable=True),
    # Of a payout: the transfer's number; empty otherwise.
    Column("reference", Text, nullable=False),
    # Nothing is taken back twice.
    UniqueConstraint("reverses", name="journal_entry_reversed_once"),
    Index("journal_entry_by_resident", "resident", "id"),
    Index("journal_entry_by_organisation", "organisation", "booked_at", "id"),
    Index("journal_entry_by_order", "order_id", "id"),
)

posting = Table(
    "posting",
    metadata,
    Column("entry", Text, nullable=False),
    Column("line", Integer, nullable=False),
    Column("account", Text, nullable=False),
    Column("resident", Text, nullable=True),
    Column("organisation", Text, nullable=True),
    Column("lot", Text, nullable=True),
    Column("amount_fen", BigInteger, nullable=False),
    PrimaryKeyConstraint("entry", "line"),
    CheckConstraint("amount_fen <> 0", name="posting_moves_something"),
    Index("posting_by_resident", "resident", "account", "lot"),
    Index("posting_by_organisation", "organisation", "account"),
)

# A transfer is booked once.
Index(
    "journal_entry_payout",
    journal_entry.c.organisation,
    journal_entry.c.reference,
    unique=True,
    sqlite_where=journal_entry.c.kind == "payout",
    postgresql_where=journal_entry.c.kind == "payout",
)
