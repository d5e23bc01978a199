"""The tables of the parking service."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from xianban_sdk.storage import Encrypted, Instant

__all__ = [
    "feed",
    "feed_error",
    "gate_event",
    "gate_key",
    "honesty",
    "ledger_entry",
    "lot",
    "metadata",
    "observation",
    "occupancy",
    "payment",
    "payment_callback",
    "permit",
    "permit_plate",
    "receipt",
    "receipt_counter",
    "refund",
    "reservation",
    "session",
    "tariff",
    "vehicle",
]

metadata = MetaData()

# SQLite numbers rows only for a column declared exactly INTEGER PRIMARY KEY.
Sequence = BigInteger().with_variant(Integer(), "sqlite")

lot = Table(
    "lot",
    metadata,
    Column("id", Text, primary_key=True),
    Column("names", JSON, nullable=False),  # by locale
    Column("address", Text, nullable=False),
    Column("latitude", Float, nullable=False),
    Column("longitude", Float, nullable=False),
    Column("polygon", JSON, nullable=False),
    Column("area", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("accessible_places", Integer, nullable=False),
    Column("ev_places", Integer, nullable=False),
    Column("park_and_ride", Boolean, nullable=False),
    Column("max_height_cm", Integer, nullable=False),
    Column("opening_hours", Text, nullable=False),
    Column("reservable_places", Integer, nullable=False),
    # 信用离场: a registered vehicle without arrears may leave first and pay later.
    Column("credit_exit", Boolean, nullable=False),
    # Whether the gates' own count of vehicles inside is what the lot publishes.
    Column("gate_counted", Boolean, nullable=False),
    Column("attribution", Text, nullable=False),
    Column("feed", Text, nullable=False),  # which feed told the facts; empty: entered by hand
    Column("search", Text, nullable=False),  # names and address, folded, for look-ups
    Column("updated_at", Instant, nullable=False),
    Index("lot_area", "area"),
)

# The newest count of each lot, and what was last published of it.
occupancy = Table(
    "occupancy",
    metadata,
    Column("lot", Text, primary_key=True),
    Column("feed", Text, nullable=False),
    Column("free", Integer),
    Column("occupied", Integer),
    Column("capacity", Integer, nullable=False),
    Column("observed_at", Instant),
    Column("received_at", Instant),
    Column("cadence_seconds", Integer, nullable=False),
    Column("override_free", Integer),
    Column("override_at", Instant),
    Column("override_until", Instant),
    Column("override_reason", Text, nullable=False),
    Column("published_free", Integer),
    Column("published_verdict", Text, nullable=False),
)

# Append-only, raw as told; the verdict is what we thought of it when it came.
observation = Table(
    "observation",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("lot", Text, nullable=False),
    Column("feed", Text, nullable=False),
    Column("free", Integer),
    Column("occupied", Integer),
    Column("capacity", Integer, nullable=False),
    Column("observed_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("verdict", Text, nullable=False),
    UniqueConstraint("lot", "feed", "observed_at"),
    Index("observation_time", "lot", "observed_at"),
)

feed = Table(
    "feed",
    metadata,
    Column("id", Text, primary_key=True),
    Column("names", JSON, nullable=False),
    Column("plugin", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("cadence_seconds", Integer, nullable=False),
    Column("last_success_at", Instant),
    Column("last_error_at", Instant),
    Column("last_error", Text, nullable=False),
    Column("items", Integer, nullable=False),
    Column("errors", Integer, nullable=False),
)

feed_error = Table(
    "feed_error",
    metadata,
    Column("id", Text, primary_key=True),
    Column("feed", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("occurred_at", Instant, nullable=False),
    # The same complaint about the same item is kept once, with its newest time.
    UniqueConstraint("feed", "item", "field", "reason"),
    Index("feed_error_time", "feed", "occurred_at"),
)

tariff = Table(
    "tariff",
    metadata,
    Column("lot", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("effective_at", Instant, nullable=False),
    Column("rules", JSON, nullable=False),
    PrimaryKeyConstraint("lot", "version"),
)

vehicle = Table(
    "vehicle",
    metadata,
    Column("id", Text, primary_key=True),
    Column("resident", Text, nullable=False),
    Column("plate", Encrypted(Text, "vehicle.plate")),
    Column("plate_hash", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("claimed_at", Instant),
    Column("ended_at", Instant),
    Index("vehicle_resident", "resident", "id"),
)
# A plate belongs to one resident at a time.
Index(
    "vehicle_holder",
    vehicle.c.plate_hash,
    unique=True,
    postgresql_where=vehicle.c.ended_at.is_(None),
    sqlite_where=vehicle.c.ended_at.is_(None),
)

reservation = Table(
    "reservation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("resident", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("plate", Encrypted(Text, "reservation.plate")),
    Column("plate_hash", Text, nullable=False),
    Column("vehicle_kind", Text, nullable=False),
    Column("start_at", Instant, nullable=False),
    Column("end_at", Instant, nullable=False),
    Column("hold_until", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("accessible", Boolean, nullable=False),
    Column("ev_charging", Boolean, nullable=False),
    Column("gate_token", Encrypted(Text, "reservation.gate_token")),
    Column("version", Integer, nullable=False),  # a newer one makes older tokens void
    Column("arrived_at", Instant),
    Column("left_at", Instant),
    Column("instead_of", Text, nullable=False),
    Column("substitute", Text, nullable=False),
    Column("quote", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("reservation_resident", "resident", "id"),
    Index("reservation_lot", "lot", "state", "start_at"),
    Index("reservation_plate", "plate_hash", "lot"),
)

gate_event = Table(
    "gate_event",
    metadata,
    Column("id", Text, primary_key=True),
    Column("source", Text, nullable=False),  # the gate plugin
    Column("event_id", Text, nullable=False),  # the camera's own
    Column("lot", Text, nullable=False),
    Column("gate", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("plate", Encrypted(Text, "gate_event.plate")),
    Column("plate_hash", Text, nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("confidence", Integer, nullable=False),  # per mille
    Column("reservation", Text, nullable=False),  # proved by the token shown
    Column("refused", Boolean, nullable=False),  # turned away: no stay begins
    UniqueConstraint("source", "lot", "event_id"),
    Index("gate_event_plate", "plate_hash", "occurred_at"),
    Index("gate_event_lot", "lot", "occurred_at"),
)

# The keys that sign gate tokens; in the database, so that every process signs with the same.
gate_key = Table(
    "gate_key",
    metadata,
    Column("kid", Text, primary_key=True),
    Column("private", Encrypted(Text, "gate_key.private"), nullable=False),  # JWK
    Column("current", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
)
Index(
    "gate_key_current",
    gate_key.c.current,
    unique=True,
    postgresql_where=gate_key.c.current.is_(True),
    sqlite_where=gate_key.c.current.is_(True),
)

session = Table(
    "session",
    metadata,
    Column("id", Text, primary_key=True),
    Column("lot", Text, nullable=False),
    Column("resident", Text, nullable=False),  # empty: nobody registered the plate
    Column("plate", Encrypted(Text, "session.plate")),
    Column("plate_hash", Text, nullable=False),
    Column("vehicle_kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("entered_at", Instant),
    Column("left_at", Instant),
    Column("ended_by", Instant),
    Column("event_ids", JSON, nullable=False),
    Column("review", JSON, nullable=False),
    Column("void", Boolean, nullable=False),
    Column("reservation", Text, nullable=False),
    Column("permit_kind", Text, nullable=False),
    Column("concessions", JSON, nullable=False),
    Column("charged_fen", BigInteger),  # empty while nothing is final
    Column("quote", JSON),
    Column("paid_fen", BigInteger, nullable=False),
    Column("due_fen", BigInteger, nullable=False),  # of charged sessions
    Column("paid_until", Instant),  # the way out after paying ahead
    Column("dispute_reason", Encrypted(Text, "session.dispute_reason")),
    Column("disputed_at", Instant),
    Column("resolved_at", Instant),
    Column("outcome", Text, nullable=False),
    Column("charged_at", Instant),
    Column("created_at", Instant, nullable=False),
    Index("session_resident", "resident", "id"),
    Index("session_plate", "plate_hash", "id"),
    Index("session_lot", "lot", "status", "entered_at"),
    Index("session_due", "lot", "due_fen"),
)

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

honesty = Table(
    "honesty",
    metadata,
    Column("lot", Text, primary_key=True),
    Column("computed_at", Instant, nullable=False),
    Column("score", Float),
    Column("checks", Integer, nullable=False),
)
