"""Tables of sensing: the device registry, and what is known of things (NGSI-LD)."""

from __future__ import annotations

from sqlalchemy import (
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
)
from xianban_sdk.storage import Encrypted, Instant

__all__ = [
    "attribute_instance",
    "change_count",
    "command",
    "device",
    "entity",
    "entity_leaf",
    "entity_type",
    "metadata",
    "notification",
    "subscription",
    "subscription_type",
]

metadata = MetaData()
device = Table(
    "device",
    metadata,
    Column("id", Text, primary_key=True),
    Column("model", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("secret_hash", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("subject", Text, nullable=False),
    Column("domain", Text, nullable=False),
    Column("bound_at", Instant, nullable=True),
    Column("last_seen_at", Instant, nullable=True),
    Column("clock_offset_s", Float, nullable=False),
    Column("sequence", BigInteger, nullable=False, unique=True),
    Index("device_by_subject", "subject"),
    Index("device_by_area", "area", "id"),
)
command = Table(
    "command",
    metadata,
    Column("device", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("command", Text, nullable=False),
    Column("text", Encrypted(Text, "command.text"), nullable=False),
    Column("expires_at", Instant, nullable=True),
    Column("traceparent", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False, unique=True),
    # The device event that it answers; empty: none.
    Column("event", Text, nullable=False),
    PrimaryKeyConstraint("device", "key", "event"),
)
# One row: the next sequence. Its lock puts changes in order, so that no follower misses one.
change_count = Table(
    "change_count",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
)

# Entities, with their attributes as JSON under full names (IRIs).
entity = Table(
    "entity",
    metadata,
    Column("id", Text, primary_key=True),
    Column("types", Text, nullable=False),
    Column("attributes", Text, nullable=False),
    # The @context they came with, as JSON.
    Column("context", Text, nullable=False),
    # The organisation that wrote it; the suite's own are "xianban".
    Column("provider", Text, nullable=False),
    # The place on a sphere of radius 1: a distance is then plain arithmetic on both databases.
    Column("x", Float, nullable=True),
    Column("y", Float, nullable=True),
    Column("z", Float, nullable=True),
    Column("created_at", Instant, nullable=False),
    Column("modified_at", Instant, nullable=False),
)
entity_type = Table(
    "entity_type",
    metadata,
    Column("type", Text, nullable=False),
    Column("entity", Text, nullable=False),
    PrimaryKeyConstraint("type", "entity"),
    Index("entity_type_by_entity", "entity"),
)
# What `q` looks at: one row per single value of an attribute.
entity_leaf = Table(
    "entity_leaf",
    metadata,
    Column("entity", Text, nullable=False),
    Column("attribute", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("number", Float, nullable=True),
    Column("text", Text, nullable=True),
    Column("instant", Instant, nullable=True),
    Column("truth", Boolean, nullable=True),
    PrimaryKeyConstraint("entity", "attribute", "position"),
    Index("entity_leaf_by_number", "attribute", "path", "number"),
    Index("entity_leaf_by_text", "attribute", "path", "text"),
)
# How attributes were: one row per write.
attribute_instance = Table(
    "attribute_instance",
    metadata,
    Column("id", Text, primary_key=True),
    Column("entity", Text, nullable=False),
    Column("attribute", Text, nullable=False),
    Column("observed_at", Instant, nullable=True),
    Column("recorded_at", Instant, nullable=False),
    Column("instance", Text, nullable=False),
    Index("attribute_instance_by_entity", "entity", "attribute", "recorded_at"),
    Index("attribute_instance_by_age", "recorded_at"),
)
subscription = Table(
    "subscription",
    metadata,
    Column("id", Text, primary_key=True),
    # The organisation that asked for it.
    Column("organisation", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("context", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("expires_at", Instant, nullable=True),
    Column("times_sent", Integer, nullable=False),
    Column("times_failed", Integer, nullable=False),
    Column("last_notification", Instant, nullable=True),
    Column("last_success", Instant, nullable=True),
    Column("last_failure", Instant, nullable=True),
    Column("created_at", Instant, nullable=False),
    Column("modified_at", Instant, nullable=False),
    Index("subscription_by_organisation", "organisation", "id"),
)
subscription_type = Table(
    "subscription_type",
    metadata,
    Column("type", Text, nullable=False),
    Column("subscription", Text, nullable=False),
    PrimaryKeyConstraint("type", "subscription"),
    Index("subscription_type_by_subscription", "subscription"),
)
# What is still to be sent; a row goes when its receiver has it.
notification = Table(
    "notification",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subscription", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("traceparent", Text, nullable=False),
    Index("notification_by_due", "due_at"),
    Index("notification_by_age", "made_at"),
    Index("notification_by_subscription", "subscription", "id"),
)
