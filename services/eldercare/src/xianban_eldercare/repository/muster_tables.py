"""The tables of who is on duty (力量分布): personal data of people at work, a day at most."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import Column, Index, Integer, Table, Text
from xianban_sdk.storage import Encrypted, Instant, Kept

from xianban_eldercare.repository.tables import metadata

__all__ = [
    "MUSTER_DAYS",
    "MUSTER_KEPT",
    "SENT_DAYS",
    "responder",
    "responder_sent",
    "responder_source",
]

# How each source is doing.
responder_source = Table(
    "responder_source",
    metadata,
    Column("id", Text, primary_key=True),
    # JSON by locale.
    Column("names", Text, nullable=False),
    Column("plugin", Text, nullable=False),
    Column("read_at", Instant, nullable=True),
    Column("failed_at", Instant, nullable=True),
    Column("error", Text, nullable=False),
    # Entries of the last list that could not be read.
    Column("unread", Integer, nullable=False),
)

# Only who is on duty; replaced with every reading.
responder = Table(
    "responder",
    metadata,
    # A digest of the source and its id.
    Column("id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    # The suite's person; empty: no account.
    Column("person", Text, nullable=False),
    Column("duty_until", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("told_at", Instant, nullable=False),
    # JSON: name, organisation, skills, phone, position.
    Column("detail", Encrypted(Text, "responder.detail"), nullable=False),
    Index("responder_of_source", "source"),
)

# To which alert a responder was sent last; never where they were.
responder_sent = Table(
    "responder_sent",
    metadata,
    Column("responder", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("alert", Text, nullable=False),
    Column("sent_at", Instant, nullable=False),
)

MUSTER_DAYS: Final = 1
SENT_DAYS: Final = 30
MUSTER_KEPT: Final = (
    Kept(responder, responder.c.told_at, timedelta(days=MUSTER_DAYS)),
    Kept(responder_sent, responder_sent.c.sent_at, timedelta(days=SENT_DAYS)),
)
