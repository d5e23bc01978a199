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
    # What the recipient may take by answering; empty: nothing.
    Column("alert", String(64), nullable=False, server_default=""),
    # When what it tells of reached the suite.
    Column("arrived_at", Instant, nullable=True),
    # When it was decided where it is sent.
    Column("planned_at", Instant, nullable=True),
    Index("message_by_recipient", "recipient", "id"),
    Index("message_by_subject", "subject"),
    Index("message_by_age", "created_at"),
    Index(
        "message_unplanned",
        "id",
        sqlite_where=text("planned_at IS NULL"),
        postgresql_where=text("planned_at IS NULL"),
    ),
)
# Whom the values name besides the recipient and the subject: found when that person is erased.
message_name = Table(
    "message_name",
    metadata,
    Column("message", String(26), primary_key=True),
    Column("person", String(64), primary_key=True),
    Column("recipient", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("message_name_by_person", "person"),
    Index("message_name_by_recipient", "recipient"),
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
    Index("delivery_by_age", "created_at"),
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
# What people answered where a message reached them, until they have been told what became of it.
answer = Table(
    "answer",
    metadata,
    # The delivery's id: one answer each.
    Column("id", String(26), primary_key=True),
    Column("person", String(64), nullable=False),
    # What the channel needs to show there what became of it.
    Column("handle", Encrypted(Text, "answer.handle"), nullable=False),
    Column("answered_at", Instant, nullable=False),
    Column("outcome", String(64), nullable=False),
    Column("shown_at", Instant, nullable=True),
    Column("tries", Integer, nullable=False),
    Index("answer_by_person", "person"),
    Index(
        "answer_to_show",
        "id",
        sqlite_where=text("shown_at IS NULL"),
        postgresql_where=text("shown_at IS NULL"),
    ),
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
# A message is news; what it told of stays where it is from.
MESSAGES_KEPT = timedelta(days=365)
KEPT = (
    Kept(answer, answer.c.answered_at, timedelta(days=30)),
    Kept(attempt, attempt.c.handed_at, timedelta(days=30)),
    Kept(delivery, delivery.c.created_at, MESSAGES_KEPT),
    Kept(message_name, message_name.c.created_at, MESSAGES_KEPT),
    Kept(message, message.c.created_at, MESSAGES_KEPT),
)
