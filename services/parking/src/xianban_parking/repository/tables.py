"""The tables of the parking service; those of its money are in money_tables."""

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
    "lot",
    "metadata",
    "observation",
    "occupancy",
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

honesty = Table(
    "honesty",
    metadata,
    Column("lot", Text, primary_key=True),
    Column("computed_at", Instant, nullable=False),
    Column("score", Float),
    Column("checks", Integer, nullable=False),
)
