"""The message centre's tables."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from xianban_sdk.storage import Encrypted, Instant, Kept

metadata = MetaData()
message = Table(
    "message",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("recipient", String(64), nullable=False),
    Column("domain", String(64), nullable=False),
    Column("template", String(128), nullable=False),
    Column("params", Encrypted(Text, "message.params"), nullable=False),
    Column("link", Encrypted(Text, "message.link"), nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("subject", String(64), nullable=False),
    Column("dedupe_key", String(512), nullable=False),
    # Domain, recipient and key in one keyed hash: told once, whoever asks twice.
    Column("dedupe_hash", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("read_at", Instant, nullable=True),
    Column("copy_of", String(26), nullable=False),
    Column("to_delegates", Boolean, nullable=False),
    Column("traceparent", String(64), nullable=False),
    # When it was decided where it is sent.
    Column("planned_at", Instant, nullable=True),
    Index("message_by_recipient", "recipient", "id"),
    Index(
        "message_unplanned",
        "id",
        sqlite_where=text("planned_at IS NULL"),
        postgresql_where=text("planned_at IS NULL"),
    ),
)
delivery = Table(
    "delivery",
    metadata,
    Column("id", String(26), primary_key=True),
    # The message's id, or the address's for its confirmation code.
    Column("message", String(26), nullable=False),
    Column("recipient", String(64), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("address", String(26), nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("rounds", Integer, nullable=False),
    Column("next_at", Instant, nullable=True),
    Column("reason", String(64), nullable=False),
    Column("reference", String(128), nullable=False),
    Column("maybe_twice", Integer, nullable=False),
    Column("wanted", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=True),
    Column("sent_at", Instant, nullable=True),
    Column("delivered_at", Instant, nullable=True),
    UniqueConstraint("message", "channel", "address", name="delivery_once"),
    Index("delivery_by_recipient", "recipient", "message"),
)
attempt = Table(
    "attempt",
    metadata,
    # The id of the event that asks for it.
    Column("id", String(26), primary_key=True),
    Column("delivery", String(26), nullable=False),
    Column("number", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    # When the worker was given it.
    Column("handed_at", Instant, nullable=True),
    Index(
        "attempt_waiting",
        "id",
        sqlite_where=text("handed_at IS NULL"),
        postgresql_where=text("handed_at IS NULL"),
    ),
    Index("attempt_by_delivery", "delivery"),
)
preference = Table(
    "preference",
    metadata,
    Column("person", String(64), primary_key=True),
    Column("locale", String(8), nullable=False),
    Column("quiet", Boolean, nullable=False),
    Column("quiet_from", Integer, nullable=False),
    Column("quiet_until", Integer, nullable=False),
    Column("copies", String(8), nullable=False),
    # JSON: [[category, channel, wanted], …]
    Column("choices", Text, nullable=False),
)
address = Table(
    "address",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("person", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("value", Encrypted(Text, "address.value"), nullable=False),
    # Kind, person and value in one keyed hash: each address once.
    Column("value_hash", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("verified_at", Instant, nullable=True),
    Column("bounced_at", Instant, nullable=True),
    Column("code", Encrypted(Text, "address.code"), nullable=False),
    Column("code_until", Instant, nullable=True),
    Column("code_tries", Integer, nullable=False),
    Index("address_by_person", "person"),
)
# What became of it stays with its delivery; no outcome comes later than this.
KEPT = (Kept(attempt, attempt.c.handed_at, timedelta(days=30)),)
