"""The tables of places, of where a locator stands to them, and of searches for lost persons."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from xianban_sdk.storage import Encrypted, Instant

from xianban_eldercare.repository.tables import metadata

__all__ = ["fence", "fence_state", "search", "trail_point"]

fence = Table(
    "fence",
    metadata,
    Column("id", Text, primary_key=True),
    Column("resident", Text, nullable=False),
    Column("display_name", Encrypted(Text, "fence.display_name"), nullable=False),
    # JSON: latitude, longitude, accuracy_m.
    Column("center", Encrypted(Text, "fence.center"), nullable=False),
    Column("radius_m", Integer, nullable=False),
    Column("start_minute", Integer, nullable=False),
    Column("end_minute", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("fence_of_resident", "resident", "id"),
)

# Only of locators that are, or were, outside; instants in microseconds, as readings have them.
fence_state = Table(
    "fence_state",
    metadata,
    Column("fence", Text, nullable=False),
    Column("series", BigInteger, nullable=False),
    Column("raised", Boolean, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("settled", BigInteger, nullable=False),
    Column("snoozed_until", BigInteger, nullable=False),
    PrimaryKeyConstraint("fence", "series"),
)

search = Table(
    "search",
    metadata,
    Column("id", Text, primary_key=True),
    Column("resident", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("reason", Encrypted(Text, "search.reason"), nullable=False),
    Column("state", Text, nullable=False),
    Column("started_by", Text, nullable=False),
    Column("started_by_display", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("ended_at", Instant, nullable=True),
    # Empty: it runs, or ended by itself.
    Column("ended_by", Text, nullable=False, server_default=""),
    Column("ended_by_display", Text, nullable=False),
    Column("end_note", Encrypted(Text, "search.end_note"), nullable=False),
    Column("alert", Text, nullable=False),
    Index("search_of_resident", "resident", "id"),
    Index("search_of_alert", "alert"),
)
# One at a time.
Index(
    "search_running",
    search.c.resident,
    unique=True,
    postgresql_where=search.c.ended_at.is_(None),
    sqlite_where=search.c.ended_at.is_(None),
)

trail_point = Table(
    "trail_point",
    metadata,
    Column("search", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    # JSON: latitude, longitude, accuracy_m.
    Column("position", Encrypted(Text, "trail_point.position"), nullable=False),
    PrimaryKeyConstraint("search", "at"),
)
